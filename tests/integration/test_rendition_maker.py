"""From a photo that was received to one that can be looked at: claimed, made, noted, and made again."""

from __future__ import annotations

import hashlib
import io
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.images import encoded, exif_block, halves
from tests.integration.web_fixtures import FakeClock, Web, both_databases
from tests.integration.web_world import NOW
from tests.servers import wait_for
from webapp.db import Database
from webapp.evidence.maker import CLAIM_MS, RenditionMaker, ask_again
from webapp.evidence.photo_store import FolderPhotoStore
from webapp.evidence.renditions import ImageWorker, WorkerUnavailable
from webapp.models import Photo

GOOD = encoded(halves(900, 600), "JPEG", exif=exif_block(6))


class Darkroom:
    """Photos in a store and a database, and the maker between them."""

    def __init__(self, database: Database, folder: Path, clock: FakeClock) -> None:
        self.database, self.clock, self.folder = database, clock, folder
        self.store = FolderPhotoStore(folder)
        self.makers: list[RenditionMaker] = []
        self.maker = self.another()

    def another(self, worker: ImageWorker | None = None) -> RenditionMaker:
        self.makers.append(RenditionMaker(self.database, self.store, self.clock, worker))
        return self.makers[-1]

    def receive(self, content: bytes = GOOD, received_at: int = NOW) -> str:
        sha256 = hashlib.sha256(content).hexdigest()
        stored = self.store.put(io.BytesIO(content), sha256)
        with self.database.write() as db:
            db.add(
                Photo(
                    sha256=sha256, size=stored.size, mime=stored.mime, rendition="pending", received_at=received_at,
                    audit_head="1:0",
                )
            )  # fmt: skip
        return sha256

    def photo(self, sha256: str) -> Photo:
        with self.database.read() as db:
            return db.get_one(Photo, sha256)

    def states(self) -> dict[str, str]:
        with self.database.read() as db:
            return {photo.sha256: photo.rendition for photo in db.query(Photo)}


@pytest.fixture
def room(web: Web, tmp_path: Path) -> Iterator[Darkroom]:
    made = Darkroom(web.parts.db, tmp_path / "photos", web.clock)
    yield made
    for maker in made.makers:
        maker.stop()


@both_databases
def test_a_photo_that_was_received_becomes_one_to_look_at(room: Darkroom) -> None:
    sha256 = room.receive()
    assert room.maker.make_next()
    photo = room.photo(sha256)
    assert (photo.rendition, photo.rendition_reason, photo.claimed_at) == ("ready", None, None)
    assert (photo.width, photo.height) == (600, 900)
    assert photo.exif == {"taken_at": "2026:11:25 10:42:07", "make": "Nokia", "model": "7650", "has_gps": True}
    assert room.store.rendition(sha256, "thumb").stat().st_size > 100
    assert room.store.rendition(sha256, "large").stat().st_size > 100
    assert not room.maker.make_next()


def test_a_photo_that_cannot_be_shown_says_why_and_does_not_hold_up_the_next(room: Darkroom) -> None:
    bad, good = room.receive(GOOD[: len(GOOD) // 2], NOW - 1), room.receive()
    while room.maker.make_next():
        pass
    assert room.states() == {bad: "none", good: "ready"}
    photo = room.photo(bad)
    assert (photo.rendition_reason, photo.width, photo.exif, photo.claimed_at) == ("truncated", None, None, None)
    assert room.store.check(bad)


def test_the_oldest_is_made_first(room: Darkroom) -> None:
    late, early = room.receive(GOOD, NOW), room.receive(encoded(halves(8, 8), "PNG"), NOW - 5)
    room.maker.make_next()
    assert room.states() == {early: "ready", late: "pending"}


@both_databases
def test_several_processes_share_the_work_and_none_is_made_twice(room: Darkroom) -> None:
    photos = [room.receive(encoded(halves(20 + number, 20), "PNG"), NOW + number) for number in range(12)]
    counts = [0, 0, 0]

    def work(number: int, maker: RenditionMaker) -> None:
        while maker.make_next():
            counts[number] += 1

    makers = [room.maker, room.another(), room.another()]
    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(makers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 12
    assert room.states() == dict.fromkeys(photos, "ready")


def test_the_claim_of_a_killed_process_ends_by_itself(room: Darkroom) -> None:
    sha256 = room.receive()
    with room.database.write() as db:
        db.execute(update(Photo).values(claimed_at=NOW))
    room.clock.now = NOW + CLAIM_MS - 1
    assert not room.maker.make_next()
    room.clock.advance(1)
    assert room.maker.make_next()
    assert room.photo(sha256).rendition == "ready"


def test_whoever_lost_its_claim_notes_nothing(room: Darkroom) -> None:
    """A process that was asleep for minutes comes back while another one is at it."""
    sha256 = room.receive()
    claim = room.maker._claim()
    assert claim == (sha256, room.clock.now)
    room.clock.advance(CLAIM_MS)
    other = room.another()
    assert other._claim() == (sha256, room.clock.now)
    room.maker._note(sha256, claim[1], room.maker._make(sha256))
    assert room.photo(sha256).rendition == "pending"
    other._note(sha256, room.clock.now, other._make(sha256))
    assert room.photo(sha256).rendition == "ready"


@both_databases
def test_a_rendition_that_is_gone_is_made_again(room: Darkroom) -> None:
    sha256 = room.receive()
    with room.database.write() as db:
        assert not ask_again(db, sha256)
    room.maker.make_next()
    room.store.rendition(sha256, "thumb").unlink()
    with room.database.write() as db:
        assert ask_again(db, sha256)
        assert not ask_again(db, sha256)
    assert room.photo(sha256).rendition == "pending"
    room.maker.make_next()
    assert room.photo(sha256).rendition == "ready"
    assert room.store.rendition(sha256, "thumb").exists()


def test_a_missing_original_is_no_reason_to_give_up_and_holds_up_nobody(
    room: Darkroom, caplog: pytest.LogCaptureFixture
) -> None:
    """The folder may only not be mounted."""
    missing, good = room.receive(GOOD, NOW - 1), room.receive(encoded(halves(8, 8), "PNG"))
    away = room.store.path(missing).rename(room.folder / "elsewhere")
    while room.maker.make_next():
        pass
    assert room.states() == {missing: "pending", good: "ready"}
    assert "original missing" in caplog.text
    away.rename(room.store.path(missing))
    room.clock.advance(CLAIM_MS)
    room.maker.make_next()
    assert room.photo(missing).rendition == "ready"


def test_a_worker_that_cannot_start_costs_no_photo_its_rendition(room: Darkroom) -> None:
    sha256 = room.receive()
    broken = room.another(ImageWorker(command=(sys.executable, "-c", "raise SystemExit(3)")))
    with pytest.raises(WorkerUnavailable):
        broken.make_next()
    assert room.photo(sha256).rendition == "pending"
    room.clock.advance(CLAIM_MS)
    room.maker.make_next()
    assert room.photo(sha256).rendition == "ready"


# Says that it is ready, and dies with the first photo; from the second start on it is the real one.
DIES_ONCE = """
import os, pathlib, socket, sys
mark = pathlib.Path(sys.argv[1])
if mark.exists():
    from webapp.evidence import image_worker
    sys.argv = sys.argv[1:]
    image_worker.main()
else:
    mark.touch()
    line = socket.socket(fileno=0)
    line.sendall(b'{"ready": []}\\n')
    line.recv(1)
    os._exit(1)
"""


def test_a_child_that_was_killed_from_outside_costs_no_photo_its_rendition(room: Darkroom, tmp_path: Path) -> None:
    sha256 = room.receive()
    worker = ImageWorker(command=(sys.executable, "-c", DIES_ONCE, str(tmp_path / "mark")))
    assert room.another(worker).make_next()
    assert (tmp_path / "mark").exists()
    assert room.photo(sha256).rendition == "ready"


def test_a_photo_that_kills_every_child_is_given_up(room: Darkroom) -> None:
    dies = """import socket; s = socket.socket(fileno=0); s.sendall(b'{"ready": []}\\n'); s.recv(1)"""
    sha256 = room.receive()
    room.another(ImageWorker(command=(sys.executable, "-c", dies))).make_next()
    assert (room.photo(sha256).rendition, room.photo(sha256).rendition_reason) == ("none", "crashed")


def test_the_thread_makes_what_is_there_and_what_comes(room: Darkroom) -> None:
    first = room.receive()
    room.maker.start()
    wait_for(lambda: room.photo(first).rendition == "ready", what="the first rendition")
    second = room.receive(encoded(halves(8, 8), "PNG"))
    room.maker.check_soon()
    # Sooner than it would have looked by itself.
    wait_for(lambda: room.photo(second).rendition == "ready", seconds=4, what="the second rendition")
    room.maker.stop()


def test_the_thread_outlives_a_database_that_is_away(room: Darkroom, caplog: pytest.LogCaptureFixture) -> None:
    sha256 = room.receive()
    with room.database.engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE photo RENAME TO photo_away")
    room.maker.start()
    wait_for(lambda: "renditions paused" in caplog.text, what="the pause")
    with room.database.engine.begin() as db:
        db.exec_driver_sql("ALTER TABLE photo_away RENAME TO photo")
    room.maker.check_soon()
    wait_for(lambda: room.photo(sha256).rendition == "ready", what="the rendition")
