"""The photo store killed, raced and filled: no photo is lost, none is half there, none is there twice."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from webapp.evidence.photo_store import FolderPhotoStore, PartBusy, PartGone

ROOT = Path(__file__).resolve().parents[2]

# Photos one after another; says what it is about to finish, and what it has finished.
WRITER = """
import hashlib, random, sys
from pathlib import Path
from webapp.evidence.photo_store import FolderPhotoStore

store, seed = FolderPhotoStore(Path(sys.argv[1])), int(sys.argv[2])
for number in range(10_000):
    content = b"\\xff\\xd8\\xff" + random.Random(f"{seed}-{number}").randbytes(200_000)
    upload, sha256 = f"upload-{seed}-{number}", hashlib.sha256(content).hexdigest()
    store.begin(upload)
    with store.writing(upload) as part:
        part.write(content)
        part.sync()
    print("begun", upload, sha256, flush=True)
    store.finish(upload, sha256)
    print("finished", upload, sha256, flush=True)
"""


def python(*arguments: str, **more: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload, no-any-return]


@pytest.mark.parametrize("case", ["clean", "damaged"])
def test_killed_before_any_single_call_of_finishing_the_photo_is_whole(tmp_path: Path, case: str) -> None:
    process = python("-m", "tests.killed_finish", str(tmp_path), case, stderr=subprocess.PIPE)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err[-2000:]
    found = json.loads(out)
    # Both before and after the one step that counts.
    assert found["upload"] > 50
    assert found["original"] > 10


def run_and_kill(root: Path, seed: int, after: float) -> tuple[dict[str, str], set[str]]:
    """Uploads that were announced with their hashes, and those that were confirmed, by a process that was killed."""
    process = python("-c", WRITER, str(root), str(seed))
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    killer = threading.Timer(after, process.send_signal, [signal.SIGKILL])
    killer.start()
    lines += process.stdout.readlines()
    killer.join()
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    words = [line.split() for line in lines if line.endswith("\n")]
    return {w[1]: w[2] for w in words if w[0] == "begun"}, {w[1] for w in words if w[0] == "finished"}


def test_killed_at_random_moments_every_photo_is_counted_once(tmp_path: Path) -> None:
    store, rng = FolderPhotoStore(tmp_path), random.Random(14001)
    begun: dict[str, str] = {}
    for seed in range(8):
        announced, finished = run_and_kill(tmp_path, seed, rng.uniform(0.005, 0.15))
        begun |= announced
        assert all(store.check(announced[upload]) for upload in finished)
        assert all(store.check(sha256) for sha256 in store.originals())
        for upload, sha256 in announced.items():
            if store.size(upload) is not None:
                assert store.finish(upload, sha256).sha256 == sha256
            assert store.check(sha256)
    assert len(begun) > 8
    # One that was killed while it was sent is not announced: it is an upload like any other that broke off.
    half = set(store.stale_parts(-3600))
    assert half.isdisjoint(begun)
    assert len(half) <= 8
    assert list(store.originals()) == sorted(begun.values())


# Waits for the word, so that both finish at the same moment.
FINISHER = """
import sys
from pathlib import Path
from webapp.evidence.photo_store import FolderPhotoStore

store = FolderPhotoStore(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(40):
    print(store.finish(f"upload-{sys.argv[2]}-{number}", None).sha256, flush=True)
"""


def test_two_processes_that_bring_the_same_photos_leave_one_of_each(tmp_path: Path) -> None:
    store = FolderPhotoStore(tmp_path)
    contents = [b"\xff\xd8\xff" + random.Random(number).randbytes(300_000) for number in range(40)]
    for who in "ab":
        for number, content in enumerate(contents):
            store.begin(f"upload-{who}-{number}")
            with store.writing(f"upload-{who}-{number}") as part:
                part.write(content)
    expected = [hashlib.sha256(content).hexdigest() for content in contents]
    for sha256 in expected[::4]:
        # Some are there already, and rotten: only one of the two may set them aside.
        store.path(sha256).parent.mkdir(exist_ok=True)
        store.path(sha256).write_bytes(b"rotten")
    both = [python("-c", FINISHER, str(tmp_path), who, stdin=subprocess.PIPE) for who in "ab"]
    for process in both:
        assert process.stdout is not None
        process.stdout.readline()
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0].split() for process in both] == [expected, expected]
    assert list(store.originals()) == sorted(expected)
    assert all(store.check(sha256) for sha256 in expected)
    aside = [path.read_bytes() for path in tmp_path.glob("??/*.damaged-*")]
    assert aside == [b"rotten"] * len(expected[::4])
    assert list(store.stale_parts(-3600)) == []


def test_two_threads_that_finish_one_upload_leave_one_original(tmp_path: Path) -> None:
    store = FolderPhotoStore(tmp_path)
    content = b"\xff\xd8\xff" + random.Random(7).randbytes(3_000_000)
    store.begin("upload-once")
    with store.writing("upload-once") as part:
        part.write(content)
    outcomes: list[str] = []
    together = threading.Barrier(4)

    def finish() -> None:
        together.wait()
        try:
            outcomes.append(store.finish("upload-once", None).mime)
        except (PartBusy, PartGone) as error:
            outcomes.append(type(error).__name__)

    threads = [threading.Thread(target=finish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("image/jpeg") == 1
    assert set(outcomes) <= {"image/jpeg", "PartBusy", "PartGone"}
    assert len(list(store.originals())) == 1


# On a small disk of its own, which has neither room for a second photo nor for one more folder.
FULL = """
import sys
from pathlib import Path
from collector.errors import StoreUnavailable
from webapp.evidence.photo_store import FolderPhotoStore

store = FolderPhotoStore(Path(sys.argv[1]))
small, chunk = b"\\xff\\xd8\\xff" + bytes(1000), bytes(200_000)
store.begin("upload-small")
with store.writing("upload-small") as part:
    part.write(small)
store.begin("upload-large")
with store.writing("upload-large") as part:
    part.write(b"\\xff\\xd8\\xff")
    try:
        while True:
            confirmed = part.offset
            part.write(chunk)
            part.sync()
    except StoreUnavailable as error:
        print(error)
assert store.size("upload-large") == confirmed > 200_000
try:
    store.finish("upload-small", None)
    print("finished without a place for its folder")
except StoreUnavailable as error:
    assert store.size("upload-small") == len(small) and not list(store.originals()), error
store.discard("upload-large")
assert store.check(store.finish("upload-small", None).sha256)
print("whole")
"""


def test_on_a_full_disk_nothing_is_half_done(tmp_path: Path) -> None:
    mount = f'mount -t tmpfs -o size=1m,nr_inodes=4 tmpfs "{tmp_path}" && exec "$0" -c "$1" "{tmp_path}"'
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode != 0:
        pytest.skip("needs unshare -rm for a small disk")
    command = ["unshare", "-rm", "sh", "-c", mount, sys.executable, FULL]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "is full; free some space" in done.stdout.splitlines()[0]
    assert done.stdout.splitlines()[1:] == ["whole"]
