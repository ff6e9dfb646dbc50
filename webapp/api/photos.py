"""Photos: whether one is here, its receipt, its pictures, its original, and what it is evidence for.

Originals are served only as attachments: a file may be a photo and a web page at once. People look at renditions.
"""

from __future__ import annotations

import logging
import uuid
from pathlib import Path
from typing import Any

from flask import Response, current_app, request, send_file

from webapp.access import INSPECTOR, READER, principal
from webapp.evidence.maker import ask_again
from webapp.evidence.photo_store import PhotoMissing, RenditionSize
from webapp.evidence.sniff import EXTENSIONS
from webapp.incoming import PHONE_HEADERS, arrival, body_digest
from webapp.inspections.photos import find_photo, put_link
from webapp.inspections.receipts import receipt
from webapp.json import json_answer
from webapp.models import Photo
from webapp.problems import Problem, not_found
from webapp.resource import Resource
from webapp.schemas.photos import LinkBody, LinkTaken, ReceiptShown
from webapp.services import services

log = logging.getLogger(__name__)
resource = Resource("photos", "Photos and their receipts")
# The content of an address with a hash in it never changes; it is for its viewer alone.
_KEEP = "private, max-age=31536000, immutable"
_SANDBOX = "default-src 'none'; sandbox"


def _found(sha256: str) -> Photo:
    with services().db.read() as db:
        photo = find_photo(db, principal(), sha256)
    if not services().photos.holds(sha256, photo.size):
        raise not_found("photo", sha256)
    return photo


def _verified(sha256: str) -> Photo:
    """Read and hashed anew. A phone frees its copy by this, or sends it again, and then the good bytes take their
    place here: what is damaged must not be said to be here."""
    photo = _found(sha256)
    if not services().photos.check(sha256):
        log.error("original is damaged: sha256=%s", sha256)
        raise not_found("photo", sha256)
    return photo


@resource.view("/photos/<sha256>", "HEAD", access=READER, problems=("not_found",))
def has_photo(sha256: str) -> Response:
    """200 for a photo that is here and verified."""
    _verified(sha256)
    return Response(status=200)


@resource.view("/photos/<sha256>/receipt", access=READER, answer=ReceiptShown, problems=("not_found",))
def photo_receipt(sha256: str) -> dict[str, Any]:
    """That this server holds the photo, verified at this moment: phones free their copy only on this."""
    return receipt(_verified(sha256), current_app.config["SECRET_KEY"])


@resource.view(
    "/photos/<sha256>/links/<uuid:ident>",
    "PUT",
    access=INSPECTOR,
    body=LinkBody,
    answer=LinkTaken,
    problems=("not_found", "conflict", "other_author", "cross_site"),
    headers=PHONE_HEADERS,
)
def link_photo(args: dict[str, Any], sha256: str, ident: uuid.UUID) -> Any:
    """Say what a photo is evidence for, and who took it when and where. It may come before the photo itself."""
    if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
        raise not_found("photo", sha256)
    app, digest = services(), body_digest(request, id=str(ident), photo=sha256)
    with app.db.write() as db:
        came = arrival(request, app.clock())
        row, new = put_link(db, principal(), came, sha256, str(ident), args, digest)
        return json_answer({"id": row.id, "sha256": row.photo, "digest": row.sha256}, 201 if new else 200)


@resource.view(
    "/photos/<sha256>/thumb.webp", access=READER, media_type="image/webp", problems=("not_found", "no_rendition")
)
def photo_thumb(sha256: str) -> Response:
    """At most 480 pixels wide or high, without any metadata."""
    return _rendition(sha256, "thumb")


@resource.view(
    "/photos/<sha256>/large.webp", access=READER, media_type="image/webp", problems=("not_found", "no_rendition")
)
def photo_large(sha256: str) -> Response:
    """At most 1600 pixels wide or high, without any metadata."""
    return _rendition(sha256, "large")


def _rendition(sha256: str, size: RenditionSize) -> Response:
    photo = _found(sha256)
    if photo.rendition == "none":
        raise Problem("no_rendition", f"No picture can be made of this photo: {photo.rendition_reason}.")
    path = services().photos.rendition(sha256, size)
    if photo.rendition == "ready" and path.is_file():
        return _file(path, "image/webp")
    if photo.rendition == "ready":
        with services().db.write() as db:
            ask_again(db, sha256)
    services().renditions.check_soon()
    raise Problem("no_rendition", "The picture is being made; ask again in a moment.", headers={"Retry-After": "2"})


@resource.view(
    "/photos/<sha256>/original",
    access=READER,
    media_type="application/octet-stream",
    problems=("not_found",),
)
def photo_original(sha256: str) -> Response:
    """The bytes as they left the camera, as an attachment."""
    photo = _found(sha256)
    try:
        path = services().photos.path(sha256)
        return _file(path, photo.mime, name=f"{sha256}.{EXTENSIONS[photo.mime]}")
    except (PhotoMissing, FileNotFoundError):
        raise not_found("photo", sha256) from None


def _file(path: Path, mime: str, name: str | None = None) -> Response:
    response = send_file(path, mimetype=mime, as_attachment=name is not None, download_name=name, conditional=True)
    response.headers["Cache-Control"] = _KEEP
    response.headers["Content-Security-Policy"] = _SANDBOX
    return response
