"""Alarms: the list, the history, and what people do to them."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select

from collector.sitedb.tables import Alarm, AlarmTransition, Command
from tests.integration import web_world as world
from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_world import MINUTE, NOW, PH_ALARM
from webapp.json import iso
from webapp.models import AuditEvent

ACKNOWLEDGE = {"op": "acknowledge", "done_at": "2026-11-23T09:58:00Z", "note": "Valve closed."}
OP = "0190b1a0-0000-7000-8000-000000000001"


def do(web: Web, body: dict[str, Any], op: str = OP, alarm: str = PH_ALARM, who: str = "inspector") -> Any:
    return web.ask("PUT", f"/alarms/{alarm}/ops/{op}", who, json=body)


def apply_in_collector(web: Web, op: str = OP, ack: bool = True) -> None:
    """What the collector writes when it has carried out an operation."""
    row = world.transition(PH_ALARM, "acknowledged", NOW, ident=op, by="inspector", note="Valve closed.")
    row.recorded_at = web.clock.now
    with web.parts.db.write() as db:
        db.add(row)
        alarm = db.get_one(Alarm, PH_ALARM)
        alarm.acknowledged_at, alarm.acknowledged_by = NOW, "inspector"


def end_alarm(web: Web, at: int = NOW - MINUTE) -> None:
    web.add(
        world.transition(PH_ALARM, "cleared", at - MINUTE),
        world.transition(PH_ALARM, "acknowledged", at, by="manager"),
    )
    with web.parts.db.write() as db:
        alarm = db.get_one(Alarm, PH_ALARM)
        alarm.condition, alarm.cleared_at, alarm.acknowledged_at = "cleared", at - MINUTE, at


def test_an_alarm_says_what_where_how_bad_and_which_aspect_it_concerns(web: Web) -> None:
    item = web.get(f"/alarms/{PH_ALARM}").json
    assert item == item | {
        "id": PH_ALARM,
        "limit": world.PH_LIMIT,
        "limit_version": 2,
        "point": "dairy.effluent/ph",
        "label": "pH",
        "unit": "pH",
        "site": "dairy",
        "level": "permit",
        "priority": "critical",
        "threshold": 9.0,
        "condition": "active",
        "acknowledgement": "unacked",
        "state": "active_unacked",
        "display": "shown",
        "raised_at": "2026-11-23T09:50:00.000Z",
        "cleared_at": None,
        "peak": 9.5,
        "location": {"id": world.OUTFALL, "name": "Outfall", "path": "Effluent plant / Outfall"},
        "aspect": {"id": world.CHEMICALS_ASPECT, "name": "Cleaning chemicals to drain"},
    }
    assert [row["kind"] for row in item["transitions"]] == ["raised"]


def test_lists_are_by_state_newest_first(web: Web) -> None:
    def one(n: int, **more: Any) -> Alarm:
        return world.alarm(f"a-{n}", world.PH_LIMIT, "dairy", "dairy.effluent", "ph", NOW - n * MINUTE, **more)

    cleared = {"condition": "cleared", "cleared_at": NOW}
    web.add(one(1, acknowledged_at=NOW), one(2, **cleared), one(3, **cleared, acknowledged_at=NOW))
    shown = {
        state: [item["id"] for item in web.items(f"/alarms?state={state}")]
        for state in ("open", "active", "unacknowledged", "ended", "all")
    }
    assert shown == {
        "open": ["a-1", "a-2", PH_ALARM],
        "active": ["a-1", PH_ALARM],
        "unacknowledged": ["a-2", PH_ALARM],
        "ended": ["a-3"],
        "all": ["a-1", "a-2", "a-3", PH_ALARM],
    }
    assert [item["id"] for item in web.items("/alarms")] == shown["open"]
    states = {item["id"]: item["state"] for item in web.items("/alarms?state=all")}
    assert states == {"a-1": "active_acked", "a-2": "cleared_unacked", "a-3": "normal", PH_ALARM: "active_unacked"}


def test_since_gives_what_changed_since_then(web: Web) -> None:
    assert web.items("/alarms?since=2026-11-23T09:51:00Z") == []
    assert len(web.items("/alarms?since=2026-11-23T09:49:00Z")) == 1


@both_databases
def test_an_operation_is_a_command_and_an_audit_row_in_one_transaction(web: Web) -> None:
    answer = do(web, ACKNOWLEDGE)
    assert answer.json == {
        "id": OP,
        "alarm": PH_ALARM,
        "op": "acknowledge",
        "state": "accepted",
        "done_at": "2026-11-23T09:58:00.000Z",
        "note": "Valve closed.",
        "cause": None,
        "until": None,
        "by": "token:inspector",
    }
    with web.parts.db.read() as db:
        command = db.scalars(select(Command)).one()
        audit = db.scalars(select(AuditEvent)).one()
    given = {"op": "acknowledge", "note": "Valve closed.", "cause": None, "until": None}
    body = {**given, "done_at": NOW - 2 * MINUTE, "by": "token:inspector"}
    assert (command.id, command.kind, command.target, command.body) == (OP, "alarm", PH_ALARM, body)
    assert (audit.actor, audit.action, audit.object_id) == ("token:inspector", "alarm.acknowledge", PH_ALARM)
    assert audit.after is not None
    assert audit.after["command"] == OP


@both_databases
def test_the_same_operation_again_is_the_same_answer_and_nothing_more(web: Web) -> None:
    first = do(web, ACKNOWLEDGE)
    web.clock.advance(5 * MINUTE)
    again = do(web, dict(reversed(ACKNOWLEDGE.items())))
    assert (again.status_code, again.json) == (200, first.json)
    with web.parts.db.read() as db:
        assert db.scalar(select(func.count()).select_from(Command)) == 1
        assert db.scalar(select(func.count()).select_from(AuditEvent)) == 1


def test_a_phone_whose_clock_runs_ahead_has_done_it_now(web: Web) -> None:
    ahead = do(web, {"op": "acknowledge", "done_at": "9998-01-01T00:00:00Z"})
    assert ahead.status_code == 200
    assert ahead.json["done_at"] == iso(NOW)
    assert do(web, {"op": "acknowledge", "done_at": "9998-01-01T00:00:00Z"}).json == ahead.json


def test_an_operation_without_a_time_may_be_repeated_later(web: Web) -> None:
    first = do(web, {"op": "acknowledge"})
    web.clock.advance(MINUTE)
    assert do(web, {"op": "acknowledge"}).json == first.json


@pytest.mark.parametrize(
    ("body", "alarm", "who"),
    [
        ({**ACKNOWLEDGE, "note": "Something else."}, PH_ALARM, "inspector"),
        ({**ACKNOWLEDGE, "op": "comment"}, PH_ALARM, "inspector"),
        ({**ACKNOWLEDGE, "done_at": "2026-11-23T09:57:00Z"}, PH_ALARM, "inspector"),
        (ACKNOWLEDGE, "a-other", "inspector"),
        (ACKNOWLEDGE, PH_ALARM, "manager"),
    ],
)
def test_another_operation_under_the_same_id_is_refused(web: Web, body: dict[str, Any], alarm: str, who: str) -> None:
    web.add(world.alarm("a-other", world.PH_LIMIT, "dairy", "dairy.effluent", "ph", NOW))
    do(web, ACKNOWLEDGE)
    answer = do(web, body, alarm=alarm, who=who)
    assert (answer.status_code, answer.json["code"]) == (409, "conflict")
    with web.parts.db.read() as db:
        assert db.scalar(select(func.count()).select_from(Command)) == 1


def test_an_operation_is_applied_when_the_collector_has_said_so(web: Web) -> None:
    assert do(web, ACKNOWLEDGE).json["state"] == "accepted"
    apply_in_collector(web)
    assert do(web, ACKNOWLEDGE).json["state"] == "applied"


def test_the_operation_that_ended_an_alarm_is_applied_not_recorded(web: Web) -> None:
    web.add(world.transition(PH_ALARM, "cleared", NOW - MINUTE))
    do(web, ACKNOWLEDGE)
    web.clock.advance(1000)
    apply_in_collector(web)
    assert do(web, ACKNOWLEDGE).json["state"] == "applied"


def test_an_operation_on_an_ended_occurrence_is_recorded_and_stays_so(web: Web) -> None:
    end_alarm(web)
    assert do(web, ACKNOWLEDGE).json["state"] == "recorded"
    web.clock.advance(1000)
    apply_in_collector(web)
    assert do(web, ACKNOWLEDGE).json["state"] == "recorded"


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({"op": "shelve"}, "op", "acknowledge, comment"),
        ({"op": "comment"}, "note", "needs a note"),
        ({"op": "comment", "note": "   "}, "note", "needs a note"),
        ({"op": "acknowledge", "note": "x" * 2001}, "note", "2000"),
        ({"op": "acknowledge", "done_at": "yesterday"}, "done_at", "ISO 8601"),
        ({"op": "acknowledge", "done_at": "2026-11-23T10:00:00"}, "done_at", "offset"),
        ({"op": "acknowledge", "who": "me"}, "who", "Unknown field"),
        ({}, "op", "Missing"),
    ],
)
def test_an_operation_that_cannot_be_used_is_told_why(web: Web, body: dict[str, Any], field: str, says: str) -> None:
    answer = do(web, body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert says in answer.json["errors"][field][0]


def test_an_id_that_is_no_uuid_has_no_address(web: Web) -> None:
    assert do(web, ACKNOWLEDGE, op="not-a-uuid").status_code == 404


@both_databases
def test_the_webapps_own_alarm_is_changed_at_once(web: Web) -> None:
    web.add(world.alarm("silent", "l", None, "collector-9", "heartbeat", NOW - MINUTE, source="webapp", kind="silent"))
    answer = do(web, ACKNOWLEDGE, alarm="silent")
    assert answer.json["state"] == "applied"
    item = web.get("/alarms/silent").json
    assert (item["state"], item["acknowledged_by"], item["label"]) == ("active_acked", "token:inspector", "Heartbeat")
    assert [(row["id"], row["kind"], row["note"]) for row in item["transitions"]] == [
        (OP, "acknowledged", "Valve closed.")
    ]
    comment = {"op": "comment", "note": "Power is back.", "done_at": 1795428000}
    assert do(web, comment, op=str(uuid.uuid4()), alarm="silent").json["state"] == "applied"
    assert [row["kind"] for row in web.get("/alarms/silent").json["transitions"]] == ["acknowledged", "commented"]


def test_an_alarm_without_a_site_is_seen_from_every_site(web: Web) -> None:
    web.add(world.alarm("silent", "l", None, "collector-9", "heartbeat", NOW, source="webapp", kind="silent"))
    for who in ("inspector", "stranger", "admin"):
        assert "silent" in {item["id"] for item in web.items("/alarms", who)}
    assert "silent" in {item["id"] for item in web.items("/alarms?site=dairy")}


@both_databases
def test_the_same_operation_from_eight_threads_at_once_is_one_command(web: Web) -> None:
    answers: list[tuple[int, Any]] = []
    start = threading.Barrier(8)

    def press() -> None:
        start.wait()
        answer = do(web, ACKNOWLEDGE)
        answers.append((answer.status_code, answer.json))

    threads = [threading.Thread(target=press) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [status for status, _ in answers] == [200] * 8
    assert all(content == answers[0][1] for _, content in answers)
    with web.parts.db.read() as db:
        assert db.scalar(select(func.count()).select_from(Command)) == 1
        assert db.scalar(select(func.count()).select_from(AlarmTransition).where(AlarmTransition.id == OP)) == 0
