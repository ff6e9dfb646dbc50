"""Resumable uploads by tus 1.0.0 (tus.io/protocols/resumable-upload), with creation, checksum, expiration, termination.

Any tus client works; a phone adds the hash, and where and when the photo was taken, in Upload-Metadata.
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, BinaryIO, cast

from flask import Response, request, url_for

from webapp.access import INSPECTOR, PUBLIC, principal
from webapp.evidence.photo_store import MAX_PHOTO_BYTES
from webapp.incoming import check_author
from webapp.inspections.uploads import ALGORITHMS, Chunk
from webapp.models import Upload
from webapp.problems import Problem
from webapp.resource import Resource
from webapp.services import services

resource = Resource("uploads", "Resumable uploads of photos (tus 1.0)")
VERSION = "1.0.0"
_EXTENSIONS = "creation,checksum,expiration,termination"
_OFFSET_TYPE = "application/offset+octet-stream"
_LONGEST = 200
# What a phone may say of a photo; anything else is passed over.
_TEXTS = ("sha256", "mime", "captured_at", "inspection", "filename")
_NUMBERS = ("lat", "lon", "accuracy")
_PROBLEMS = ("not_found", "tus_version", "other_author", "cross_site")


_SPOKEN = {"Tus-Resumable": f"the protocol's version, {VERSION}"}
_CREATES = {
    **_SPOKEN,
    "Upload-Length": "bytes of the whole",
    "Upload-Metadata": "`name base64, …`: sha256, mime, captured_at, lat, lon, accuracy, inspection; none must be",
}
_APPENDS = {
    **_SPOKEN,
    "Upload-Offset": "where these bytes go: what is here so far",
    "Upload-Checksum": "`sha256 base64` or `sha1 base64` of these bytes; may be left out",
}


def _tus(status: int, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers={"Tus-Resumable": VERSION, "Cache-Control": "no-store", **named})


def _check_version() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        detail = f"Send the header 'Tus-Resumable: {VERSION}'."
        raise Problem("tus_version", detail, headers={"Tus-Version": VERSION, "Tus-Resumable": VERSION})


@resource.view("/uploads", "OPTIONS", access=PUBLIC, status=204)
def upload_options() -> Response:
    """What this server can do."""
    return _tus(
        204,
        Tus_Version=VERSION,
        Tus_Extension=_EXTENSIONS,
        Tus_Max_Size=str(MAX_PHOTO_BYTES),
        Tus_Checksum_Algorithm=",".join(ALGORITHMS),
    )


@resource.view(
    "/uploads", "POST", access=INSPECTOR, status=201, problems=("invalid", "too_large", *_PROBLEMS), headers=_CREATES
)
def create_upload() -> Response:
    """Begin an upload of `Upload-Length` bytes. The address to send them to is in `Location`."""
    _check_version()
    check_author(request, principal())
    length = _number("Upload-Length")
    if length > MAX_PHOTO_BYTES:
        raise Problem("too_large", f"A photo may have {MAX_PHOTO_BYTES} bytes; this one has {length}.")
    if length < 1:
        raise _invalid("Upload-Length", "An empty file is no photo.")
    given = parse_metadata(request.headers.get("Upload-Metadata", ""))
    upload = services().uploads.create(principal(), length, given.get("sha256"), given)
    location = url_for("uploads.upload_offset", ident=upload.id)
    return _tus(201, Location=location, Upload_Offset="0", Upload_Expires=_expiry(upload))


@resource.view(
    "/uploads/<ident>",
    "HEAD",
    access=INSPECTOR,
    problems=("upload_gone", "upload_locked", *_PROBLEMS),
    headers=_SPOKEN,
)
def upload_offset(ident: str) -> Response:
    """How much of it is here."""
    _check_version()
    upload, offset = services().uploads.offset(principal(), ident)
    return _tus(200, Upload_Offset=str(offset), Upload_Length=str(upload.length), Upload_Expires=_expiry(upload))


@resource.view(
    "/uploads/<ident>",
    "PATCH",
    access=INSPECTOR,
    status=204,
    problems=(
        "wrong_offset", "upload_gone", "too_large", "unsupported_media_type", "not_a_photo", "invalid",
        "upload_locked", "checksum_mismatch", *_PROBLEMS,
    ),
    headers=_APPENDS,
    raw_body=_OFFSET_TYPE,
)  # fmt: skip
def append_upload(ident: str) -> Response:
    """Send bytes from `Upload-Offset` on. The last ones are answered when the whole is verified and kept."""
    _check_version()
    check_author(request, principal())
    if request.mimetype != _OFFSET_TYPE:
        raise Problem("unsupported_media_type", f"Send the header 'Content-Type: {_OFFSET_TYPE}'.")
    # The limit of everything else is for JSON.
    request.max_content_length = MAX_PHOTO_BYTES
    chunk = Chunk(
        stream=cast("BinaryIO", request.stream),
        length=request.content_length,
        offset=_number("Upload-Offset"),
        checksum=_checksum(request.headers.get("Upload-Checksum")),
    )
    upload, offset = services().uploads.append(principal(), ident, chunk)
    return _tus(204, Upload_Offset=str(offset), Upload_Expires=_expiry(upload))


@resource.view("/uploads/<ident>", "DELETE", access=INSPECTOR, status=204, problems=_PROBLEMS, headers=_SPOKEN)
def end_upload(ident: str) -> Response:
    """Give up an upload that is not finished. A photo that is here stays."""
    _check_version()
    services().uploads.discard(principal(), ident)
    return _tus(204)


def _expiry(upload: Upload) -> str:
    return format_datetime(datetime.fromtimestamp(upload.expires_at / 1000, UTC), usegmt=True)


def _number(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise _invalid(header, "Must be a whole number of bytes.")
    return int(text)


def _invalid(header: str, fault: str) -> Problem:
    return Problem("invalid", f"{header}: {fault}", errors={header: [fault]})


def _checksum(header: str | None) -> tuple[str, bytes] | None:
    if header is None:
        return None
    algorithm, _, encoded = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise _invalid("Upload-Checksum", f"Choose one of {', '.join(ALGORITHMS)}.")
    return algorithm, _decoded("Upload-Checksum", encoded.strip())


def _decoded(header: str, encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _invalid(header, "Must be base64.") from None


def parse_metadata(header: str) -> dict[str, Any]:
    """`name base64, name base64 …`. Unknown names are passed over; a known one that cannot be used is a fault."""
    given: dict[str, Any] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, encoded = pair.partition(" ")
        if name in (*_TEXTS, *_NUMBERS):
            given[name] = _meant(name, _decoded("Upload-Metadata", encoded.strip()))
    return given


def _meant(name: str, raw: bytes) -> str | float:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise _invalid("Upload-Metadata", f"{name} must be UTF-8.") from None
    if name == "sha256" and (len(text) != 64 or not set(text) <= set("0123456789abcdef")):
        raise _invalid("Upload-Metadata", "sha256 must be 64 hexadecimal digits in lower case.")
    if name not in _NUMBERS:
        return "".join(sign for sign in text[:_LONGEST] if sign.isprintable())
    try:
        number = float(text)
    except ValueError:
        raise _invalid("Upload-Metadata", f"{name} must be a number.") from None
    if not -1e9 < number < 1e9:
        raise _invalid("Upload-Metadata", f"{name} is out of range.")
    return number
