"""When a walkthrough is complete: it was submitted, and every photo that it names is here, verified."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from webapp import audit
from webapp.models import Inspection, InspectionPhoto, Photo


def expect_photos(
    db: Session, inspection: str, hashes: Iterable[str], manifest: dict[str, tuple[int, str]] | None = None
) -> None:
    """Note that the walkthrough names these photos. `manifest` gives size and type where they are known."""
    for sha256 in dict.fromkeys(hashes):
        row = db.get(InspectionPhoto, (inspection, sha256))
        if row is None:
            row = InspectionPhoto(inspection_id=inspection, sha256=sha256)
            db.add(row)
        if manifest and sha256 in manifest:
            row.size, row.mime = manifest[sha256]
    db.flush()


def missing_photos(db: Session, inspection: str) -> list[str]:
    """Hashes that are named and not here."""
    here = exists().where(Photo.sha256 == InspectionPhoto.sha256)
    named = select(InspectionPhoto.sha256).where(InspectionPhoto.inspection_id == inspection, ~here)
    return list(db.scalars(named.order_by(InspectionPhoto.sha256)))


def judge(db: Session, inspection: Inspection, now: int, actor: str) -> None:
    """Move between `submitted` and `complete`. A photo that is named later makes it incomplete again."""
    if inspection.state == "draft":
        return
    state = "submitted" if missing_photos(db, inspection.id) else "complete"
    if state == inspection.state:
        return
    before = {"state": inspection.state}
    inspection.state = state
    inspection.completed_at = now if state == "complete" else None
    inspection.revision, inspection.updated_at = inspection.revision + 1, now
    audit.append(
        db, at=now, actor=actor, action=f"inspection.{'complete' if state == 'complete' else 'reopen'}",
        kind="inspection", object_id=inspection.id, before=before, after={"state": state},
    )  # fmt: skip


def photo_arrived(db: Session, sha256: str, now: int, actor: str) -> None:
    """Judge every walkthrough that waited for this photo, and let its followers know."""
    waiting = select(InspectionPhoto.inspection_id).where(InspectionPhoto.sha256 == sha256)
    for inspection in db.scalars(select(Inspection).where(Inspection.id.in_(waiting)).order_by(Inspection.id)):
        inspection.revision, inspection.updated_at = inspection.revision + 1, now
        audit.append(
            db, at=now, actor=actor, action="inspection.photo", kind="inspection", object_id=inspection.id,
            after={"photo": sha256},
        )  # fmt: skip
        judge(db, inspection, now, actor)
