"""Time between collector and site database: zones come with the configuration, and no clock set back stops anything."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, insert, select

from collector.sitedb import snapshot
from collector.sitedb.destination import SiteDestination, upsert_collector
from collector.sitedb.engine import begin_write, make_engine
from collector.sitedb.snapshot import NEVER_TAKEN, Snapshot
from collector.sitedb.tables import Collector, Device, Point, Site
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.entries import Entry
from tests.clocked import HOUR, LIMIT, NOON, SECOND
from webapp.models import Base
from webapp.sites import add_site


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = make_engine(f"sqlite:///{tmp_path / 'site.db'}")
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


def test_the_zone_of_each_site_comes_with_the_configuration(engine: Engine) -> None:
    with engine.connect() as db:
        before = snapshot.config_version(db)
    add_site(engine, "meath", "Meath", "Europe/Dublin")
    with begin_write(engine) as db:
        db.execute(insert(Site), [{"id": "howe", "name": "Howe", "timezone": "Australia/Lord_Howe"}])
    with engine.connect() as db:
        taken = snapshot.take(db)
    assert taken.zones == {"meath": "Europe/Dublin", "howe": "Australia/Lord_Howe"}
    assert taken.version > before


def test_a_cached_configuration_comes_back_with_its_zones(tmp_path: Path) -> None:
    db = open_collector_db(tmp_path / "collector.db")
    kept = Snapshot(3, (LIMIT,), {"d": "meath"}, {"meath": "Europe/Dublin"})
    with transaction(db):
        snapshot.save(db, kept, NOON)
    assert snapshot.load(db) == kept
    db.close()


def test_one_that_an_earlier_version_cached_is_used_and_asked_for_again(tmp_path: Path) -> None:
    db = open_collector_db(tmp_path / "collector.db")
    assert snapshot.load(db).version == NEVER_TAKEN
    with transaction(db):
        snapshot.save(db, Snapshot(3, (LIMIT,), {"d": "meath"}), NOON)
        (body,) = db.execute("SELECT body FROM config_snapshot").fetchone()
        old = {key: value for key, value in orjson.loads(body).items() if key != "zones"}
        db.execute("UPDATE config_snapshot SET body=?", (orjson.dumps(old),))
    assert snapshot.load(db) == Snapshot(NEVER_TAKEN, (LIMIT,), {"d": "meath"}, {})
    db.close()


def test_a_heartbeat_stands_whatever_the_clock_said_before(engine: Engine) -> None:
    beat: dict[str, Any] = {
        "id": "c", "started_at": 1, "connected": True, "broker": "b:1", "config_version": 1, "stats": {},
    }  # fmt: skip
    for at in (NOON + HOUR, NOON):
        with begin_write(engine) as db:
            upsert_collector(db, {**beat, "last_seen_at": at})
    with engine.connect() as db:
        assert db.execute(select(Collector.last_seen_at)).scalar_one() == NOON


def test_a_device_was_last_seen_when_our_clock_says_now(engine: Engine) -> None:
    site = SiteDestination(engine, "c", lambda: NOON)
    for seq, at in enumerate((NOON - SECOND, NOON + HOUR, NOON, NOON - SECOND)):
        body = {
            "id": "d", "source_name": "d", "profile": "p", "site_id": None, "first_seen_at": 1, "last_seen_at": at,
            "stale_after_s": 300,
        }  # fmt: skip
        site.deliver([Entry(seq, "device", body)])
    with engine.connect() as db:
        assert db.execute(select(Device.last_seen_at)).scalar_one() == NOON


@pytest.mark.parametrize("order", ["012", "021", "102", "120", "201", "210"])
@pytest.mark.parametrize("together", [True, False], ids=["in one go", "one by one"])
def test_the_latest_value_is_the_same_in_whatever_order_and_company_readings_are_forwarded(
    engine: Engine, order: str, together: bool
) -> None:
    """Lanes overtake one another, and what a clock that ran ahead left in the future is not the latest."""
    site = SiteDestination(engine, "c", lambda: NOON)
    rows = [(NOON - 2 * SECOND, 1.0), (NOON - SECOND, 2.0), (NOON + HOUR, 3.0)]
    entries = [Entry(1, "latest", [["d", "ph", None, at, value, 0, 0, at]]) for at, value in rows]
    chosen = [entries[int(place)] for place in order]
    for batch in [chosen] if together else [[entry] for entry in chosen]:
        site.deliver(batch)
    with engine.connect() as db:
        assert db.execute(select(Point.value)).scalars().all() == [2.0]
