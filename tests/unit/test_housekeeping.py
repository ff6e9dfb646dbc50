"""Housekeeping deletes what is kept elsewhere or has had its time, and nothing else."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from collector.domain.reading import Quality, Reading, Reason
from collector.stores import outbox
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.housekeeping import tidy
from collector.stores.reading_table import ReadingTable

DAY = 86_400_000
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
    tidy(db, NOW, forwarded_since=outbox.forwarding_since(db, "influx"))
    assert days(db) == list(range(100))


def test_readings_from_before_influxdb_was_configured_are_never_deleted(db: sqlite3.Connection) -> None:
    outbox.set_destinations(db, ["site", "influx"], 50 * DAY)
    tidy(db, NOW, forwarded_since=outbox.forwarding_since(db, "influx"))
    assert days(db) == [*range(50), *range(86, 100)]


def test_raw_messages_have_their_time(db: sqlite3.Connection) -> None:
    with transaction(db):
        for day in (80, 99):
            db.execute("INSERT INTO raw_block VALUES (NULL, ?, ?, 1, x'')", (day * DAY, day * DAY))
    tidy(db, NOW, forwarded_since=None)
    assert db.execute("SELECT last_received_at FROM raw_block").fetchall() == [(99 * DAY,)]
