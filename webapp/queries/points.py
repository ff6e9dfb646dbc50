"""Points with their latest value, limits, alarm and spark line: a handful of queries, however many points there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.domain.alarms import state_of
from collector.domain.reading import point_name
from collector.profiles.vocabulary import Metric, Vocabulary
from collector.sitedb.tables import Alarm, ControlLimit, Device, Point
from collector.stores.base import ReadingStore, resolution_for
from webapp.auth import Principal
from webapp.json import iso
from webapp.queries import scope
from webapp.queries.paging import Order, contains, page
from webapp.queries.register import Register, device_places, read_register

SPARK_BUCKETS = 48
LEVELS = ("permit", "action", "warning")
PRIORITIES = ("critical", "high", "medium", "low")
_ORDERS = {
    "point": Order((Point.device_id, Point.metric)),
    "metric": Order((Point.metric, Point.device_id)),
    "observed_at": Order((Point.observed_at, Point.device_id, Point.metric)),
}
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Around:
    """What is known about the points of one page besides their own rows."""

    devices: Mapping[str, Device]
    register: Register
    limits: Mapping[Key, list[ControlLimit]]
    alarms: Mapping[Key, Alarm]
    vocabulary: Vocabulary
    now: int


def list_points(
    db: Session, who: Principal, args: Mapping[str, Any], vocabulary: Vocabulary, now: int
) -> tuple[list[dict[str, Any]], str | None]:
    statement = select(Point).join(Device, Device.id == Point.device_id).where(scope.devices(who))
    if args["device"]:
        statement = statement.where(Point.device_id == args["device"])
    else:
        statement = statement.where(Device.state != "retired")
    if (devices := args.get("devices")) is not None:
        statement = statement.where(Point.device_id.in_(devices))
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(Device.site_id == site)
    if args["since"] is not None:
        statement = statement.where(Point.forwarded_at >= args["since"])
    if args["q"]:
        statement = statement.where(contains(args["q"], Point.device_id, Point.metric, Device.name))
    points, cursor = page(db, statement, _ORDERS, args)
    around = _around(db, points, vocabulary, now)
    return [_item(point, around) for point in points], cursor


def _around(db: Session, points: Sequence[Point], vocabulary: Vocabulary, now: int) -> Around:
    ids = {point.device_id for point in points}
    limits: dict[Key, list[ControlLimit]] = {}
    found = select(ControlLimit).where(ControlLimit.current, ControlLimit.device_id.in_(ids))
    for limit in db.scalars(found.order_by(ControlLimit.kind, ControlLimit.value, ControlLimit.id)):
        limits.setdefault((limit.device_id, limit.metric), []).append(limit)
    open_alarms = db.scalars(select(Alarm).where(Alarm.device_id.in_(ids), is_open()))
    return Around(device_places(db, ids), read_register(db), limits, _worst(open_alarms), vocabulary, now)


def is_open() -> Any:
    """Still active, or not yet acknowledged."""
    return (Alarm.condition == "active") | Alarm.acknowledged_at.is_(None)


def _worst(alarms: Iterable[Alarm]) -> dict[Key, Alarm]:
    """Each point's alarm that matters most: active before cleared, then level, priority, and the newest."""
    chosen: dict[Key, Alarm] = {}
    for alarm in sorted(alarms, key=_rank, reverse=True):
        chosen[alarm.device_id, alarm.metric] = alarm
    return chosen


def _rank(alarm: Alarm) -> tuple[bool, int, int, int]:
    return (
        alarm.condition != "active",
        _place(LEVELS, alarm.level),
        _place(PRIORITIES, alarm.priority),
        -alarm.raised_at,
    )


def _place(words: tuple[str, ...], word: str) -> int:
    return words.index(word) if word in words else len(words)


def _item(point: Point, around: Around) -> dict[str, Any]:
    device = around.devices[point.device_id]
    key = (point.device_id, point.metric)
    return {
        "point": point_name(*key),
        "device": device.id,
        "device_name": device.name,
        "site": device.site_id,
        "location": around.register.location(device.location_id),
        "aspect": around.register.aspect_of(device, point.metric),
        **describe(around.vocabulary, point.metric),
        "value": point.value,
        "quality": point.quality,
        "reasons": point.reasons,
        "observed_at": iso(point.observed_at),
        "age_s": round((around.now - point.observed_at) / 1000, 1),
        "stale_after_s": device.stale_after_s,
        "alarm": _alarm(around.alarms.get(key)),
        "limits": [limit_item(limit) for limit in around.limits.get(key, [])],
    }


def describe(vocabulary: Vocabulary, metric: str) -> dict[str, Any]:
    """How a metric is written. One that the vocabulary does not know has its own name and no unit."""
    known = vocabulary.metrics.get(metric) or Metric(metric, metric, "", "gauge", 3)
    return {
        "metric": metric,
        "label": known.label,
        "unit": known.unit,
        "kind": known.kind,
        "precision": known.precision,
    }


def _alarm(alarm: Alarm | None) -> dict[str, Any] | None:
    if alarm is None:
        return None
    state = state_of(alarm.condition, acknowledged=alarm.acknowledged_at is not None)
    return {"id": alarm.id, "level": alarm.level, "state": state, "priority": alarm.priority}


def limit_item(limit: ControlLimit) -> dict[str, Any]:
    return {
        "id": limit.id,
        "version": limit.version,
        "kind": limit.kind,
        "level": limit.level,
        "priority": limit.priority,
        "value": limit.value,
        "deadband": limit.deadband,
        "on_delay_s": limit.on_delay_s,
        "off_delay_s": limit.off_delay_s,
        "message": limit.message,
    }


def add_sparks(items: list[dict[str, Any]], store: ReadingStore, hours: int, now: int) -> None:
    """One store query per point. Times are the same grid for all; a bucket without readings is null."""
    resolution = resolution_for(now - hours * 3_600_000, now, SPARK_BUCKETS)
    step = resolution * 1000
    end = now // step * step + step
    grid = range(end - SPARK_BUCKETS * step, end, step)
    for item in items:
        columns = store.buckets(item["device"], item["metric"], grid.start, grid.stop, resolution)
        means = dict(zip(columns.t, columns.mean, strict=True))
        item["spark"] = {"t": list(grid), "mean": [means.get(t) for t in grid]}


def find_point(db: Session, who: Principal, device: str, metric: str) -> Point | None:
    return db.scalars(
        select(Point)
        .join(Device, Device.id == Point.device_id)
        .where(scope.devices(who), Point.device_id == device, Point.metric == metric)
    ).one_or_none()
