"""What is new in the site database, as events of the live stream."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from collector.clock import Clock
from collector.domain.reading import point_name
from collector.profiles.vocabulary import Vocabulary
from collector.sitedb.tables import Alarm, Device, Point
from webapp.auth import Principal
from webapp.db import Database
from webapp.json import iso
from webapp.live_changes import ChangeWatch
from webapp.queries.alarms import alarm_items
from webapp.queries.devices import device_items

# A transaction may commit some time after it noted the time: rows are looked for again for this long.
OVERLAP_MS = 10_000
_DEVICES_EVERY_S = 2.0
_MAX_ALARMS = 500


@dataclass(frozen=True, slots=True)
class Event:
    """`frame` is ready to be sent; the rest says who may see it."""

    kind: str
    frame: bytes
    site: str | None
    unassigned: bool = False


def visible(event: Event, who: Principal, site: str | None) -> bool:
    """The same rules as for lists: see webapp.queries.scope."""
    if event.site is None:
        if event.kind == "alarm":
            return who.all_sites or bool(who.sites)
        return site is None and event.unassigned and who.sees_unassigned
    if site is not None and event.site != site:
        return False
    return who.sees_site(event.site) and (not event.unassigned or who.sees_unassigned)


class LiveFeed:
    """Remembers what was sent; `poll` gives what is new since."""

    def __init__(self, database: Database, vocabulary: Vocabulary, clock: Clock) -> None:
        self._database = database
        self._vocabulary = vocabulary
        self._clock = clock
        self._devices_at = monotonic()
        with database.read() as db:
            self._newest = self._until_now(_newest(db))
            self._points = _point_marks(_points(db, self._newest))
            self._alarms = _alarm_marks(_alarms(db, self._newest))
            self._devices = {item["id"]: _device_mark(item) for item in self._device_items(db)}
            self._changes = ChangeWatch(db)

    def poll(self) -> list[Event]:
        with self._database.read() as db:
            points, alarms = _points(db, self._newest), _alarms(db, self._newest)
            new_points = [row for row in points if self._points.get(_key(row)) != _mark(row)]
            new_alarms = [alarm for alarm in alarms if self._alarms.get(alarm.id) != _alarm_mark(alarm)]
            events = [
                *(_reading_event(row) for row in new_points),
                *_alarm_events(db, new_alarms, self._vocabulary),
                *self._device_events(db),
                *(_sync_event(site, self._newest) for site in self._changes.changed_sites(db)),
            ]
            newest = max([self._newest, *(row.forwarded_at for row in points), *(a.forwarded_at for a in alarms)])
            marks = _point_marks(points), _alarm_marks(alarms)
        # Last: what could not be made into events because the database went away is still new next time.
        (self._points, self._alarms), self._newest = marks, self._until_now(newest)
        return events

    def _until_now(self, newest: int) -> int:
        """A collector's clock that ran ahead and was set right must not keep its news from us until then."""
        return min(newest, self._clock())

    def _device_events(self, db: Session) -> list[Event]:
        """Devices have no time of change: every two seconds they are compared with what was sent last."""
        if monotonic() - self._devices_at < _DEVICES_EVERY_S:
            return []
        self._devices_at = monotonic()
        items = self._device_items(db)
        changed = [item for item in items if self._devices.get(item["id"]) != _device_mark(item)]
        self._devices = {item["id"]: _device_mark(item) for item in items}
        return [_device_event(item, self._newest) for item in changed]

    def _device_items(self, db: Session) -> list[dict[str, Any]]:
        return device_items(db, list(db.scalars(select(Device))), self._clock())


def changed_since(db: Session, vocabulary: Vocabulary, last_event: int | None, now: int) -> list[Event]:
    """What a stream begins with: what changed since it broke off, or in the last seconds."""
    since = min(now, _newest(db) if last_event is None else last_event)
    events = [_reading_event(row) for row in _points(db, since)]
    return events + _alarm_events(db, _alarms(db, since), vocabulary)


def _newest(db: Session) -> int:
    found = [db.scalar(select(func.max(Point.forwarded_at))), db.scalar(select(func.max(Alarm.forwarded_at)))]
    return max(at or 0 for at in found)


def _points(db: Session, since: int) -> list[Any]:
    found = (
        select(
            Point.device_id,
            Point.metric,
            Point.value,
            Point.quality,
            Point.reasons,
            Point.observed_at,
            Point.forwarded_at,
            Device.site_id,
            Device.state,
        )
        .join(Device, Device.id == Point.device_id)
        .where(Point.forwarded_at >= since - OVERLAP_MS, Device.state != "retired")
        .order_by(Point.forwarded_at)
    )
    return list(db.execute(found))


def _key(row: Any) -> tuple[str, str]:
    return row.device_id, row.metric


def _mark(row: Any) -> tuple[Any, ...]:
    return row.observed_at, row.forwarded_at, row.value, row.quality, row.site_id, row.state


def _point_marks(rows: list[Any]) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {_key(row): _mark(row) for row in rows}


def _alarms(db: Session, since: int) -> list[Alarm]:
    """The newest ones, oldest first: who was away for long reads the list again anyway."""
    found = select(Alarm).where(Alarm.forwarded_at >= since - OVERLAP_MS).order_by(Alarm.forwarded_at.desc())
    return list(db.scalars(found.limit(_MAX_ALARMS)))[::-1]


def _alarm_mark(alarm: Alarm) -> tuple[int, int]:
    return alarm.revision, alarm.forwarded_at


def _alarm_marks(alarms: list[Alarm]) -> dict[str, tuple[int, int]]:
    return {alarm.id: _alarm_mark(alarm) for alarm in alarms}


def _device_mark(item: dict[str, Any]) -> bytes:
    """All but the time it was last heard of, which changes with every message."""
    return orjson.dumps({key: value for key, value in item.items() if key != "last_seen_at"})


def _reading_event(row: Any) -> Event:
    data = {
        "point": point_name(row.device_id, row.metric),
        "value": row.value,
        "quality": row.quality,
        "reasons": row.reasons,
        "observed_at": iso(row.observed_at),
    }
    return Event("reading", _frame("reading", row.forwarded_at, data), row.site_id, row.state == "unassigned")


def _alarm_events(db: Session, alarms: list[Alarm], vocabulary: Vocabulary) -> list[Event]:
    if not alarms:
        return []
    items = alarm_items(db, alarms, vocabulary)
    return [
        Event("alarm", _frame("alarm", alarm.forwarded_at, item), alarm.site_id)
        for alarm, item in zip(alarms, items, strict=True)
    ]


def _device_event(item: dict[str, Any], at: int) -> Event:
    return Event("device", _frame("device", at, item), item["site"], item["state"] == "unassigned")


def _sync_event(site: str, at: int) -> Event:
    return Event("sync", _frame("sync", at, {"site": site}), site)


def _frame(kind: str, ident: int, data: dict[str, Any]) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (ident, kind.encode(), orjson.dumps(data))
