"""collector.db itself: what a commit promises, how large it and its log become, and files of earlier versions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import orjson
import pytest

from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.stores.collector_db import (
    MIGRATIONS,
    connect,
    get_meta,
    last_received_at,
    open_collector_db,
    transaction,
)
from collector.stores.influx import InfluxDestination
from collector.stores.outbox import Outbox
from collector.stores.reading_table import ReadingTable
from tests.clocked import LIBRARY, LIMIT, NOON, VOCABULARY, Clocked

MB = 1_000_000


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Clocked]:
    plant = Clocked(tmp_path / "collector.db")
    yield plant
    plant.close()


def store(plant: Clocked, readings: range) -> None:
    """In commits of a thousand, as the receive loop makes them under load."""
    for start in range(readings.start, readings.stop, 1_000):
        numbers = range(start, min(start + 1_000, readings.stop))
        plant.commit(*(plant.message(7.0, NOON - 86_400_000 + number) for number in numbers))


def fill(db: sqlite3.Connection, megabytes: int) -> None:
    for _ in range(megabytes):
        with transaction(db):
            db.execute("INSERT INTO raw_block VALUES (NULL, 0, 0, 1, zeroblob(?))", (MB,))


def log_size(db: sqlite3.Connection) -> int:
    (path,) = [row[2] for row in db.execute("PRAGMA database_list") if row[1] == "main"]
    return Path(f"{path}-wal").stat().st_size


def test_a_commit_is_on_disk_before_it_returns(tmp_path: Path) -> None:
    with closing(open_collector_db(tmp_path / "collector.db")) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA synchronous").fetchone() == (2,)


def test_a_reading_takes_little_more_than_its_numbers(plant: Clocked) -> None:
    """With text keys, or a rowid and an index, it would be 45 to 90 bytes."""
    table = ReadingTable(plant.db)
    template = plant.message(7.0, NOON).readings[0]
    with transaction(plant.db):
        (before,) = plant.db.execute("PRAGMA page_count").fetchone()
        table.store(template._replace(observed_at=NOON + number) for number in range(50_000))
        (after,) = plant.db.execute("PRAGMA page_count").fetchone()
    (size,) = plant.db.execute("PRAGMA page_size").fetchone()
    assert (after - before) * size / 50_000 < 40


def test_the_log_stays_small_while_readers_come_and_go(plant: Clocked, tmp_path: Path) -> None:
    with closing(connect(tmp_path / "collector.db", read_only=True)) as reader:
        for start in range(0, 20_000, 1_000):
            store(plant, range(start, start + 1_000))
            fill(plant.db, 4)
            assert reader.execute("SELECT count(*) FROM reading").fetchone() == (start + 1_000,)
    # It is written back at 16 MB; the commit that goes beyond is still in it.
    assert log_size(plant.db) < 24 * MB


def test_a_reader_that_does_not_end_stops_nothing_and_the_log_shrinks_when_it_has(
    plant: Clocked, tmp_path: Path
) -> None:
    store(plant, range(1_000))
    with closing(connect(tmp_path / "collector.db", read_only=True)) as reader:
        reader.execute("BEGIN")
        assert reader.execute("SELECT count(*) FROM reading").fetchone() == (1_000,)
        store(plant, range(1_000, 50_000))
        fill(plant.db, 100)
        assert reader.execute("SELECT count(*) FROM reading").fetchone() == (1_000,)
        assert log_size(plant.db) > 100 * MB
    assert plant.committer.stats.stored == 50_000
    # The first commit writes the log back, the second begins it anew.
    fill(plant.db, 2)
    assert log_size(plant.db) <= 64 * 1024 * 1024


# -- a file of the first version ---------------------------------------------------------------------------------------

BROKER = "127.0.0.1:1883"
READINGS = [["dairy.effluent", "ph", "dairy", NOON + n, value, 0, 0, NOON] for n, value in enumerate((7.25, 7.5))]
FIRST = f"""
INSERT INTO meta VALUES ('session', '{BROKER}'), ('last_received_at', '{NOON}'), ('topic_filters', 'a/# b/#'),
    ('id', 'c-1'), ('forwarding_since.influx', '5'), ('forwarding_since.site', '5');
INSERT INTO device VALUES ('dairy.effluent', 'effluent', 'fieldproof-plain', 'dairy', 1, 2);
INSERT INTO series VALUES (1, 'dairy.effluent', 'ph');
INSERT INTO reading VALUES (1, {NOON}, 7.25, 0, 0, {NOON}), (1, {NOON + 1}, 7.5, 0, 0, {NOON});
INSERT INTO conflict VALUES (1, {NOON}, 9.0, 0, 0, {NOON});
INSERT INTO dead_letter VALUES ('d', 't', 'dairy', 'not_json', 'x', x'00', 1, 2, 3);
INSERT INTO raw_block VALUES (1, 1, 2, 1, x'00');
INSERT INTO limit_state VALUES ('l', 1, 'active', 1, 2, 9.5, 9.5, 'a');
INSERT INTO alarm_transition VALUES ('t', 'a', 'raised', 1, 1, 1, NULL, NULL, 9.5);
INSERT INTO applied_command VALUES ('k', 1, 1);
INSERT INTO config_snapshot VALUES (3, x'7b7d', 1);
INSERT INTO lane VALUES ('influx', 0, NULL), ('site', 0, NULL);
"""


def received(value: float, packet: int, *, again: bool = False) -> Processed:
    content = orjson.dumps({"values": {"ph": value}})
    message = Message("fieldproof/dairy/effluent/readings", content, 1, packet, again, False, 1, NOON, BROKER)
    return Pipeline(LIBRARY, VOCABULARY).process(message)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """As the first version left it: with a session, a delivery that is known, and readings that nobody has had yet."""
    path = tmp_path / "old.db"
    message = received(7.0, packet=11).message
    with closing(sqlite3.connect(path)) as db:
        db.executescript(MIGRATIONS[0] + FIRST)
        row = ("a", "l", orjson.dumps(LIMIT), NOON, None, None, None, 9.5, 9.5, 1)
        db.execute("INSERT INTO alarm VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
        db.execute("INSERT INTO delivery (packet_id, digest) VALUES (?, ?)", (message.packet_id, message.digest))
        body = orjson.dumps(READINGS)
        db.execute("INSERT INTO outbox (created_at, kind, count, body) VALUES (1, 'readings', 2, ?)", (body,))
        db.execute("PRAGMA user_version=1")
        db.commit()
    return path


def everything(db: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    tables = [name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table' ORDER BY name")]
    return {name: db.execute(f"SELECT * FROM {name}").fetchall() for name in tables if not name.startswith("sqlite_")}


def test_a_file_of_the_first_version_is_brought_up_to_date_and_loses_nothing(old: Path) -> None:
    with closing(sqlite3.connect(old)) as db:
        before = everything(db)
    with closing(open_collector_db(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS),)
        after = everything(db)
        assert last_received_at(db) == NOON
        assert get_meta(db, f"session.{BROKER}") == "1"
        assert get_meta(db, f"topic_filters.{BROKER}") == "a/# b/#"
    moved = ("meta", "delivery")
    assert {name: after[name] for name in before if name not in moved} == {
        name: rows for name, rows in before.items() if name not in moved
    }
    renamed = {"session": "1", "last_received_at": str(NOON), "topic_filters": "a/# b/#"}
    kept = [(key, value) for key, value in before["meta"] if key not in renamed]
    kept.append((f"deliveries.{BROKER}", "1"))
    assert sorted(after["meta"]) == sorted([*kept, *((f"{key}.{BROKER}", value) for key, value in renamed.items())])
    assert after["delivery"] == [(*row, BROKER, row[0]) for row in before["delivery"]]


def test_a_redelivery_of_before_the_update_is_told_after_it(old: Path) -> None:
    with closing(Clocked(old)) as plant:
        plant.commit(received(7.0, packet=11, again=True))
        assert plant.committer.stats.redelivered == 1
        assert len(plant.rows()) == len(READINGS)


def test_readings_that_waited_before_the_update_go_to_both_destinations(old: Path) -> None:
    with closing(Clocked(old, site=True)) as plant:
        plant.forward()
        assert plant.latest() == (NOON + 1, 7.5, "good")
        found = Outbox(plant.db, "influx", InfluxDestination.kinds).next_batch(1_000)
        assert found is not None
        assert [entry.body for entry in found.entries] == [READINGS]


def test_dead_letters_are_counted_without_a_look_at_their_payloads(tmp_path: Path) -> None:
    with closing(open_collector_db(tmp_path / "collector.db")) as db:
        statement = "SELECT reason, sum(count) FROM dead_letter GROUP BY reason"
        (plan,) = db.execute(f"EXPLAIN QUERY PLAN {statement}").fetchall()
    assert "USING COVERING INDEX dead_letter_reason" in plan[3]
