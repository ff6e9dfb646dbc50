"""The demo's seeded past: complete, judged by the collector's own evaluator, and all or nothing."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import orjson
import pytest

from collector.alarms.evaluator import Evaluator
from collector.demo.history import Seeded, seed_history
from collector.demo.past_readings import DAY_MS
from collector.demo.records import DemoSite
from collector.demo.site import load_demo_site
from collector.domain.reading import Quality, Reading, Reason
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import Vocabulary, load_vocabulary
from collector.stores.collector_db import open_collector_db, transaction

NOW = int(datetime(2026, 11, 23, 10, 17, 3, tzinfo=UTC).timestamp()) * 1000
DAYS = 3


@cache
def configs() -> tuple[DemoSite, Vocabulary, Library]:
    vocabulary = load_vocabulary(device_configs())
    return load_demo_site(None, vocabulary), vocabulary, load_library([device_configs()], vocabulary)


def seed(db: sqlite3.Connection, days: int = DAYS) -> Seeded | None:
    return seed_history(db, *configs(), NOW, days)


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    db = open_collector_db(tmp_path_factory.mktemp("history") / "collector.db")
    seed(db)
    yield db
    db.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    db = open_collector_db(tmp_path / "collector.db")
    yield db
    db.close()


def test_every_point_has_a_reading_for_every_step_up_to_the_last_one_before_now(seeded: sqlite3.Connection) -> None:
    site = configs()[0]
    steps = {device.id: device.history_s * 1000 for device in site.devices}
    rows = seeded.execute(
        "SELECT device, metric, count(*), min(observed_at), max(observed_at) FROM reading"
        " JOIN series ON series.id = series_id GROUP BY series_id"
    ).fetchall()
    assert {f"{row[0]}/{row[1]}" for row in rows} >= {*site.signals.points, *site.signals.counters}
    for device, _, count, first, last in rows:
        step = steps[device]
        assert first - (NOW - DAYS * DAY_MS) < step
        assert NOW - last <= step + 1_000
        assert count == (last - first) // step + 1


def test_seeding_again_changes_nothing(seeded: sqlite3.Connection) -> None:
    before = seeded.execute("SELECT count(*) FROM reading").fetchone()
    assert seed(seeded) is None
    assert seeded.execute("SELECT count(*) FROM reading").fetchone() == before


def test_the_count_that_is_reported_is_the_count_that_is_stored(empty: sqlite3.Connection) -> None:
    result = seed(empty, 1)
    assert result is not None
    assert empty.execute("SELECT count(*) FROM reading").fetchone() == (result.readings,)
    assert empty.execute("SELECT count(*) FROM alarm").fetchone() == (result.alarms,)


def test_an_interrupted_seeding_leaves_nothing_and_the_next_one_is_complete(empty: sqlite3.Connection) -> None:
    # The disk is full after some pages: a real fault, in the middle of the transaction.
    pages = empty.execute("PRAGMA page_count").fetchone()[0]
    empty.execute(f"PRAGMA max_page_count={pages + 60}")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        seed(empty)
    for table in ("reading", "alarm", "outbox", "meta", "device"):
        assert empty.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)
    empty.execute("PRAGMA max_page_count=1073741823")
    assert seed(empty, 1) is not None


def test_about_one_alarm_an_hour_was_raised(seeded: sqlite3.Connection) -> None:
    hours = Counter(hour for (hour,) in seeded.execute("SELECT raised_at / 3600000 FROM alarm"))
    assert 0.85 <= sum(hours.values()) / (DAYS * 24) <= 1.25
    assert len(hours) >= 0.85 * DAYS * 24


def test_all_but_the_newest_alarm_were_acknowledged_with_a_note(seeded: sqlite3.Connection) -> None:
    rows = seeded.execute(
        "SELECT id, raised_at, acknowledged_at, acknowledged_by FROM alarm ORDER BY raised_at"
    ).fetchall()
    *older, newest = rows
    assert newest[2] is None
    assert all(raised <= at <= NOW and by == "inspector" for _, raised, at, by in older)
    notes = seeded.execute("SELECT alarm_id, note FROM alarm_transition WHERE kind='acknowledged'").fetchall()
    assert {alarm for alarm, _ in notes} == {row[0] for row in older}
    assert all(note and len(note) > 10 for _, note in notes)


def test_alarms_are_those_that_judging_every_single_reading_gives(
    seeded: sqlite3.Connection, empty: sqlite3.Connection
) -> None:
    judge = Evaluator(empty)
    with transaction(empty):
        judge.configure(configs()[0].limits, NOW)
        for row in seeded.execute(
            "SELECT device, metric, observed_at, value, quality, reasons, received_at FROM reading"
            " JOIN series ON series.id = series_id ORDER BY observed_at"
        ):
            device, metric, at, value, quality, reasons, received = row
            judge.take([Reading(device, metric, at, value, Quality(quality), Reason(reasons), received)])
        judge.flush()
    what = "SELECT id, limit_id, raised_at, cleared_at, peak FROM alarm ORDER BY id"
    assert empty.execute(what).fetchall() == seeded.execute(what).fetchall()
    state = "SELECT limit_id, phase, last_at, value FROM limit_state ORDER BY 1"
    assert empty.execute(state).fetchall() == seeded.execute(state).fetchall()


def test_the_site_database_is_told_of_devices_latest_values_and_each_alarm_once(seeded: sqlite3.Connection) -> None:
    kinds = Counter(kind for (kind,) in seeded.execute("SELECT kind FROM outbox"))
    alarms = seeded.execute("SELECT count(*) FROM alarm").fetchone()[0]
    transitions = seeded.execute("SELECT count(*) FROM alarm_transition").fetchone()[0]
    assert kinds == {"device": 5, "latest": 1, "alarm": alarms, "transition": transitions}
    (body,) = seeded.execute("SELECT body FROM outbox WHERE kind='latest'").fetchone()
    series = seeded.execute("SELECT count(*) FROM series").fetchone()[0]
    latest = orjson.loads(body)
    assert len({(row[0], row[1]) for row in latest}) == len(latest) == series
    assert all(NOW - row[3] <= 301_000 for row in latest)
