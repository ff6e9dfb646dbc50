"""A program for tests/faults/test_photo_store.py: finishing an upload, killed before each single call that it makes.

A process of its own, because it forks: `python -m tests.killed_finish FOLDER clean|damaged`. Prints how often the photo
was found where, as JSON.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sys
from pathlib import Path

from webapp.evidence.photo_store import FolderPhotoStore

UPLOAD = "00000000-0000-7000-8000-000000000001"
CONTENT = b"\xff\xd8\xff" + bytes(range(256)) * 400
ROTTEN = CONTENT[:-1]
SHA256 = hashlib.sha256(CONTENT).hexdigest()


def finish_until(store: FolderPhotoStore, call: int) -> int:
    """Finish in a child that is killed before its `call`th call. Returns how the child ended."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(_frame: object, event: str, _argument: object) -> None:
            nonlocal seen
            seen += event in ("call", "c_call")
            if seen == call:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.setprofile(count)
        store.finish(UPLOAD, SHA256)
        sys.setprofile(None)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def check_clean(store: FolderPhotoStore) -> str:
    """The photo has to be whole and in one place, and finishing again has to succeed. Returns the place."""
    originals, size = list(store.originals()), store.size(UPLOAD)
    assert all(store.check(sha256) for sha256 in originals), "an original that is not whole"
    assert bool(originals) != (size is not None), "in both places or in none"
    if originals:
        return "original"
    assert size == len(CONTENT), "bytes were lost"
    with store.writing(UPLOAD) as part:
        assert part.offset == size
    assert store.finish(UPLOAD, SHA256).sha256 == SHA256
    assert store.check(SHA256)
    return "upload"


def check_damaged(store: FolderPhotoStore) -> str:
    """There was a rotten original: its name is never free, and its bytes are never lost."""
    assert store.path(SHA256).exists()
    place = "original" if store.check(SHA256) else "upload"
    if store.size(UPLOAD) is not None:
        store.finish(UPLOAD, SHA256)
    assert store.check(SHA256)
    aside = list(store.path(SHA256).parent.glob("*.damaged-*"))
    assert [path.read_bytes() for path in aside] == [ROTTEN], aside
    assert list(store.originals()) == [SHA256]
    return place


def main(folder: Path, damaged: bool) -> dict[str, int]:
    """How often the photo was found where, over every possible moment."""
    found = {"upload": 0, "original": 0}
    for call in range(1, 10_000):
        store = FolderPhotoStore(folder / str(call))
        store.begin(UPLOAD)
        with store.writing(UPLOAD) as part:
            part.write(CONTENT)
            part.sync()
        if damaged:
            store.path(SHA256).parent.mkdir()
            store.path(SHA256).write_bytes(ROTTEN)
        if finish_until(store, call) == 0:
            break
        found[check_damaged(store) if damaged else check_clean(store)] += 1
    return found


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), sys.argv[2] == "damaged")))
