"""What people do to alarms: a row in `command` and one in the audit trail, in one transaction.

The collector that owns the alarm pulls the command and applies it; alarms of the webapp itself are applied here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.sitedb.tables import Alarm, AlarmTransition, Command
from webapp import audit
from webapp.auth import Principal
from webapp.db import Database, take_turn
from webapp.json import iso
from webapp.problems import Problem, not_found
from webapp.queries.alarms import find_alarm, transitions

OPS = ("acknowledge", "comment")
OWN_SOURCE = "webapp"


def operate(database: Database, who: Principal, alarm_id: str, op_id: str, args: Mapping[str, Any], now: int) -> Any:
    """Record the operation once: a repeat gives the same answer, other content under its id is refused."""
    with database.write() as db:
        alarm = find_alarm(db, who, alarm_id)
        if alarm is None:
            raise not_found("alarm", alarm_id)
        take_turn(db, "command")
        command = db.scalars(select(Command).where(Command.id == op_id)).one_or_none()
        if command is None:
            command = _record(db, who, alarm, op_id, args, now)
        else:
            _check_same(command, who, alarm_id, args)
        return _answer(db, alarm, command)


def _record(db: Session, who: Principal, alarm: Alarm, op_id: str, args: Mapping[str, Any], now: int) -> Command:
    body = _body(who, args, now, now)
    before = {"condition": alarm.condition, "acknowledged_at": iso(alarm.acknowledged_at)}
    command = Command(
        id=op_id, kind="alarm", target=alarm.id, body=body, digest=_digest(body), author=who.username, created_at=now
    )
    db.add(command)
    db.flush()
    after = {**body, "done_at": iso(body["done_at"]), "command": op_id}
    action = f"alarm.{body['op']}"
    audit.append(
        db, at=now, actor=who.username, action=action, kind="alarm", object_id=alarm.id, before=before, after=after
    )
    if alarm.source == OWN_SOURCE:
        _apply(db, alarm, command, now)
    return command


def _body(who: Principal, args: Mapping[str, Any], done_at: int, received_at: int) -> dict[str, Any]:
    """A phone's clock may run ahead; nothing was done later than we were told of it."""
    given = args["done_at"]
    return {
        "op": args["op"],
        "note": args["note"],
        "done_at": done_at if given is None else min(given, received_at),
        "cause": args["cause"],
        "until": args["until"],
        "by": who.username,
    }


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _check_same(command: Command, who: Principal, alarm_id: str, args: Mapping[str, Any]) -> None:
    """A repeat without `done_at` means the same moment as before: the time was ours then."""
    repeated = _digest(_body(who, args, command.body.get("done_at", 0), command.created_at))
    if command.kind != "alarm" or command.target != alarm_id or command.digest != repeated:
        raise Problem("conflict", f"The operation {command.id} was recorded with other content. Use a new id.")


def _apply(db: Session, alarm: Alarm, command: Command, now: int) -> None:
    """What a collector would do, for an alarm whose only writer is the webapp."""
    kind = "acknowledged" if command.body["op"] == "acknowledge" else "commented"
    db.add(
        AlarmTransition(
            id=command.id,
            alarm_id=alarm.id,
            kind=kind,
            at=command.body["done_at"],
            recorded_at=now,
            limit_version=alarm.limit_version,
            by=command.author,
            note=command.body["note"],
        )
    )
    if kind == "acknowledged" and alarm.acknowledged_at is None:
        alarm.acknowledged_at, alarm.acknowledged_by = command.body["done_at"], command.author
        alarm.revision += 1
    alarm.forwarded_at = now
    db.flush()


def _answer(db: Session, alarm: Alarm, command: Command) -> dict[str, Any]:
    return {
        "id": command.id,
        "alarm": alarm.id,
        "op": command.body["op"],
        "state": _state(command, transitions(db, alarm.id)),
        "done_at": iso(command.body["done_at"]),
        "note": command.body["note"],
        "cause": command.body["cause"],
        "until": iso(command.body["until"]),
        "by": command.author,
    }


def _state(command: Command, history: list[AlarmTransition]) -> str:
    """`recorded`: the occurrence had ended before. Told from rows that never change, so a repeat says the same."""
    ended_at = _ended_at(history, command.id)
    if ended_at is not None and ended_at <= command.created_at:
        return "recorded"
    return "applied" if any(transition.id == command.id for transition in history) else "accepted"


def _ended_at(history: list[AlarmTransition], but: str) -> int | None:
    """When the second of clearing and acknowledging became known, leaving one operation out of account."""
    cleared = [row.recorded_at for row in history if row.kind == "cleared"]
    acknowledged = [row.recorded_at for row in history if row.kind == "acknowledged" and row.id != but]
    return max(min(cleared), min(acknowledged)) if cleared and acknowledged else None
