"""A walkthrough in the world of the web tests, and the phone that makes more of them through the API."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from tests.integration import web_world as world
from tests.integration.web_fixtures import Web
from tests.integration.web_world import MINUTE, NOW
from webapp.canonical import digest
from webapp.evidence.photo_store import FolderPhotoStore
from webapp.inspections.content import load_content
from webapp.json import iso
from webapp.models import (
    Answer,
    Finding,
    Inspection,
    InspectionPhoto,
    Photo,
    PhotoLink,
    PhotoSite,
    Template,
)

TEMPLATE, BREWERY_TEMPLATE = "22222222-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"
INSPECTION, BREWERY_INSPECTION = "33333333-0000-4000-8000-000000000001", "33333333-0000-4000-8000-000000000002"
ANSWER, FINDING, LINK = (f"44444444-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
# By its first bytes a JPEG; nothing here looks further.
PHOTO = b"\xff\xd8\xff\xe0" + b"the outfall" * 40
SHA256 = hashlib.sha256(PHOTO).hexdigest()

CONTENT: dict[str, Any] = {
    "title": "Outfall round",
    "sections": [
        {
            "id": "outfall",
            "title": "Outfall",
            "location": world.OUTFALL,
            "items": [
                {"id": "clear", "type": "check", "question": "Water clear?", "aspect": world.EFFLUENT_ASPECT,
                 "clauses": ["8.1"], "note": "on_fail"},
                {"id": "level", "type": "number", "question": "Level", "unit": "%", "low": 10, "high": 85, "min": 0,
                 "max": 100},
                {"id": "foam", "type": "choice", "question": "Foam?", "options": [
                    {"id": "none", "label": "None", "outcome": "pass"},
                    {"id": "some", "label": "Some", "outcome": "fail"}]},
                {"id": "ph", "type": "reading", "point": "dairy.effluent/ph", "question": "pH"},
                {"id": "view", "type": "photo", "question": "The outfall"},
                {"id": "words", "type": "text", "question": "Anything new?", "required": False},
            ],
        }
    ],
}  # fmt: skip
BY = {"device_id": "phone-1", "utc_offset_min": 0, "skew_ms": None}
_CAME = {**BY, "clock_error_ms": 5, "author": "inspector", "delivered_by": None, "received_at": NOW}


def _template(ident: str, site: str) -> Template:
    content = load_content(CONTENT)
    return Template(
        id=ident, version=1, current=True, site_id=site, title=content["title"], description="", content=content,
        sha256=digest(content), created_by="test", updated_at=NOW,
    )  # fmt: skip


def _inspection(ident: str, site: str, template: str) -> Inspection:
    return Inspection(
        id=ident, site_id=site, template_id=template, template_version=1, state="draft", started_at=NOW - MINUTE,
        revision=1, updated_at=NOW, sha256="0" * 64, **_CAME,
    )  # fmt: skip


def walkthrough() -> list[Any]:
    """A draft of the dairy's inspector with one answer, one finding and one photo, and one draft of the brewery."""
    return [
        _template(TEMPLATE, "dairy"),
        _template(BREWERY_TEMPLATE, "brewery"),
        _inspection(INSPECTION, "dairy", TEMPLATE),
        _inspection(BREWERY_INSPECTION, "brewery", BREWERY_TEMPLATE),
        Answer(
            id=ANSWER, inspection_id=INSPECTION, item="clear", value={"choice": "pass"}, note="",
            aspect_id=world.EFFLUENT_ASPECT, location_id=world.OUTFALL, reading=None, photos=[SHA256], replaces=[],
            answered_at=NOW, sha256="1" * 64, **_CAME,
        ),
        Finding(
            id=FINDING, site_id="dairy", inspection_id=INSPECTION, item=None, kind="observation", text="Foam",
            aspect_id=world.EFFLUENT_ASPECT, location_id=world.OUTFALL, photos=[], found_at=NOW, revision=1,
            updated_at=NOW, sha256="2" * 64, **_CAME,
        ),
        Photo(
            sha256=SHA256, size=len(PHOTO), mime="image/jpeg", rendition="ready", received_at=NOW,
            audit_head="1:" + "3" * 64,
        ),
        PhotoSite(sha256=SHA256, site_id="dairy"),
        PhotoLink(
            id=LINK, photo=SHA256, site_id="dairy", inspection_id=INSPECTION, answer_id=ANSWER, item="clear",
            aspect_id=world.EFFLUENT_ASPECT, location_id=world.OUTFALL, caption="", source="camera", captured_at=NOW,
            lat=52.1, lon=-8.2, accuracy=8.0, located_at=NOW, sha256="4" * 64, **_CAME,
        ),
        InspectionPhoto(inspection_id=INSPECTION, sha256=SHA256, size=len(PHOTO), mime="image/jpeg"),
    ]  # fmt: skip


def add_walkthrough(web: Web) -> None:
    """The rows, the original, and something in place of its renditions."""
    import io

    store = web.parts.photos
    assert isinstance(store, FolderPhotoStore)
    store.put(io.BytesIO(PHOTO), SHA256)
    for size in ("thumb", "large"):
        path = store.rendition(SHA256, size)  # type: ignore[arg-type]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"RIFF\0\0\0\0WEBP")
    rows = walkthrough()
    with web.parts.db.write() as db:
        for row in rows:
            db.add(row)
            db.flush()


def new_id() -> str:
    return str(uuid.uuid4())


class Phone:
    """Speaks as one person of the cast, and keeps what it said so that it can say it again."""

    def __init__(self, web: Web, who: str = "inspector", device: str = "phone-1") -> None:
        self.web, self.who, self.id = web, who, new_id()
        self.by = {**BY, "device_id": device}
        self.answers: dict[str, dict[str, Any]] = {}
        self.findings: dict[str, dict[str, Any]] = {}
        self.photos: dict[str, bytes] = {}

    def head(self) -> dict[str, Any]:
        at = iso(NOW)
        return {"site": "dairy", "template": TEMPLATE, "template_version": 1, "started_at": at, **self.by}

    def start(self) -> Any:
        return self.web.ask("PUT", f"/inspections/{self.id}", self.who, json=self.head())

    def body(self, item: str, value: Any, **more: Any) -> dict[str, Any]:
        return {
            "item": item, "repeat": 0, "value": value, "note": "", "aspect": None, "location": None, "reading": None,
            "photos": [], "answered_at": iso(NOW), "replaces": [], **self.by, **more,
        }  # fmt: skip

    def put(self, ident: str, body: dict[str, Any]) -> Any:
        return self.web.ask("PUT", f"/inspections/{self.id}/answers/{ident}", self.who, json=body)

    def answer(self, item: str, value: Any, **more: Any) -> str:
        ident, body = new_id(), self.body(item, value, **more)
        answer = self.put(ident, body)
        assert answer.status_code == 201, answer.text
        assert answer.json["sha256"] == digest({**body, "id": ident, "inspection": self.id})
        self.answers[ident] = body
        return ident

    def link(self, photo: str, ident: str | None = None, **more: Any) -> Any:
        body = {
            "inspection": self.id, "answer": None, "item": None, "finding": None, "aspect": world.EFFLUENT_ASPECT,
            "location": world.OUTFALL, "device": None, "caption": "", "captured_at": iso(NOW), "lat": 52.1,
            "lon": -8.2, "accuracy": 8, "located_at": iso(NOW), "source": "camera", **self.by, **more,
        }  # fmt: skip
        return self.web.ask("PUT", f"/photos/{photo}/links/{ident or new_id()}", self.who, json=body)

    def manifest(self) -> dict[str, Any]:
        content = {
            "inspection": self.id,
            "template": {"id": TEMPLATE, "version": 1},
            "answers": [
                {"id": ident, "sha256": digest({**body, "id": ident, "inspection": self.id})}
                for ident, body in sorted(self.answers.items())
            ],
            "findings": [
                {"id": ident, "sha256": digest({**body, "id": ident})} for ident, body in sorted(self.findings.items())
            ],
            "photos": sorted(self.photos),
        }
        return {
            "content_sha256": digest(content), "answers": sorted(self.answers), "findings": sorted(self.findings),
            "photos": [{"sha256": sha, "size": len(data), "mime": "image/jpeg"} for sha, data in self.photos.items()],
            "submitted_at": iso(NOW), "device_id": self.by["device_id"],
        }  # fmt: skip

    def submit(self, body: dict[str, Any] | None = None) -> Any:
        return self.web.ask("POST", f"/inspections/{self.id}/submit", self.who, json=body or self.manifest())

    def read(self, who: str | None = None) -> dict[str, Any]:
        answer = self.web.get(f"/inspections/{self.id}", who or self.who)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json
        return found
