"""Resumable uploads: what tus 1.0 asks of a server, without HTTP. Bytes lie in the photo store, facts in `upload`."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, BinaryIO

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from collector.clock import Clock
from webapp.auth import Principal
from webapp.db import Database
from webapp.evidence.photo_store import (
    DigestMismatch,
    NotAPhoto,
    Part,
    PartBusy,
    PartGone,
    PhotoStore,
    Stored,
)
from webapp.inspections.arrival import Arrival
from webapp.inspections.photos import open_to, open_to_linked, record_photo
from webapp.models import Inspection, Upload
from webapp.problems import Problem, not_found

# An upload that nobody goes on with for this long is given up; the phone still has its photo and begins anew.
LIFETIME_MS = 7 * 86_400_000
_SWEEP_EVERY_MS = 3_600_000
_READ = 64 * 1024
ALGORITHMS: dict[str, Callable[[], Any]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}


@dataclass(frozen=True, slots=True)
class Chunk:
    """A PATCH: bytes to go at `offset`, and the checksum (algorithm, digest) that they must have, if one was sent."""

    stream: BinaryIO
    length: int | None
    offset: int
    checksum: tuple[str, bytes] | None


class Uploads:
    def __init__(self, database: Database, store: PhotoStore, clock: Clock, on_photo: Callable[[], None]) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._on_photo = on_photo
        self._sweep_at = 0

    def create(self, who: Principal, length: int, sha256: str | None, given: dict[str, Any]) -> Upload:
        now = self._clock()
        self._give_up_stale(now)
        upload = Upload(
            id=str(uuid.uuid4()),
            user_id=who.user_id,
            author=who.username,
            length=length,
            sha256=sha256,
            given=given,
            created_at=now,
            expires_at=now + LIFETIME_MS,
        )
        self._store.begin(upload.id)
        with self._database.write() as db:
            db.add(upload)
        return upload

    def find(self, who: Principal, ident: str) -> Upload:
        """Raises `not_found` for an upload that is not the principal's own."""
        with self._database.read() as db:
            found = select(Upload).where(Upload.id == ident, Upload.user_id == who.user_id)
            upload = db.scalars(found).one_or_none()
        if upload is None:
            raise not_found("upload", ident)
        return upload

    def offset(self, who: Principal, ident: str) -> tuple[Upload, int]:
        upload = self.find(who, ident)
        if upload.finished_at is not None:
            if not self._store.holds(upload.sha256 or "", upload.length):
                raise _gone()
            return upload, upload.length
        size = self._store.size(ident)
        if size is None:
            return self._recovered(who, upload), upload.length
        if size == upload.length:
            # A kill may fall between the last byte and the end: nobody would send anything any more.
            return self._finished_or_busy(who, upload)
        return upload, size

    def append(self, who: Principal, ident: str, chunk: Chunk) -> tuple[Upload, int]:
        """Write what comes; at the end hash the whole, keep it as an original, and record it. The new offset."""
        upload = self.find(who, ident)
        if upload.finished_at is not None:
            return upload, self._at_end(upload, chunk)
        try:
            with self._store.writing(ident) as part:
                offset = self._write(upload, part, chunk)
            return self._finish(who, upload) if offset == upload.length else (upload, offset)
        except PartBusy as error:
            raise _locked() from error
        except PartGone:
            upload = self._recovered(who, upload)
            return upload, self._at_end(upload, chunk)

    def discard(self, who: Principal, ident: str) -> None:
        upload = self.find(who, ident)
        if upload.finished_at is None:
            self._forget(upload)

    def _give_up_stale(self, now: int) -> None:
        """Now and then: parts that nobody went on with, and their rows with them.

        The row goes first: a row without its part means that the part became an original (see `_recovered`).
        """
        if now < self._sweep_at:
            return
        self._sweep_at = now + _SWEEP_EVERY_MS
        for ident in self._store.stale_parts(LIFETIME_MS / 1000):
            with self._database.write() as db:
                db.execute(delete(Upload).where(Upload.id == ident, Upload.finished_at.is_(None)))
            self._store.discard(ident)

    def _write(self, upload: Upload, part: Part, chunk: Chunk) -> int:
        begun = part.offset
        if chunk.offset != begun:
            raise _wrong_offset(begun)
        if chunk.length is not None and begun + chunk.length > upload.length:
            raise Problem("too_large", f"The upload was announced with {upload.length} bytes; this goes beyond.")
        hasher = ALGORITHMS[chunk.checksum[0]]() if chunk.checksum else None
        try:
            self._take(upload, part, chunk, hasher)
        finally:
            # Whatever breaks off: without a checksum what came is kept, with one it cannot be judged.
            if hasher is not None and not _matches(hasher, chunk, part.offset - begun):
                part.rewind(begun)
            part.sync()
        if hasher is not None and part.offset == begun and chunk.length != 0:
            detail = "The chunk does not have the checksum that was sent with it; send it again."
            raise Problem("checksum_mismatch", detail)
        return part.offset

    def _take(self, upload: Upload, part: Part, chunk: Chunk, hasher: Any) -> None:
        while True:
            data = chunk.stream.read(min(_READ, upload.length - part.offset + 1))
            if not data:
                return
            if part.offset + len(data) > upload.length:
                raise Problem("too_large", f"The upload was announced with {upload.length} bytes; this goes beyond.")
            part.write(data)
            if hasher is not None:
                hasher.update(data)

    def _at_end(self, upload: Upload, chunk: Chunk) -> int:
        """A repeat of the last chunk, whose answer was lost."""
        if chunk.offset != upload.length or chunk.length:
            raise _wrong_offset(upload.length)
        return upload.length

    def _finish(self, who: Principal, upload: Upload) -> tuple[Upload, int]:
        try:
            stored = self._store.finish(upload.id, upload.sha256)
        except DigestMismatch as error:
            self._forget(upload)
            raise Problem("checksum_mismatch", f"{error}. The upload was discarded; begin anew.") from error
        except NotAPhoto as error:
            self._forget(upload)
            detail = "By its content this is none of JPEG, PNG, WebP and HEIC, whatever its name says."
            raise Problem("not_a_photo", detail) from error
        return self._record(who, upload, stored), upload.length

    def _finished_or_busy(self, who: Principal, upload: Upload) -> tuple[Upload, int]:
        try:
            return self._finish(who, upload)
        except PartBusy as error:
            raise _locked() from error
        except PartGone:
            return self._recovered(who, upload), upload.length

    def _recovered(self, who: Principal, upload: Upload) -> Upload:
        """A kill may fall between keeping the original and recording it: then it is recorded now."""
        if upload.sha256 is None or not self._store.holds(upload.sha256, upload.length):
            raise _gone()
        with self._store.open(upload.sha256) as file:
            stored = self._store.put(file, upload.sha256)
        return self._record(who, upload, stored)

    def _record(self, who: Principal, upload: Upload, stored: Stored) -> Upload:
        now = self._clock()
        with self._database.write() as db:
            record_photo(
                db, stored.sha256, stored.size, stored.mime,
                arrival=Arrival(now), actor=who.username, given=upload.given,
            )  # fmt: skip
            row = db.get(Upload, upload.id)
            if row is not None:
                row.sha256, row.finished_at = stored.sha256, now
                db.flush()
            open_to_linked(db, stored.sha256, who.username)
            if site := _site_of(db, who, upload):
                open_to(db, stored.sha256, site)
        self._on_photo()
        upload.sha256, upload.finished_at = stored.sha256, now
        return upload

    def _forget(self, upload: Upload) -> None:
        with self._database.write() as db:
            db.execute(delete(Upload).where(Upload.id == upload.id))
        self._store.discard(upload.id)


def _matches(hasher: Any, chunk: Chunk, arrived: int) -> bool:
    whole = chunk.length is None or arrived == chunk.length
    return whole and chunk.checksum is not None and hasher.digest() == chunk.checksum[1]


def _site_of(db: Session, who: Principal, upload: Upload) -> str | None:
    """The site of the walkthrough that the upload was made for, when its maker works there."""
    ident = upload.given.get("inspection")
    site = db.scalar(select(Inspection.site_id).where(Inspection.id == ident)) if ident else None
    return site if site is not None and who.sees_site(site) else None


def _gone() -> Problem:
    return Problem("upload_gone", "This upload was discarded or given up, or its photo is lost. Make a new one.")


def _locked() -> Problem:
    detail = "Another request is writing to this upload; ask for its offset in a moment."
    return Problem("upload_locked", detail, headers={"Retry-After": "1"})


def _wrong_offset(current: int) -> Problem:
    detail = f"The upload goes on at offset {current}."
    return Problem("wrong_offset", detail, headers={"Upload-Offset": str(current)})
