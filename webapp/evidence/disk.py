"""Names that are safe in a path, and what a file system needs so that nothing is lost when the power is."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from collector.errors import StoreUnavailable
from webapp.evidence.sniff import HEAD_BYTES

CHUNK = 1 << 20
_SHA256 = re.compile(r"[0-9a-f]{64}")
_UPLOAD = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{7,63}")


def checked_sha256(text: str) -> str:
    """Raises ValueError: nothing else comes near a path."""
    if not is_sha256(text):
        raise ValueError("a photo is named by the 64 lower-case hexadecimal digits of its SHA-256")
    return text


def is_sha256(text: str) -> bool:
    return _SHA256.fullmatch(text) is not None


def checked_upload(text: str) -> str:
    if not is_upload(text):
        raise ValueError("an upload is named by 8 to 64 letters, digits, '-' and '_'")
    return text


def is_upload(text: str) -> bool:
    return _UPLOAD.fullmatch(text) is not None


@contextmanager
def disk(root: Path) -> Iterator[None]:
    """Says of a full disk or one that is away that trying again later may help."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            text = f"the disk of the photo folder {root} is full; free some space, nothing that was confirmed is lost"
        else:
            text = f"the photo folder {root} cannot be used: {error.strerror or error}"
        raise StoreUnavailable(text) from error


def sync_folder(folder: Path) -> None:
    """A new name in a folder survives a power cut only when the folder itself was written out."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def turn_in(folder: Path) -> Iterator[None]:
    """One thread of one process at a time puts originals into `folder`. A killed one lets go by itself."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def digest(file: BinaryIO) -> tuple[str, int, bytes]:
    """SHA-256, size and first bytes of what is left in `file`."""
    hashing, size, head = hashlib.sha256(), 0, b""
    while chunk := file.read(CHUNK):
        head = head or chunk[:HEAD_BYTES]
        hashing.update(chunk)
        size += len(chunk)
    return hashing.hexdigest(), size, head
