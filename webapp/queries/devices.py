"""Devices with their place, aspect, health, the metrics they have sent, and what helps to adopt one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer_group

from collector.profiles.vocabulary import Vocabulary
from collector.sitedb.tables import Device, Point
from webapp.auth import Principal
from webapp.device_profiles import DeviceProfiles, name_of
from webapp.json import iso
from webapp.queries import scope
from webapp.queries.paging import Order, contains, page
from webapp.queries.points import describe
from webapp.queries.register import Register, read_register

# What a list shows of the values of a new device.
_FEW = 8
_ORDERS = {"id": Order((Device.id,)), "name": Order((Device.name, Device.id))}


def list_devices(
    db: Session, who: Principal, args: Mapping[str, Any], profiles: DeviceProfiles, vocabulary: Vocabulary, now: int
) -> tuple[list[dict[str, Any]], str | None]:
    statement = select(Device).where(scope.devices(who))
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(Device.site_id == site)
    if args["state"]:
        statement = statement.where(Device.state == args["state"])
    if args["q"]:
        statement = statement.where(contains(args["q"], Device.id, Device.name, Device.source_name))
    devices, cursor = page(db, statement, _ORDERS, args)
    items = device_items(db, devices, now)
    add_profile_names(items, profiles)
    _add_first_messages(db, items, profiles, vocabulary)
    return items, cursor


def find_device(db: Session, who: Principal, ident: str) -> Device | None:
    return db.scalars(select(Device).where(scope.devices(who), Device.id == ident)).one_or_none()


def add_profile_names(items: Sequence[dict[str, Any]], profiles: DeviceProfiles) -> None:
    for item in items:
        item["profile_name"] = profiles.name(item["profile"])


def _add_first_messages(
    db: Session, items: Sequence[dict[str, Any]], profiles: DeviceProfiles, vocabulary: Vocabulary
) -> None:
    """To the devices that nobody has adopted yet."""
    new = [item["id"] for item in items if item["state"] == "unassigned"]
    if not new:
        return
    values = latest_values(db, new, vocabulary)
    kept = select(Device).where(Device.id.in_(new)).options(undefer_group("message"))
    messages = {device.id: device for device in db.scalars(kept.execution_options(populate_existing=True))}
    for item in items:
        if item["id"] in messages:
            item["topic"] = messages[item["id"]].last_topic
            item["values"] = values.get(item["id"], [])[:_FEW]
            item["suggested"] = suggested(messages[item["id"]], profiles)


def suggested(device: Device, profiles: DeviceProfiles) -> list[dict[str, Any]]:
    """Profiles that its last message may be of."""
    if device.last_topic is None or device.last_payload is None:
        return []
    whole = device.last_payload if len(device.last_payload) == device.last_payload_size else None
    return [
        {"id": one.profile.id, "name": name_of(one.profile), "metrics": len(one.metrics)}
        for one in profiles.suggested(device.last_topic, whole, device.profile)
    ]


def latest_values(db: Session, devices: Sequence[str], vocabulary: Vocabulary) -> dict[str, list[dict[str, Any]]]:
    """By device; metrics of the vocabulary come before those that nobody knows."""
    found: dict[str, list[dict[str, Any]]] = {}
    points = db.scalars(select(Point).where(Point.device_id.in_(devices)))
    for point in sorted(points, key=lambda point: (point.metric not in vocabulary.metrics, point.metric)):
        found.setdefault(point.device_id, []).append(
            {
                **described(vocabulary, point.metric),
                "value": point.value,
                "quality": point.quality,
                "reasons": point.reasons,
                "observed_at": iso(point.observed_at),
            }
        )
    return found


def described(vocabulary: Vocabulary, metric: str) -> dict[str, Any]:
    words = describe(vocabulary, metric)
    return {name: words[name] for name in ("metric", "label", "unit", "precision")}


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
