"""Uploads on their way: one file each, written by one request at a time, also across processes."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from webapp.evidence.disk import checked_upload, disk, is_upload, sync_folder

_ENDING = ".part"


class PartBusy(Exception):  # noqa: N818 - a condition, not a fault
    """Another request, perhaps of another process, has this upload in hand. Try again soon."""


class PartGone(Exception):  # noqa: N818
    """There is no such upload: finished, discarded or expired. Make a new one."""


class Part:
    """An upload that is locked for this request."""

    def __init__(self, root: Path, descriptor: int) -> None:
        self._root = root
        self._descriptor = descriptor
        self.offset = os.lseek(descriptor, 0, os.SEEK_END)

    def write(self, data: bytes) -> None:
        """All of it, or none of it and StoreUnavailable."""
        rest, begun = memoryview(data), self.offset
        try:
            with disk(self._root):
                while rest:
                    written = os.write(self._descriptor, rest)
                    rest = rest[written:]
                    self.offset += written
        except BaseException:
            self.rewind(begun)
            raise

    def rewind(self, offset: int) -> None:
        """Forget what came after `offset`: a chunk whose checksum was wrong."""
        if not 0 <= offset <= self.offset:
            raise ValueError(f"offset {offset} is not between 0 and {self.offset}")
        with disk(self._root):
            os.ftruncate(self._descriptor, offset)
            self.offset = os.lseek(self._descriptor, offset, os.SEEK_SET)

    def sync(self) -> None:
        """What was written is on the disk when this returns. Call it before an offset is confirmed to anybody."""
        with disk(self._root):
            os.fsync(self._descriptor)


class Parts:
    """The folder of uploads on their way."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, upload: str) -> Path:
        return self.folder / f"{checked_upload(upload)}{_ENDING}"

    def begin(self, upload: str) -> None:
        """Raises FileExistsError when there is one already."""
        path = self.path(upload)
        with disk(self.folder):
            self.folder.mkdir(mode=0o750, parents=True, exist_ok=True)
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
                sync_folder(self.folder)
                return
        raise FileExistsError(f"upload {upload} was begun before")

    def size(self, upload: str) -> int | None:
        path = self.path(upload)
        with disk(self.folder):
            try:
                return path.stat().st_size
            except FileNotFoundError:
                return None

    @contextmanager
    def locked(self, upload: str) -> Iterator[int]:
        """A descriptor for reading, and the lock. Raises PartBusy or PartGone."""
        descriptor = self._open(upload, os.O_RDONLY)
        try:
            if not self._taken(descriptor):
                raise PartBusy(upload)
            # It may have been finished or discarded between our opening it and our locking it.
            if os.fstat(descriptor).st_nlink == 0 or not self._is_still(upload, descriptor):
                raise PartGone(upload)
            yield descriptor
        finally:
            os.close(descriptor)

    @contextmanager
    def writing(self, upload: str) -> Iterator[Part]:
        with self.locked(upload) as lock:
            # Killed in the middle of finishing, an upload is left read-only.
            if not os.fstat(lock).st_mode & stat.S_IWUSR:
                os.fchmod(lock, 0o600)
            descriptor = self._open(upload, os.O_RDWR)
            try:
                yield Part(self.folder, descriptor)
            finally:
                os.close(descriptor)

    def discard(self, upload: str) -> None:
        path = self.path(upload)
        with disk(self.folder):
            path.unlink(missing_ok=True)

    def stale(self, older_than_s: float) -> Iterator[str]:
        """Uploads to which nothing was added for so long."""
        before = time.time() - older_than_s
        with disk(self.folder):
            paths = sorted(self.folder.glob(f"*{_ENDING}"))
        for path in paths:
            with suppress(FileNotFoundError):
                if is_upload(path.stem) and path.stat().st_mtime < before:
                    yield path.stem

    def _open(self, upload: str, flags: int) -> int:
        path = self.path(upload)
        with disk(self.folder):
            try:
                return os.open(path, flags | os.O_NOFOLLOW)
            except FileNotFoundError:
                pass
        raise PartGone(upload)

    def _taken(self, descriptor: int) -> bool:
        with disk(self.folder):
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def _is_still(self, upload: str, descriptor: int) -> bool:
        try:
            return os.path.samestat(self.path(upload).stat(), os.fstat(descriptor))
        except FileNotFoundError:
            return False
