"""Collectors that are taken out of service are not waited for."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select

from collector.sitedb.tables import Alarm, Collector
from tests.integration.web_fixtures import both_databases
from tests.integration.web_world import MINUTE, NOW
from webapp.collectors import CollectorError, list_collectors, remove_collector
from webapp.db import Database
from webapp.models import AuditEvent
from webapp.silence import LIMIT_ID, look

LATER = NOW + 2 * MINUTE


@both_databases
def test_one_that_is_gone_for_good_is_removed_with_its_alarm_of_silence(engine: Engine) -> None:
    database = Database(engine)
    look(database, LATER)
    open_alarms = select(Alarm.device_id).where(Alarm.limit_id == LIMIT_ID, Alarm.condition == "active")
    with database.read() as db:
        assert db.scalars(open_alarms).all() == ["collector-1"]
    assert [(row.id, row.state) for row in list_collectors(engine, LATER)] == [("collector-1", "silent")]
    remove_collector(engine, "collector-1", LATER)
    assert list_collectors(engine, LATER) == []
    with database.read() as db:
        assert db.scalars(open_alarms).all() == []
        (row,) = db.scalars(select(AuditEvent).where(AuditEvent.action == "collector.remove"))
        assert row.object_id == "collector-1"


def test_one_that_still_reports_is_not_removed(engine: Engine) -> None:
    with Database(engine).write() as db:
        db.get_one(Collector, "collector-1").last_seen_at = LATER
    with pytest.raises(CollectorError, match="stop it first"):
        remove_collector(engine, "collector-1", LATER)
    with pytest.raises(CollectorError, match="there is no collector 'x'"):
        remove_collector(engine, "x", LATER)
