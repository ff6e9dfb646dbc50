"""What a photo, or whoever broke into the image worker, cannot do."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from PIL import Image

from collector.errors import StoreUnavailable
from tests import servers
from tests.hostile import feed, hostile_files
from tests.images import encoded, halves
from tests.servers import wait_for
from webapp.evidence.renditions import ImageWorker, Made, Refused, WorkerUnavailable

Answer = Made | Refused
GOOD = encoded(halves(60, 40), "JPEG")
MADE = Made(60, 40, {"has_gps": False})


@cache
def endless() -> bytes:
    """A JPEG of a megabyte that takes minutes: the last of its scans is there thousands of times."""
    photo = encoded(Image.new("L", (7000, 7000), 128), "JPEG", progressive=True)
    scan = photo[photo.rindex(b"\xff\xda") : -2]
    return photo[:-2] + scan * 20_000 + photo[-2:]


class Studio:
    def __init__(self, folder: Path, **options: object) -> None:
        self.folder = folder
        self.worker = ImageWorker(**options)  # type: ignore[arg-type]

    def make(self, content: bytes) -> Answer:
        path = self.folder / f"original-{threading.get_ident()}"
        path.write_bytes(content)
        with path.open("rb") as file:
            return self.worker.make(file, self.folder / "thumb.webp", self.folder / "large.webp")


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    made = Studio(tmp_path)
    yield made
    made.worker.close()


def busy(pid: int) -> bool:
    """Whether it has worked for more than starting takes."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") > 0.8


def in_the_middle(studio: Studio, content: bytes) -> tuple[threading.Thread, list[Answer | Exception]]:
    """A thread that waits for the worker, which is at work by now."""
    outcome: list[Answer | Exception] = []

    def ask() -> None:
        try:
            outcome.append(studio.make(content))
        except WorkerUnavailable as error:
            outcome.append(error)

    studio.make(GOOD)
    thread = threading.Thread(target=ask)
    thread.start()
    pid = studio.worker.pid
    assert pid is not None
    wait_for(lambda: busy(pid), what="work on the photo")
    return thread, outcome


def test_a_photo_that_takes_for_ever_is_given_up_and_the_next_one_made(tmp_path: Path) -> None:
    studio = Studio(tmp_path, deadline_s=2)
    begun = time.monotonic()
    assert studio.make(endless()) == Refused("too_slow")
    assert time.monotonic() - begun < 15
    assert studio.make(GOOD) == MADE
    studio.worker.close()


def test_a_photo_that_uses_up_the_processor_time_is_too_slow_and_not_tried_again(tmp_path: Path) -> None:
    """As the kernel ends it, after 25 s: `setrlimit` is the sandbox's."""
    uses_up = "import os, signal, socket; s = socket.socket(fileno=0); s.sendall(b'{\"ready\": []}\\n'); s.recv(1); "
    studio = Studio(tmp_path, command=(sys.executable, "-c", uses_up + "os.kill(os.getpid(), signal.SIGXCPU)"))
    assert studio.make(GOOD) == Refused("too_slow")
    studio.worker.close()


def test_a_child_killed_in_the_middle_costs_one_photo_and_nothing_more(studio: Studio) -> None:
    thread, outcome = in_the_middle(studio, endless())
    killed = studio.worker.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    thread.join()
    assert outcome == [Refused("crashed")]
    assert studio.make(GOOD) == MADE
    assert studio.worker.pid != killed


def test_a_child_killed_between_photos_costs_none(studio: Studio) -> None:
    assert studio.make(GOOD) == MADE
    assert studio.worker.pid is not None
    os.kill(studio.worker.pid, signal.SIGKILL)
    os.waitid(os.P_PID, studio.worker.pid, os.WEXITED | os.WNOWAIT)
    assert studio.make(GOOD) == MADE


def test_stopping_in_the_middle_is_held_against_no_photo(studio: Studio) -> None:
    thread, outcome = in_the_middle(studio, endless())
    studio.worker.close()
    thread.join()
    assert [type(found) for found in outcome] == [WorkerUnavailable]
    assert studio.worker.pid is None
    with pytest.raises(WorkerUnavailable):
        studio.make(GOOD)


def test_many_threads_share_one_child(studio: Studio) -> None:
    outcome: list[Answer] = []
    threads = [threading.Thread(target=lambda: outcome.append(studio.make(GOOD))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcome == [MADE] * 8


def test_a_child_does_not_live_long(studio: Studio) -> None:
    pids = set()
    for _ in range(202):
        assert studio.make(GOOD) == MADE
        pids.add(studio.worker.pid)
    assert len(pids) == 2


PARENT = """
import sys
from pathlib import Path
from webapp.evidence.renditions import ImageWorker

folder, worker = Path(sys.argv[1]), ImageWorker()
for name in ("good", "endless"):
    with (folder / name).open("rb") as file:
        if name == "endless":
            print(worker.pid, flush=True)
        worker.make(file, folder / "thumb.webp", folder / "large.webp")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere it ends with the photo in hand")
def test_the_child_dies_with_its_parent_in_the_middle_of_a_photo(tmp_path: Path) -> None:
    (tmp_path / "good").write_bytes(GOOD)
    (tmp_path / "endless").write_bytes(endless())
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    servers.STARTED.append(parent)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    wait_for(lambda: busy(child), what="work on the photo")
    parent.kill()
    parent.wait()
    wait_for(lambda: not Path(f"/proc/{child}").exists() or " Z " in Path(f"/proc/{child}/stat").read_text())


def test_a_disk_that_does_not_take_the_renditions_is_not_the_photos_fault(studio: Studio, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "original").write_bytes(GOOD)
    with (tmp_path / "original").open("rb") as file, pytest.raises(StoreUnavailable):
        studio.worker.make(file, tmp_path / "file/thumb.webp", tmp_path / "file/large.webp")


# The sandbox


def test_the_child_has_nothing_of_our_environment_and_no_rights(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDPROOF_SECRET_KEY", "do-not-hand-on")
    studio.make(GOOD)
    process = Path(f"/proc/{studio.worker.pid}")
    assert b"FIELDPROOF" not in (process / "environ").read_bytes()
    assert (process / "cwd").readlink() == Path("/")
    status = dict(line.split(":\t", 1) for line in (process / "status").read_text().splitlines() if ":\t" in line)
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
    assert "0" not in status["Uid"].split()
    limits = (process / "limits").read_text()
    for name, value in {"core file size": 0, "file size": 0, "processes": 0, "address space": 1536 << 20}.items():
        assert f"Max {name}".ljust(26) + str(value) in limits


BREAK_OUT = """
import json, os, resource, socket, sys
from webapp.evidence import sandbox

sandbox.limit()
done, escaped = sandbox.lock(os.getppid()), []

def attempt(name, action):
    try:
        action()
        escaped.append(name)
    except (OSError, MemoryError, ValueError):
        pass

attempt("no_files", lambda: open("/etc/hosts"))
attempt("no_files", lambda: open(sys.argv[1], "w"))
attempt("no_files", lambda: os.listdir("/"))
attempt("no_files", lambda: os.execv("/bin/true", ["true"]))
attempt("no_network", lambda: socket.socket().connect(("127.0.0.1", int(sys.argv[2]))))
attempt("fork", os.fork)
attempt("memory", lambda: bytearray(2 << 30))
attempt("limits", lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096)))
print(json.dumps([done, escaped]))
"""


def test_code_that_runs_in_the_child_reaches_no_file_no_network_and_no_further_process(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        arguments = [str(tmp_path / "new"), str(listener.getsockname()[1])]
        run = [sys.executable, "-I", "-c", BREAK_OUT, *arguments]
        done, escaped = json.loads(subprocess.run(run, capture_output=True, check=True, timeout=30).stdout)
    # Where the system does not permit a guard, `lock` does not claim it.
    assert not set(escaped) & {*done, "memory", "limits"}
    if os.geteuid() == 0:
        assert "fork" not in escaped
        assert {"not_root", "no_capabilities"} <= set(done)


# Each answers to the first photo as somebody would who had broken into the child.
LIES = {
    "no JSON": b"hello\n",
    "no end": b"x" * 10_000,
    "a number out of all bounds": b'{"width": 1e999, "height": 1, "facts": {}, "sizes": [1, 1]}\n',
    "a size that would fill our memory": b'{"width": 1, "height": 1, "facts": {}, "sizes": [9999999999, 1]}\n',
    "a truth for a number": b'{"width": true, "height": 1, "facts": {}, "sizes": [1, 1]}\n',
    "a script for a rendition": b'{"width": 1, "height": 1, "facts": {}, "sizes": [8, 8]}\n<script><script>',
    "a reason of its own": b'{"refused": "<script>"}\n',
    "a list": b"[]\n",
    "deep nesting": b"[" * 4_000 + b"\n",
    "silence": b"",
}
LIAR = """
import socket, sys
line = socket.socket(fileno=0)
line.sendall(b'{"ready": []}\\n')
line.recv(1)
lie = bytes.fromhex(sys.argv[1])
line.sendall(lie)
# Whoever says nothing hangs up; the others wait to be believed.
lie and line.recv(1)
"""


@pytest.mark.parametrize("lie", LIES)
def test_a_child_that_lies_is_not_believed(tmp_path: Path, lie: str) -> None:
    studio = Studio(tmp_path, command=(sys.executable, "-c", LIAR, LIES[lie].hex()))
    assert studio.make(GOOD) == Refused("crashed")
    assert not list(tmp_path.glob("*.webp"))
    studio.worker.close()


def test_facts_of_a_child_that_lies_are_left_out(tmp_path: Path) -> None:
    body = b"RIFF\x1a\0\0\0WEBPVP8L" + bytes(18)
    facts = {"make": "a\nb", "model": "x" * 65, "taken_at": 7, "evil": "x", "has_gps": "yes"}
    head = json.dumps({"width": 1, "height": 1, "facts": facts, "sizes": [len(body)] * 2}).encode()
    studio = Studio(tmp_path, command=(sys.executable, "-c", LIAR, (head + b"\n" + body * 2).hex()))
    assert studio.make(GOOD) == Made(1, 1, {"has_gps": False})
    studio.worker.close()


def test_a_child_that_cannot_start_is_held_against_no_photo(tmp_path: Path) -> None:
    for command in ((sys.executable, "-c", "raise SystemExit(3)"), ("/no/such/python",)):
        studio = Studio(tmp_path, command=command)
        with pytest.raises(WorkerUnavailable, match="does not start"):
            studio.make(GOOD)
        studio.worker.close()


# Many of them


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])])
def test_every_hostile_image_is_made_or_refused_and_memory_stays_flat(
    studio: Studio, tmp_path: Path, count: int
) -> None:
    """By hand: `python -m tests.hostile 10000`."""
    outcome = feed(studio.worker, tmp_path, hostile_files(seed=count, count=count))
    assert outcome.made + outcome.refused.total() == count
    # A generator of mere rubbish, or of good photos, would prove little.
    assert outcome.made > count / 10
    assert {"unreadable", "truncated", "too_many_pixels"} <= set(outcome.refused)
    assert outcome.refused["crashed"] == 0
    assert max(outcome.memory) < 3 * min(outcome.memory)
    assert studio.make(GOOD) == MADE
