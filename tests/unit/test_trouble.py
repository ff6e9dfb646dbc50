"""What keeps the collector from storing is told apart, and said at once, once a minute, and when it is over."""

from __future__ import annotations

import errno
import logging
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from collector.errors import StoreUnavailable
from collector.keeper import keep_running
from collector.stores.collector_db import can_write, connect, get_meta, intact, open_collector_db, set_meta, transaction
from collector.stores.set_aside import Suspicion
from collector.trouble import BeginAgain, Damaged, Kind, Watch, kind_of

Spoil = Callable[[sqlite3.Connection, Path], None]


def fill(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA max_page_count=1")


def forbid(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA query_only=ON")


def lock(db: sqlite3.Connection, path: Path) -> None:
    db.execute("PRAGMA busy_timeout=0")
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    HELD.append(other)


HELD: list[sqlite3.Connection] = []


@pytest.mark.parametrize(("spoil", "kind"), [(fill, "disk_full"), (forbid, "read_only"), (lock, "locked")])
def test_what_sqlite_says_is_told_apart(tmp_path: Path, spoil: Spoil, kind: Kind) -> None:
    path = tmp_path / "collector.db"
    db = open_collector_db(path)
    spoil(db, path)
    with pytest.raises(sqlite3.Error) as raised, transaction(db):
        db.executemany("INSERT INTO meta VALUES (?, ?)", [(f"key {n}", "x" * 1_000) for n in range(1_000)])
    assert kind_of(raised.value, tmp_path) == kind
    assert not db.in_transaction
    while HELD:
        HELD.pop().close()
    db.close()


def test_a_file_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "collector.db"
    path.write_bytes(b"nothing that SQLite knows " * 400)
    with pytest.raises(StoreUnavailable) as raised:
        open_collector_db(path)
    assert kind_of(raised.value, tmp_path) == "corrupt"
    assert not can_write(path)


def test_a_text_that_is_none_and_a_record_that_is_none_are_damage(tmp_path: Path) -> None:
    """SQLite sees nothing wrong with either."""
    db = open_collector_db(tmp_path / "collector.db")
    db.execute("INSERT INTO meta VALUES ('text', CAST(x'ff' AS TEXT))")
    with pytest.raises(sqlite3.Error) as raised:
        get_meta(db, "text")
    assert kind_of(raised.value, tmp_path) == "corrupt"
    with pytest.raises(sqlite3.DatabaseError) as raised, intact("a record"):
        int("no number")
    assert kind_of(raised.value, tmp_path) == "corrupt"
    db.close()


@pytest.mark.parametrize(
    ("number", "place", "kind"),
    [
        (errno.ENOSPC, "collector.lock", "disk_full"),
        (errno.EDQUOT, None, "disk_full"),
        (errno.EROFS, "collector.lock", "read_only"),
        (errno.EACCES, "collector.lock", "unwritable"),
        (errno.ENOENT, "/etc/no-such-certificate.pem", None),
        (errno.ECONNREFUSED, None, None),
    ],
)
def test_what_the_system_says_is_trouble_when_it_is_about_our_folder(
    tmp_path: Path, number: int, place: str | None, kind: Kind | None
) -> None:
    error = OSError(number, "said the system", str(tmp_path / place) if place else None)
    assert kind_of(error, tmp_path) == kind


def test_a_file_of_a_newer_version_is_no_trouble_of_the_disk(tmp_path: Path) -> None:
    assert kind_of(StoreUnavailable("update fieldproof"), tmp_path) is None


def test_it_is_said_at_once_then_once_a_minute_and_when_it_is_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now = [1_000_000]
    watch = Watch(tmp_path, lambda: now[0])
    error = OSError(errno.ENOSPC, "No space left on device")
    with caplog.at_level(logging.WARNING):
        for _ in range(150):
            watch.failed(error, 42)
            now[0] += 1_000
        assert watch.trouble is not None
        event = watch.event(watch.trouble)
        watch.over(watch.trouble)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(":")[0] for line in lines] == ["cannot store, acknowledging nothing"] * 3 + ["storing again"]
    assert "trouble=disk_full" in lines[0]
    assert "seconds=120 messages=42 do=free space on the disk" in lines[2]
    assert "seconds=150.0 attempts=150" in lines[3]
    assert (event["kind"], event["ended_at"] - event["started_at"]) == ("storage_trouble", 150_000)
    assert watch.trouble is None


def test_another_kind_of_trouble_is_said_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    watch = Watch(tmp_path, lambda: 5)
    for number in (errno.ENOSPC, errno.ENOSPC, errno.EROFS):
        watch.failed(OSError(number, "x"), 0)
    assert len(caplog.records) == 2
    assert watch.trouble is not None
    assert watch.trouble.report() == {"kind": "read_only", "detail": "[Errno 30] x", "since": 5}


def test_a_commit_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    """A deferred constraint fails in COMMIT itself, as a full disk may."""
    db = open_collector_db(tmp_path / "collector.db")
    db.execute("PRAGMA foreign_keys=ON")
    db.execute("CREATE TABLE child (parent TEXT REFERENCES meta (key) DEFERRABLE INITIALLY DEFERRED)")
    with pytest.raises(sqlite3.IntegrityError), transaction(db):
        db.execute("INSERT INTO child VALUES ('nobody')")
    with transaction(db):
        set_meta(db, "somebody", "1")
    assert db.execute("SELECT count(*) FROM child").fetchone() == (0,)
    db.close()


def test_what_may_set_aside_is_told_once_and_not_again_when_the_disk_fails_then(tmp_path: Path) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    collector = Scripted([Damaged("a"), Damaged("b"), full, BeginAgain("c"), None])
    keep_running(collector, tmp_path, threading.Event(), lambda: 5, again_s=0)
    assert collector.suspicions == [None, False, True, None, None]


def test_after_an_hour_of_sound_work_what_was_met_before_counts_no_more(tmp_path: Path) -> None:
    now = [0.0]
    endings = [Damaged("a"), Damaged("a year later"), None]
    collector = Scripted(endings, works=lambda: now.__setitem__(0, now[0] + 3_600))
    keep_running(collector, tmp_path, threading.Event(), lambda: 5, again_s=0, monotonic=lambda: now[0])
    assert collector.suspicions == [None, False, False]


def test_a_new_file_is_not_suspected_for_what_was_met_in_the_one_set_aside(tmp_path: Path) -> None:
    believed = Scripted([Damaged("a"), Damaged("a"), Damaged("in the new file"), None])
    keep_running(believed, tmp_path, threading.Event(), lambda: 5, again_s=0)
    assert believed.suspicions == [None, False, True, False]


def test_nor_when_the_damage_was_found_at_the_first_look(tmp_path: Path) -> None:
    found = Scripted([Damaged("a"), Damaged("in the new file"), Damaged("again"), None])

    def look() -> None:
        if len(found.suspicions) == 2:
            (tmp_path / "collector.db.corrupt-20261125T000000Z").touch()

    found.works = look
    keep_running(found, tmp_path, threading.Event(), lambda: 5, again_s=0)
    assert found.suspicions == [None, False, False, True]


class Scripted:
    """A collector that ends as it is told; the last one is told to stop."""

    def __init__(self, endings: list[Exception | None], works: Callable[[], object] = lambda: None) -> None:
        self.endings = endings
        self.works = works
        self.suspicions: list[bool | None] = []

    def __call__(self, watch: Watch, suspicion: Suspicion | None) -> Scripted:
        self.suspicions.append(suspicion.certain if suspicion else None)
        return self

    def run(self, stop: threading.Event) -> None:
        self.works()
        ending = self.endings.pop(0)
        if ending is None:
            stop.set()
        else:
            raise ending


def test_damage_is_looked_for_when_it_is_met_and_believed_when_it_is_met_again(tmp_path: Path) -> None:
    collector = Scripted([BeginAgain("a spoilt connection"), Damaged("malformed"), Damaged("malformed"), None])
    keep_running(collector, tmp_path, threading.Event(), lambda: 5, again_s=0)
    assert collector.suspicions == [None, None, False, True]


def test_what_is_not_about_the_disk_ends_the_collector(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match="update fieldproof"):
        keep_running(
            Scripted([StoreUnavailable("update fieldproof")]), tmp_path, threading.Event(), lambda: 5, again_s=0
        )
