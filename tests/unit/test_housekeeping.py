"""Housekeeping deletes what is kept elsewhere or has had its time, and nothing else."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.domain.reading import Quality, Reading, Reason
from collector.stores import housekeeping, outbox
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.housekeeping import BUFFER_DAYS, EVERY_MS, Housekeeping
from collector.stores.reading_table import ReadingTable

HOUR, DAY = 3_600_000, 86_400_000
NOW = 100 * DAY


@pytest.fixture
def db(tmp_path: Path) -> sqlite3.Connection:
    db = open_collector_db(tmp_path / "collector.db")
    table = ReadingTable(db)
    with transaction(db):
        for day in range(100):
            table.store([Reading("d", "ph", day * DAY, 7.0, Quality.GOOD, Reason.NONE, day * DAY)])
    return db


def days(db: sqlite3.Connection) -> list[int]:
    return [at // DAY for (at,) in db.execute("SELECT observed_at FROM reading ORDER BY observed_at")]


def test_without_a_long_term_store_every_reading_is_kept(db: sqlite3.Connection) -> None:
    Housekeeping(db).tidy(NOW, forwarded_since=outbox.forwarding_since(db, "influx"))
    assert days(db) == list(range(100))


def test_readings_from_before_influxdb_was_configured_are_never_deleted(db: sqlite3.Connection) -> None:
    outbox.set_destinations(db, ["site", "influx"], 50 * DAY)
    Housekeeping(db).tidy(NOW, forwarded_since=outbox.forwarding_since(db, "influx"))
    assert days(db) == [*range(50), *range(86, 100)]


def test_raw_messages_have_their_time(db: sqlite3.Connection) -> None:
    with transaction(db):
        for day in (80, 99):
            db.execute("INSERT INTO raw_block VALUES (NULL, ?, ?, 1, x'')", (day * DAY, day * DAY))
    Housekeeping(db).tidy(NOW, forwarded_since=None)
    assert db.execute("SELECT last_received_at FROM raw_block").fetchall() == [(99 * DAY,)]


@pytest.fixture
def looks(db: sqlite3.Connection) -> Iterator[list[str]]:
    """The statements that look at readings."""
    found: list[str] = []
    db.set_trace_callback(lambda sql: found.append(sql) if "FROM reading" in sql else None)
    yield found
    db.set_trace_callback(None)


def test_what_is_kept_for_good_is_not_looked_at_every_time(db: sqlite3.Connection, looks: list[str]) -> None:
    keeper = Housekeeping(db)
    keeper.tidy(NOW, forwarded_since=90 * DAY)
    assert looks
    looks.clear()
    for later in range(1, 360):
        keeper.tidy(NOW + later * EVERY_MS, forwarded_since=90 * DAY)
    assert not looks
    assert days(db) == list(range(100))


def test_readings_go_when_they_have_had_their_time_and_at_most_an_hour_later(db: sqlite3.Connection) -> None:
    keeper = Housekeeping(db)
    for hour in range(14 * 24 + 2):
        now = NOW + hour * HOUR
        keeper.tidy(now, forwarded_since=50 * DAY)
        assert not [day for day in days(db) if day >= 50 and day * DAY < now - BUFFER_DAYS * DAY - HOUR]
    assert days(db) == list(range(50))


def test_what_came_late_is_found_within_a_day(db: sqlite3.Connection) -> None:
    keeper = Housekeeping(db)
    keeper.tidy(NOW, forwarded_since=50 * DAY)
    with transaction(db):
        late = Reading("d", "ph", 60 * DAY + 1, 7.0, Quality.GOOD, Reason.NONE, NOW)
        ReadingTable(db).store([late])
    keeper.tidy(NOW + DAY, forwarded_since=50 * DAY)
    assert days(db) == [*range(50), *range(87, 100)]


@pytest.mark.parametrize("at_once", [1, 7, 50])
def test_a_call_does_a_bounded_share_and_the_next_goes_on_from_there(
    db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(housekeeping, "_READINGS_CHUNK", at_once)
    with transaction(db):
        ReadingTable(db).store(
            Reading("e", "ph", day * DAY, 7.0, Quality.GOOD, Reason.NONE, day * DAY) for day in range(100)
        )
    keeper = Housekeeping(db)
    for _ in range(2 * 86 // at_once + 3):
        before = len(days(db))
        keeper.tidy(NOW, forwarded_since=50 * DAY)
        assert before - len(days(db)) <= at_once
    assert days(db) == sorted([*range(50), *range(86, 100)] * 2)


def test_what_could_not_be_deleted_is_looked_at_again(db: sqlite3.Connection) -> None:
    keeper = Housekeeping(db)
    with transaction(db):
        ReadingTable(db).store([Reading("e", "ph", 60 * DAY, 7.0, Quality.GOOD, Reason.NONE, 60 * DAY)])
    db.execute("CREATE TRIGGER no BEFORE DELETE ON reading WHEN old.series_id=2 BEGIN SELECT raise(ABORT, 'no'); END")
    with pytest.raises(sqlite3.Error):
        keeper.tidy(NOW, forwarded_since=50 * DAY)
    assert len(days(db)) == 101
    db.execute("DROP TRIGGER no")
    keeper.tidy(NOW, forwarded_since=50 * DAY)
    assert days(db) == [*range(50), *range(86, 100)]
