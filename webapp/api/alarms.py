"""Alarms: occurrences, their history, and what people do to them."""

from __future__ import annotations

import uuid
from typing import Any

from webapp.access import INSPECTOR, READER, principal
from webapp.alarm_ops import operate
from webapp.problems import not_found
from webapp.queries.alarms import alarm_items, find_alarm, list_alarms, transition_item, transitions
from webapp.resource import Resource
from webapp.schemas.alarms import Alarms, AlarmsQuery, AlarmWithHistory, Operation, OperationShown
from webapp.services import services

resource = Resource("alarms", "Alarms")


@resource.view("/alarms", access=READER, query=AlarmsQuery, answer=Alarms, problems=("not_found",))
def alarms(args: dict[str, Any]) -> dict[str, Any]:
    """Alarms, newest first; by default the open ones: active, or not yet acknowledged."""
    with services().db.read() as db:
        items, cursor = list_alarms(db, principal(), args, services().vocabulary)
    return {"items": items, "next": cursor}


@resource.view("/alarms/<ident>", access=READER, answer=AlarmWithHistory, problems=("not_found",))
def alarm(ident: str) -> dict[str, Any]:
    """One alarm with everything that happened to it."""
    with services().db.read() as db:
        found = find_alarm(db, principal(), ident)
        if found is None:
            raise not_found("alarm", ident)
        item = alarm_items(db, [found], services().vocabulary)[0]
        return {**item, "transitions": [transition_item(row) for row in transitions(db, ident)]}


@resource.view(
    "/alarms/<ident>/ops/<uuid:op>",
    "PUT",
    access=INSPECTOR,
    body=Operation,
    answer=OperationShown,
    problems=("not_found", "conflict", "cross_site"),
)
def operation(args: dict[str, Any], ident: str, op: uuid.UUID) -> Any:
    """Acknowledge an alarm or comment on it, under an id made by the client. Repeating it changes nothing."""
    app = services()
    answer = operate(app.db, principal(), ident, str(op), args, app.clock())
    app.live.check_soon()
    return answer
