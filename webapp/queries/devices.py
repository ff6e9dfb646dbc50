"""Devices with their place, aspect, health, and the metrics they have sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.sitedb.tables import Device, Point
from webapp.auth import Principal
from webapp.json import iso
from webapp.queries import scope
from webapp.queries.paging import Order, contains, page
from webapp.queries.register import Register, read_register

_ORDERS = {"id": Order((Device.id,)), "name": Order((Device.name, Device.id))}


def list_devices(
    db: Session, who: Principal, args: Mapping[str, Any], now: int
) -> tuple[list[dict[str, Any]], str | None]:
    statement = select(Device).where(scope.devices(who))
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(Device.site_id == site)
    if args["state"]:
        statement = statement.where(Device.state == args["state"])
    if args["q"]:
        statement = statement.where(contains(args["q"], Device.id, Device.name, Device.source_name))
    devices, cursor = page(db, statement, _ORDERS, args)
    return device_items(db, devices, now), cursor


def get_device(db: Session, who: Principal, ident: str, now: int) -> dict[str, Any] | None:
    device = db.scalars(select(Device).where(scope.devices(who), Device.id == ident)).one_or_none()
    return None if device is None else device_items(db, [device], now)[0]


def device_items(db: Session, devices: Sequence[Device], now: int) -> list[dict[str, Any]]:
    metrics: dict[str, list[str]] = {}
    found = select(Point.device_id, Point.metric).where(Point.device_id.in_([device.id for device in devices]))
    for device_id, metric in db.execute(found.order_by(Point.metric)):
        metrics.setdefault(device_id, []).append(metric)
    register = read_register(db)
    return [_item(device, metrics.get(device.id, []), register, now) for device in devices]


def _item(device: Device, metrics: list[str], register: Register, now: int) -> dict[str, Any]:
    return {
        "id": device.id,
        "name": device.name,
        "source_name": device.source_name,
        "site": device.site_id,
        "location": register.location(device.location_id),
        "aspect": register.aspect(device.aspect_id),
        "profile": device.profile,
        "state": device.state,
        "first_seen_at": iso(device.first_seen_at),
        "last_seen_at": iso(device.last_seen_at),
        "stale_after_s": device.stale_after_s,
        "health": health(device.last_seen_at, device.stale_after_s, now),
        "points": metrics,
    }


def health(last_seen_at: int | None, stale_after_s: int, now: int) -> str:
    if last_seen_at is None:
        return "never"
    return "silent" if now - last_seen_at > stale_after_s * 1000 else "ok"
