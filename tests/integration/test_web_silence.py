"""The alarm "collector silent", from the heartbeat row to the list."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import func, select

from collector.sitedb.tables import Alarm, AlarmTransition, Collector
from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_world import MINUTE, NOW, SECOND
from webapp import silence
from webapp.silence import SilenceWatch, look

LAST_BEAT = NOW - 2 * SECOND


def beat(web: Web) -> None:
    with web.parts.db.write() as db:
        db.get_one(Collector, "collector-1").last_seen_at = web.clock.now


@both_databases
def test_a_silence_is_raised_seen_acknowledged_and_cleared(web: Web) -> None:
    assert look(web.parts.db, web.clock.now) == 0
    web.clock.advance(2 * MINUTE)
    assert look(web.parts.db, web.clock.now) == 1
    (item,) = [item for item in web.items("/alarms", "inspector") if item["kind"] == "silent"]
    assert item == item | {
        "point": "collector-1/heartbeat",
        "device_name": "collector-1",
        "label": "Heartbeat",
        "unit": "s",
        "site": None,
        "level": "action",
        "priority": "high",
        "threshold": 60.0,
        "state": "active_unacked",
        "raised_at": "2026-11-23T10:00:58.000Z",
        "aspect": None,
        "location": None,
    }
    assert "collector-1" in item["message"]
    beat(web)
    web.clock.advance(SECOND)
    assert look(web.parts.db, web.clock.now) == 1
    shown = web.get(f"/alarms/{item['id']}").json
    assert (shown["state"], shown["cleared_at"]) == ("cleared_unacked", "2026-11-23T10:02:00.000Z")
    assert [row["kind"] for row in shown["transitions"]] == ["raised", "cleared"]


@both_databases
def test_four_processes_that_look_at_once_raise_one_alarm(web: Web) -> None:
    web.clock.advance(2 * MINUTE)
    start = threading.Barrier(4)
    failures: list[Exception] = []

    def one() -> None:
        start.wait()
        try:
            look(web.parts.db, web.clock.now)
        except Exception as error:  # noqa: BLE001 - told to the test below
            failures.append(error)

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with web.parts.db.read() as db:
        assert db.scalar(select(func.count()).select_from(Alarm).where(Alarm.kind == "silent")) == 1
        found = select(func.count()).select_from(AlarmTransition).where(AlarmTransition.alarm_id.not_in(_others(web)))
        assert db.scalar(found) == 1


def _others(web: Web) -> list[str]:
    with web.parts.db.read() as db:
        return list(db.scalars(select(Alarm.id).where(Alarm.kind != "silent")))


def test_looking_again_changes_nothing(web: Web) -> None:
    web.clock.advance(2 * MINUTE)
    look(web.parts.db, web.clock.now)
    web.clock.advance(MINUTE)
    assert look(web.parts.db, web.clock.now) == 0


def test_the_thread_looks_by_itself_and_survives_a_database_that_is_away(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(silence, "LOOK_EVERY_S", 0.05)
    web.clock.advance(2 * MINUTE)
    with web.parts.db.write() as db:
        db.connection().exec_driver_sql("ALTER TABLE collector RENAME TO collector_away")
    watch = SilenceWatch(web.parts.db, web.clock, patience_s=0)
    failed, calls = threading.Event(), threading.Event()
    original = silence.look

    def observed(*args: object) -> int:
        try:
            count = original(*args)  # type: ignore[arg-type]
        except Exception:
            failed.set()
            raise
        if count:
            calls.set()
        return count

    monkeypatch.setattr(silence, "look", observed)
    watch.start()
    try:
        assert failed.wait(10)
        with web.parts.db.write() as db:
            db.connection().exec_driver_sql("ALTER TABLE collector_away RENAME TO collector")
        assert calls.wait(10)
    finally:
        watch.stop()
    assert "silent" in {item["kind"] for item in web.items("/alarms")}
