"""Originals: content-addressed, write-once, never overwritten, never deleted.

`<root>/<ab>/<sha256>` is an original, `<root>/uploads/` what is on its way, `<root>/renditions/` what can be made
again. A kill at any moment leaves either the upload or the original, whole.
"""

from __future__ import annotations

import errno
import logging
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol

from collector.settings import Settings
from webapp.evidence.disk import CHUNK, checked_sha256, digest, disk, is_sha256, sync_folder, turn_in
from webapp.evidence.parts import Part, PartBusy, PartGone, Parts
from webapp.evidence.sniff import mime_of

__all__ = [
    "MAX_PHOTO_BYTES", "DigestMismatch", "FolderPhotoStore", "NotAPhoto", "Part", "PartBusy", "PartGone",
    "PhotoMissing", "PhotoStore", "RenditionSize", "Stored", "TooLarge", "open_photo_store",
]  # fmt: skip

log = logging.getLogger(__name__)

MAX_PHOTO_BYTES = 64 << 20
RenditionSize = Literal["thumb", "large"]
_SHARD = re.compile(r"[0-9a-f]{2}")


class DigestMismatch(Exception):  # noqa: N818 - a condition, not a fault
    """The bytes are not those that were announced. Send them again from the start."""

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(f"announced was a file with the SHA-256 {expected}, what came hashes to {actual}")
        self.expected = expected
        self.actual = actual


class NotAPhoto(Exception):  # noqa: N818
    """By its first bytes the file is none of JPEG, PNG, WebP, HEIC and HEIF."""


class TooLarge(Exception):  # noqa: N818
    """More than MAX_PHOTO_BYTES."""


class PhotoMissing(Exception):  # noqa: N818
    """No original with this digest."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An original that is on the disk, hashed from what was written."""

    sha256: str
    size: int
    mime: str


class PhotoStore(Protocol):
    """Digests and upload ids that are malformed raise ValueError; a disk that is full or away StoreUnavailable."""

    def begin(self, upload: str) -> None: ...
    def size(self, upload: str) -> int | None: ...
    def writing(self, upload: str) -> AbstractContextManager[Part]: ...
    def discard(self, upload: str) -> None: ...
    def stale_parts(self, older_than_s: float) -> Iterator[str]: ...
    def finish(self, upload: str, expected_sha256: str | None) -> Stored: ...
    def put(self, stream: BinaryIO, expected_sha256: str | None) -> Stored: ...
    def open(self, sha256: str) -> BinaryIO: ...
    def path(self, sha256: str) -> Path: ...
    def holds(self, sha256: str, size: int) -> bool: ...
    def check(self, sha256: str) -> bool: ...
    def originals(self) -> Iterator[str]: ...
    def rendition(self, sha256: str, size: RenditionSize) -> Path: ...


def open_photo_store(settings: Settings) -> PhotoStore:
    """Its folders are made with the first photo: a disk that is away must not keep readings and alarms from people."""
    return FolderPhotoStore(settings.photos)


class FolderPhotoStore:
    def __init__(self, root: Path) -> None:
        # Not relative: the image worker and later requests may have another working directory.
        self.root = root.absolute()
        self._parts = Parts(self.root / "uploads")

    def begin(self, upload: str) -> None:
        self._parts.begin(upload)

    def size(self, upload: str) -> int | None:
        """How much of an upload is there; None when there is no such upload."""
        return self._parts.size(upload)

    def writing(self, upload: str) -> AbstractContextManager[Part]:
        """Locked until the block ends. Raises PartBusy or PartGone."""
        return self._parts.writing(upload)

    def discard(self, upload: str) -> None:
        self._parts.discard(upload)

    def stale_parts(self, older_than_s: float) -> Iterator[str]:
        return self._parts.stale(older_than_s)

    def finish(self, upload: str, expected_sha256: str | None) -> Stored:
        """Make the upload an original. Not inside `writing`: it takes the same lock.

        Raises DigestMismatch or NotAPhoto, and the upload is discarded; PartBusy, PartGone; StoreUnavailable, and the
        upload is kept as it is.
        """
        with self._parts.locked(upload) as descriptor, os.fdopen(descriptor, "rb", closefd=False) as file:
            with disk(self.root):
                sha256, size, head = digest(file)
            try:
                mime = _judge(sha256, head, expected_sha256)
            except (DigestMismatch, NotAPhoto):
                self.discard(upload)
                raise
            with disk(self.root):
                self._keep(upload, descriptor, sha256)
        return Stored(sha256, size, mime)

    def put(self, stream: BinaryIO, expected_sha256: str | None) -> Stored:
        """For imports: the same way, in one go. Nothing is left behind when it fails."""
        upload = f"put-{secrets.token_hex(16)}"
        self.begin(upload)
        try:
            with self.writing(upload) as part:
                _copy(stream, part)
            return self.finish(upload, expected_sha256)
        except BaseException:
            self.discard(upload)
            raise

    def open(self, sha256: str) -> BinaryIO:
        """Raises PhotoMissing."""
        path = self.path(sha256)
        with disk(self.root), suppress(FileNotFoundError):
            return os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        raise PhotoMissing(sha256)

    def path(self, sha256: str) -> Path:
        return self.root / checked_sha256(sha256)[:2] / sha256

    def holds(self, sha256: str, size: int) -> bool:
        """By name and size; `check` reads it."""
        path = self.path(sha256)
        with disk(self.root):
            try:
                return path.stat().st_size == size
            except FileNotFoundError:
                return False

    def check(self, sha256: str) -> bool:
        """Whether the original is there and hashes to its name."""
        try:
            with self.open(sha256) as file, disk(self.root):
                return digest(file)[0] == sha256
        except PhotoMissing:
            return False

    def originals(self) -> Iterator[str]:
        with disk(self.root):
            shards = sorted(path for path in self.root.glob("??") if _SHARD.fullmatch(path.name))
            for shard in shards:
                yield from sorted(path.name for path in shard.iterdir() if is_sha256(path.name))

    def rendition(self, sha256: str, size: RenditionSize) -> Path:
        """Where it is, or is to be."""
        return self.root / "renditions" / checked_sha256(sha256)[:2] / f"{sha256}.{size}.webp"

    def _keep(self, upload: str, descriptor: int, sha256: str) -> None:
        part, target = self._parts.path(upload), self.path(sha256)
        target.parent.mkdir(mode=0o750, exist_ok=True)
        os.fchmod(descriptor, 0o440)
        os.fsync(descriptor)
        with turn_in(target.parent):
            if not target.exists():
                _move(part, target, upload)
            elif _is_whole(target, sha256):
                part.unlink(missing_ok=True)
            else:
                _set_aside(target)
                _move(part, target, upload)
            # Also for an original that was there: whoever put it there may have been killed before this.
            for folder in (target.parent, self.root, part.parent):
                sync_folder(folder)


def _copy(stream: BinaryIO, part: Part) -> None:
    while chunk := stream.read(CHUNK):
        if part.offset + len(chunk) > MAX_PHOTO_BYTES:
            raise TooLarge(f"more than {MAX_PHOTO_BYTES >> 20} MiB")
        part.write(chunk)


def _judge(sha256: str, head: bytes, expected: str | None) -> str:
    if expected is not None and sha256 != expected:
        raise DigestMismatch(expected, sha256)
    mime = mime_of(head)
    if mime is None:
        raise NotAPhoto("by its first bytes this is none of JPEG, PNG, WebP, HEIC and HEIF")
    return mime


def _move(part: Path, target: Path, upload: str) -> None:
    """One step for the file system: there is no moment with two names for one file, or none."""
    try:
        part.rename(target)
    except FileNotFoundError:
        raise PartGone(upload) from None


def _is_whole(original: Path, sha256: str) -> bool:
    try:
        with original.open("rb") as file:
            return digest(file)[0] == sha256
    except OSError as error:
        # A sector that cannot be read any more.
        if error.errno != errno.EIO:
            raise
        return False


def _set_aside(original: Path) -> None:
    """A damaged original is evidence of something too: it gets a second name, and its own goes to the good copy."""
    number = 1
    while (aside := original.with_name(f"{original.name}.damaged-{number}")).exists():
        if aside.samefile(original):
            # Whoever began this was killed in the middle.
            return
        number += 1
    os.link(original, aside)
    log.error("damaged original set aside, replaced by a good copy: sha256=%s aside=%s", original.name, aside)
