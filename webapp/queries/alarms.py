"""Alarms and their history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from collector.domain.alarms import state_of
from collector.domain.reading import point_name
from collector.profiles.vocabulary import Vocabulary
from collector.sitedb.tables import Alarm, AlarmTransition, Device
from webapp.auth import Principal
from webapp.json import iso
from webapp.queries import scope
from webapp.queries.paging import Order, contains, page
from webapp.queries.points import describe, is_open
from webapp.queries.register import Register, device_places, read_register

_ORDERS = {"raised_at": Order((Alarm.raised_at, Alarm.id), descending=True)}


def ended() -> ColumnElement[bool]:
    return and_(Alarm.condition == "cleared", Alarm.acknowledged_at.is_not(None))


_STATES: dict[str, ColumnElement[bool] | None] = {
    "open": is_open(),
    "active": Alarm.condition == "active",
    "unacknowledged": Alarm.acknowledged_at.is_(None),
    "ended": ended(),
    "all": None,
}
STATES = tuple(_STATES)


def list_alarms(
    db: Session, who: Principal, args: Mapping[str, Any], vocabulary: Vocabulary
) -> tuple[list[dict[str, Any]], str | None]:
    statement = select(Alarm).where(scope.alarms(who))
    condition = _STATES[args["state"]]
    if condition is not None:
        statement = statement.where(condition)
    if site := scope.asked_site(db, who, args["site"]):
        # A silent collector concerns every site, so it passes any filter.
        statement = statement.where(or_(Alarm.site_id == site, Alarm.site_id.is_(None)))
    if args["since"] is not None:
        statement = statement.where(Alarm.forwarded_at >= args["since"])
    if args["q"]:
        statement = statement.where(contains(args["q"], Alarm.message, Alarm.device_id, Alarm.metric))
    alarms, cursor = page(db, statement, _ORDERS, args)
    return alarm_items(db, alarms, vocabulary), cursor


def find_alarm(db: Session, who: Principal, ident: str) -> Alarm | None:
    return db.scalars(select(Alarm).where(scope.alarms(who), Alarm.id == ident)).one_or_none()


def transitions(db: Session, alarm_id: str) -> list[AlarmTransition]:
    found = select(AlarmTransition).where(AlarmTransition.alarm_id == alarm_id)
    return list(db.scalars(found.order_by(AlarmTransition.at, AlarmTransition.recorded_at, AlarmTransition.id)))


def transition_item(transition: AlarmTransition) -> dict[str, Any]:
    return {
        "id": transition.id,
        "kind": transition.kind,
        "at": iso(transition.at),
        "recorded_at": iso(transition.recorded_at),
        "limit_version": transition.limit_version,
        "by": transition.by,
        "note": transition.note,
        "value": transition.value,
    }


def alarm_items(db: Session, alarms: Sequence[Alarm], vocabulary: Vocabulary) -> list[dict[str, Any]]:
    places = device_places(db, {alarm.device_id for alarm in alarms})
    register = read_register(db)
    return [_item(alarm, places.get(alarm.device_id), register, vocabulary) for alarm in alarms]


def _item(alarm: Alarm, device: Device | None, register: Register, vocabulary: Vocabulary) -> dict[str, Any]:
    acknowledged = alarm.acknowledged_at is not None
    known = describe(vocabulary, alarm.metric)
    return {
        "id": alarm.id,
        "limit": alarm.limit_id,
        "limit_version": alarm.limit_version,
        "point": point_name(alarm.device_id, alarm.metric),
        "device_name": device.name if device else alarm.device_id,
        "label": "Heartbeat" if alarm.kind == "silent" else known["label"],
        "unit": "s" if alarm.kind == "silent" else known["unit"],
        "precision": known["precision"],
        "site": alarm.site_id,
        "level": alarm.level,
        "priority": alarm.priority,
        "kind": alarm.kind,
        "threshold": alarm.threshold,
        "condition": alarm.condition,
        "acknowledgement": "acked" if acknowledged else "unacked",
        "state": state_of(alarm.condition, acknowledged=acknowledged),
        "display": "shown",
        "raised_at": iso(alarm.raised_at),
        "cleared_at": iso(alarm.cleared_at),
        "acknowledged_at": iso(alarm.acknowledged_at),
        "acknowledged_by": alarm.acknowledged_by,
        "value": alarm.value,
        "peak": alarm.peak,
        "location": register.location(device.location_id) if device else None,
        "aspect": register.aspect(alarm.aspect_id) or (register.aspect_of(device, alarm.metric) if device else None),
        "message": alarm.message,
    }
