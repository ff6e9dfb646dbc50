"""A damaged collector.db is set aside byte for byte, and what can be read of it is carried over into a new one."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import pytest

from collector.alarms.evaluator import Evaluator
from collector.domain.limits import Limit
from collector.errors import StoreUnavailable
from collector.ingest.committer import Committer
from collector.sitedb.snapshot import Snapshot, load, save
from collector.stores import outbox, salvage_readings
from collector.stores.collector_db import connect, get_meta, open_collector_db, set_meta, transaction
from collector.stores.outbox import Outbox
from collector.stores.salvage_readings import ReadingsSalvage
from collector.stores.set_aside import Suspicion, first_fault, open_whole, set_aside_files
from collector.trouble import kind_of

NOW = 1_795_521_600_000
PAGE = 4096
POINTS, EACH = 6, 1_000
LIMIT = Limit("l", 1, "dairy.effluent", "ph", "high", "permit", "high", 9.0, 0.2)
ALARM = "0192-alarm"


def clock() -> int:
    return NOW


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collector.db with something of everything in it."""
    path = tmp_path_factory.mktemp("whole") / "collector.db"
    db = open_collector_db(path)
    with transaction(db):
        set_meta(db, "installation", "abcd1234")
        set_meta(db, "session.broker:1883", "1")
        set_meta(db, "last_received_at.broker:1883", str(NOW - 5_000))
        save(db, Snapshot(7, (LIMIT,), {"dairy.effluent": "dairy"}, {}), NOW)
        fill(db)
    db.close()
    return path


def fill(db: sqlite3.Connection) -> None:
    db.executemany("INSERT INTO series VALUES (?, ?, ?)", [(n, f"dairy.d{n}", "ph") for n in range(1, POINTS + 1)])
    db.executemany("INSERT INTO device VALUES (?, ?, 'p', 'dairy', 1, 2)", [(f"d{n}", f"d{n}") for n in range(500)])
    rows = [(n, NOW - 60_000 * i, i / 7, 0, 0, NOW) for n in range(1, POINTS + 1) for i in range(1, EACH + 1)]
    db.executemany("INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?)", rows)
    db.execute("INSERT INTO conflict VALUES (1, ?, 5.5, 0, 0, ?)", (NOW - 60_000, NOW))
    limit = orjson.dumps(asdict(LIMIT))
    db.execute("INSERT INTO alarm VALUES (?, 'l', ?, 1, NULL, NULL, NULL, 9.5, 9.5, 1)", (ALARM, limit))
    db.execute("INSERT INTO limit_state VALUES ('l', 1, 'active', 1, 2, 9.5, 9.5, ?)", (ALARM,))
    pairs = [(n, n, bytes(16), "broker:1883") for n in range(1, 400)]
    db.executemany("INSERT INTO delivery (seq, packet_id, digest, broker) VALUES (?, ?, ?, ?)", pairs)
    bodies = [(n, NOW, orjson.dumps([f"entry {n}", "x" * 900])) for n in range(401, 601)]
    db.executemany("INSERT INTO outbox VALUES (?, ?, 'latest', 1, ?)", bodies)
    db.execute("INSERT INTO lane VALUES ('site', 400, NULL)")


@pytest.fixture
def file(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "collector.db"))


@pytest.fixture
def opened(file: Path) -> Iterator[list[sqlite3.Connection]]:
    connections: list[sqlite3.Connection] = []
    yield connections
    for db in connections:
        db.close()


def pages_of(file: Path, table: str) -> list[int]:
    """The pages that hold a table's rows, from 1."""
    with closing(sqlite3.connect(file)) as db:
        try:
            return [
                n
                for (n,) in db.execute(
                    "SELECT pageno FROM dbstat WHERE name=? AND pagetype='leaf' ORDER BY path", (table,)
                )
            ]
        except sqlite3.OperationalError:
            pytest.skip("this SQLite was built without dbstat")


def hit(file: Path, *pages: int) -> bytes:
    """Overwrite the beginning of pages; the damaged content."""
    content = bytearray(file.read_bytes())
    for page in pages:
        start = (page - 1) * PAGE
        content[start : start + 300] = random.Random(page).randbytes(300)
    file.write_bytes(content)
    return bytes(content)


def rows(db: sqlite3.Connection, sql: str, *values: Any) -> list[Any]:
    return db.execute(sql, values).fetchall()


def finish_readings(path: Path) -> None:
    thread = ReadingsSalvage(path, clock)
    thread.start()
    thread.join(30)
    assert not thread.is_alive()


def assert_works(path: Path, db: sqlite3.Connection) -> None:
    """A collector can be put together on it, and store."""
    assert first_fault(db, 60) is None
    evaluator = Evaluator(db)
    with transaction(db):
        evaluator.configure(load(db).limits, NOW)
    Committer(db, evaluator, 100, clock).commit([], NOW)


def test_a_whole_file_is_opened_as_it_is(file: Path, opened: list[sqlite3.Connection]) -> None:
    opened.append(open_whole(file, clock))
    assert set_aside_files(file) == []
    assert rows(opened[0], "SELECT count(*) FROM reading") == [(POINTS * EACH,)]
    assert rows(opened[0], "SELECT count(*) FROM outbox") == [(200,)]


@pytest.mark.parametrize("seed", range(5))
def test_damage_anywhere_is_set_aside_byte_for_byte_and_nearly_all_is_carried_over(
    file: Path, opened: list[sqlite3.Connection], seed: int
) -> None:
    page = random.Random(seed).choice(pages_of(file, "reading"))
    damaged = hit(file, page)
    opened.append(open_whole(file, clock))
    (aside,) = set_aside_files(file)
    assert_works(file, opened[0])
    finish_readings(file)
    assert aside.read_bytes() == damaged
    # One page of a table of readings holds some 200.
    assert POINTS * EACH - 400 <= rows(opened[0], "SELECT count(*) FROM reading")[0][0] < POINTS * EACH
    assert rows(opened[0], "SELECT count(*) FROM outbox WHERE kind='latest'") == [(200,)]
    assert rows(opened[0], "SELECT * FROM limit_state") == [("l", 1, "active", 1, 2, 9.5, 9.5, ALARM)]
    assert get_meta(opened[0], "installation") == "abcd1234"
    assert rows(opened[0], "SELECT count(*) FROM conflict") == [(1,)]
    assert events(opened[0]) == ["database_set_aside", "database_salvaged"]


@pytest.mark.parametrize("seeds", [range(30), pytest.param(range(30, 2_000), marks=pytest.mark.slow)])
@pytest.mark.timeout(600)
def test_a_collector_starts_whatever_was_hit(
    whole: Path, tmp_path: Path, seeds: range, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Single bytes and whole pages, also the header and what leads to other pages: then little can be read."""
    monkeypatch.setattr(salvage_readings, "_PAUSE_S", 0)
    for seed in seeds:
        file = tmp_path / str(seed) / "collector.db"
        file.parent.mkdir()
        damaged = damage_at_random(whole.read_bytes(), random.Random(seed))
        file.write_bytes(damaged)
        try:
            db = start(file, None)
        except (sqlite3.Error, StoreUnavailable) as error:
            # Met by the collector itself, as what it wrote and cannot read.
            if kind_of(error, file.parent) != "corrupt":
                raise
            db = start(file, Suspicion("met while running", certain=True))
        finish_readings(file)
        db.close()
        assert [aside.read_bytes() for aside in set_aside_files(file)][:1] in ([], [damaged]), seed


def damage_at_random(content: bytes, chance: random.Random) -> bytes:
    damaged = bytearray(content)
    for _ in range(chance.choice([1, 1, 1, 2, 5, 20])):
        size = chance.choice([1, 1, 4, 50, 300, PAGE, 9_000])
        at = chance.randrange(len(content)) if chance.random() < 0.8 else chance.randrange(PAGE)
        piece = chance.choice([chance.randbytes(size), bytes(size), b"\xff" * size])
        damaged[at : at + size] = piece[: max(0, len(content) - at)]
    return bytes(damaged[: chance.randrange(len(damaged))] if chance.random() < 0.15 else damaged)


def start(file: Path, suspicion: Suspicion | None) -> sqlite3.Connection:
    """Everything that a collector reads at its start, and one commit."""
    db = open_whole(file, clock, suspicion)
    assert_works(file, db)
    outbox.set_destinations(db, ["site"], NOW)
    Outbox(db, "site", ["latest", "event"]).next_batch(10_000)
    return db


def test_what_stands_in_the_log_of_a_damaged_file_is_carried_over_too(
    file: Path, opened: list[sqlite3.Connection]
) -> None:
    live = connect(file)
    with transaction(live):
        set_meta(live, "in the log", "yes")
    killed = killed_copy(file)
    live.close()
    hit(killed, pages_of(file, "reading")[5])
    opened.append(open_whole(killed, clock))
    assert get_meta(opened[0], "in the log") == "yes"
    (aside,) = set_aside_files(killed)
    assert aside.with_name(aside.name + "-wal").exists()


def killed_copy(file: Path) -> Path:
    """The file and its log as a killed collector leaves them."""
    folder = file.parent / "killed"
    folder.mkdir()
    for name in ("collector.db", "collector.db-wal"):
        shutil.copy(file.with_name(name), folder / name)
    return folder / "collector.db"


@pytest.mark.parametrize("table", ["outbox", "delivery", "device", "series", "meta", "config_snapshot", "limit_state"])
def test_of_a_damaged_table_what_lies_around_the_damage_is_carried_over(
    file: Path, opened: list[sqlite3.Connection], table: str
) -> None:
    pages = pages_of(file, table)
    hit(file, pages[len(pages) // 2])
    opened.append(open_whole(file, clock))
    assert len(set_aside_files(file)) == 1
    assert_works(file, opened[0])
    finish_readings(file)
    kept = rows(opened[0], f"SELECT count(*) FROM {table}")[0][0]
    if len(pages) > 3:
        assert kept >= {"outbox": 150, "delivery": 100, "device": 300}[table]
    for other, count in (("device", 500), ("delivery", 399), ("alarm", 1)):
        if other != table:
            assert rows(opened[0], f"SELECT count(*) FROM {other}") == [(count,)]


def events(db: sqlite3.Connection) -> list[str]:
    bodies = rows(db, "SELECT body FROM outbox WHERE kind='event' ORDER BY seq")
    return [orjson.loads(body)["kind"] for (body,) in bodies]


@pytest.mark.parametrize("keep", [100, PAGE - 1, PAGE, 40 * PAGE + 17])
def test_a_truncated_file_is_set_aside(file: Path, opened: list[sqlite3.Connection], keep: int) -> None:
    file.write_bytes(file.read_bytes()[:keep])
    opened.append(open_whole(file, clock))
    assert [aside.stat().st_size for aside in set_aside_files(file)] == [keep]
    assert_works(file, opened[0])
    finish_readings(file)


def test_what_is_no_database_is_set_aside(file: Path, opened: list[sqlite3.Connection]) -> None:
    file.write_bytes(b"nothing that SQLite knows " * 400)
    opened.append(open_whole(file, clock))
    assert len(set_aside_files(file)) == 1
    assert_works(file, opened[0])
    assert events(opened[0]) == ["database_set_aside"]


def test_an_empty_file_is_a_new_one_and_a_log_beside_it_is_kept(file: Path, opened: list[sqlite3.Connection]) -> None:
    log = file.with_name("collector.db-wal")
    log.write_bytes(b"what SQLite would delete" * 100)
    file.write_bytes(b"")
    opened.append(open_whole(file, clock))
    (aside,) = set_aside_files(file)
    assert aside.with_name(aside.name + "-wal").read_bytes() == b"what SQLite would delete" * 100
    assert_works(file, opened[0])


def test_a_move_that_was_interrupted_is_finished_by_the_next_start(
    file: Path, opened: list[sqlite3.Connection]
) -> None:
    log = file.with_name("collector.db-wal")
    log.write_bytes(b"of the file that was moved")
    file.rename(file.with_name("collector.db.corrupt-20261125T000000Z"))
    opened.append(open_whole(file, clock))
    (aside,) = set_aside_files(file)
    assert aside.with_name(aside.name + "-wal").read_bytes() == b"of the file that was moved"
    assert rows(opened[0], "SELECT count(*) FROM outbox WHERE kind='latest'") == [(200,)]


def test_a_salvage_that_was_interrupted_is_done_by_the_next_start_and_once(
    file: Path, opened: list[sqlite3.Connection]
) -> None:
    file.rename(file.with_name("collector.db.corrupt-20261125T000000Z"))
    open_collector_db(file).close()
    for _ in range(2):
        opened.append(open_whole(file, clock))
        assert events(opened[-1]) == ["database_set_aside"]
        assert rows(opened[-1], "SELECT count(*) FROM alarm") == [(1,)]


def test_new_entries_are_forwarded_although_the_outbox_was_empty(file: Path, opened: list[sqlite3.Connection]) -> None:
    """Their numbers go on where the old ones ended: a lane that is further would pass them over."""
    with closing(sqlite3.connect(file)) as db:
        db.execute("DELETE FROM outbox")
        db.execute("UPDATE lane SET after_seq=600")
        db.commit()
    hit(file, pages_of(file, "reading")[5])
    opened.append(open_whole(file, clock))
    batch = Outbox(opened[0], "site", ["event"]).next_batch(10)
    assert batch is not None
    assert [entry.body["kind"] for entry in batch.entries] == ["database_set_aside"]


def test_what_cannot_be_read_any_more_is_not_carried_over(file: Path, opened: list[sqlite3.Connection]) -> None:
    """The structure of a page may be whole and what it holds may not: that must not stop the next start."""
    with closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE alarm SET limit_json='{broken'")
        db.execute("UPDATE limit_state SET phase='nonsense'")
        db.execute("UPDATE outbox SET body='[broken' WHERE seq=500")
        db.commit()
    hit(file, pages_of(file, "reading")[5])
    opened.append(open_whole(file, clock))
    assert_works(file, opened[0])
    assert rows(opened[0], "SELECT count(*) FROM outbox WHERE kind='latest'") == [(199,)]


def test_a_suspicion_is_looked_into_and_believed_when_it_comes_again(
    file: Path, opened: list[sqlite3.Connection]
) -> None:
    open_whole(file, clock, Suspicion("seems damaged", certain=False)).close()
    assert set_aside_files(file) == []
    opened.append(open_whole(file, clock, Suspicion("seems damaged", certain=True)))
    assert len(set_aside_files(file)) == 1
    finish_readings(file)
    assert rows(opened[0], "SELECT count(*) FROM reading") == [(POINTS * EACH,)]


def test_a_salvage_of_readings_goes_on_after_a_stop(file: Path, opened: list[sqlite3.Connection]) -> None:
    opened.append(open_whole(file, clock, Suspicion("seems damaged", certain=True)))
    stopped = ReadingsSalvage(file, clock)
    stopped.stop()
    stopped.start()
    stopped.join(10)
    finish_readings(file)
    finish_readings(file)
    assert rows(opened[0], "SELECT count(*) FROM reading") == [(POINTS * EACH,)]
    assert events(opened[0]) == ["database_set_aside", "database_salvaged"]


def test_committed_transactions_in_a_damaged_log_are_reported(file: Path, opened: list[sqlite3.Connection]) -> None:
    live = connect(file)
    for n in range(50):
        with transaction(live):
            set_meta(live, f"key {n}", "x" * 3_000)
    killed = killed_copy(file)
    live.close()
    log = killed.with_name("collector.db-wal")
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)
    opened.append(open_whole(killed, clock))
    kept = rows(opened[0], "SELECT count(*) FROM meta WHERE key LIKE 'key %'")[0][0]
    assert 0 < kept < 50
    assert events(opened[0]) == ["possible_loss"]
    (damaged,) = killed.parent.glob("collector.db-wal.damaged-*")
    assert damaged.read_bytes() == bytes(content)


@pytest.mark.parametrize("cut", [1, 1_000, 4_120, 5_000])
def test_the_torn_end_of_a_log_is_no_loss(file: Path, opened: list[sqlite3.Connection], cut: int) -> None:
    """Of a transaction that never became durable, and so was not acknowledged."""
    live = connect(file)
    for n in range(20):
        with transaction(live):
            set_meta(live, f"key {n}", "x" * 3_000)
    killed = killed_copy(file)
    log = killed.with_name("collector.db-wal")
    log.write_bytes(log.read_bytes()[:-cut])
    live.close()
    opened.append(open_whole(killed, clock))
    assert events(opened[0]) == []
