"""The site database as a destination: latest values, devices, alarms, dead letters and events, as upserts.

Every statement may run again, and an older state never replaces a newer one: readings are guarded by `observed_at`,
alarms by `revision`, devices by `last_seen_at`. A time in the future is from before our clock was set back, and is no
reason to wait until then.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    FromClause,
    and_,
    case,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from collector.clock import Clock
from collector.domain.reading import Quality, Reason
from collector.domain.times import FUTURE_TOLERANCE_MS
from collector.errors import StoreRejected, StoreUnavailable
from collector.sitedb.engine import begin_write
from collector.sitedb.tables import (
    Alarm,
    AlarmTransition,
    Collector,
    CollectorEvent,
    DeadLetter,
    Device,
    Point,
    Site,
)
from collector.stores.entries import Entry, Kind, ReadingRow

# Rows of latest values are folded to one a point before any is written: many at once are cheap.
_BATCH = 10_000
# Columns of a device that are of the last message alone.
_OF_THE_LAST = ("source_name", "last_topic", "last_payload", "last_payload_size", "last_message_at")
_WORDS = {int(quality): quality.word for quality in Quality}

Rows = list[dict[str, Any]]


class SiteDestination:
    name = "site"
    version: str | None = None
    batch = _BATCH
    # Of points and of devices only the newest state is shown; an alarm does not wait for more of them to come.
    lazy: frozenset[Kind] = frozenset({"latest", "readings", "device"})

    def __init__(self, engine: Engine, collector_id: str, clock: Clock) -> None:
        self._engine = engine
        self._collector = collector_id
        self._clock = clock
        self._forwarded_at = 0
        self._writers: dict[Kind, Callable[[Connection, list[Entry]], None]] = {
            "readings": self._points,
            "latest": self._points,
            "device": self._devices,
            "alarm": self._alarms,
            "transition": self._transitions,
            "dead_letter": self._dead_letters,
            "event": self._events,
        }
        self.kinds = frozenset(self._writers)

    def deliver(self, entries: list[Entry]) -> None:
        try:
            with begin_write(self._engine) as db:
                for kind, write in self._writers.items():
                    chosen = [entry for entry in entries if entry.kind == kind]
                    if chosen:
                        write(db, chosen)
        except (IntegrityError, DataError) as error:
            raise StoreRejected(str(error.orig)) from error
        except DBAPIError as error:
            # Away, locked, or not migrated yet: none of these says that the entries are wrong.
            raise StoreUnavailable(f"site database: {error.orig}") from error

    def _forwarding(self) -> int:
        """For `forwarded_at`, by which viewers ask for what is new: it never goes back, whatever our clock does."""
        self._forwarded_at = max(self._forwarded_at, self._clock())
        return self._forwarded_at

    def _points(self, db: Connection, entries: list[Entry]) -> None:
        """Only the newest reading of each point: the table shows the latest value."""
        latest: dict[tuple[str, str], ReadingRow] = {}
        horizon = self._clock() + FUTURE_TOLERANCE_MS
        for entry in entries:
            for row in entry.body:
                key = (row[0], row[1])
                if key not in latest or _age(row, horizon) >= _age(latest[key], horizon):
                    latest[key] = row
        at = self._forwarding()
        ahead = Point.observed_at > horizon
        present = [_point(row, at) for row in latest.values() if row[3] <= horizon]
        future = [_point(row, at) for row in latest.values() if row[3] > horizon]
        key_columns = ("device_id", "metric")
        _upsert(db, Point.__table__, present, key_columns, newer="observed_at", unless=ahead)
        # Lanes overtake one another: if these replaced what is present, something older could replace them.
        _upsert(db, Point.__table__, future, key_columns, newer="observed_at", only=ahead)

    def _devices(self, db: Connection, entries: list[Entry]) -> None:
        sites = set(db.execute(select(Site.id)).scalars())
        for entry in entries:
            seen = {**entry.body, "site_id": entry.body["site_id"] if entry.body["site_id"] in sites else None}
            if "last_payload" in seen:
                seen["last_topic"] = seen["last_topic"].replace("\0", "\N{REPLACEMENT CHARACTER}")
                seen["last_payload"] = base64.b64decode(seen["last_payload"])
            self._device(db, seen)

    def _device(self, db: Connection, seen: dict[str, Any]) -> None:
        """A new device arrives unassigned; of a known one only what was seen is renewed, never what people gave it."""
        known = db.execute(
            select(Device.first_seen_at, Device.last_seen_at).where(Device.id == seen["id"])
        ).one_or_none()
        if known is None:
            db.execute(insert(Device).values({**seen, "name": _first_name(seen), "collector_id": self._collector}))
            return
        last_seen_at = self._last_seen(known.last_seen_at or 0, seen["last_seen_at"])
        renewed = {
            "first_seen_at": min(known.first_seen_at or seen["first_seen_at"], seen["first_seen_at"]),
            "last_seen_at": last_seen_at,
            "collector_id": self._collector,
            "site_id": func.coalesce(Device.site_id, seen["site_id"]),
        }
        # Lanes overtake one another: what comes now may be the older of the two.
        if last_seen_at == seen["last_seen_at"]:
            renewed |= {name: seen[name] for name in _OF_THE_LAST if name in seen}
            # Until people have chosen it is what reads the device now.
            for name in ("profile", "stale_after_s"):
                renewed[name] = case((Device.state == "unassigned", seen[name]), else_=getattr(Device, name))
        db.execute(update(Device).where(Device.id == seen["id"]).values(renewed))

    def _last_seen(self, known: int, seen: int) -> int:
        return seen if known > self._clock() + FUTURE_TOLERANCE_MS else max(known, seen)

    def _alarms(self, db: Connection, entries: list[Entry]) -> None:
        last: dict[str, dict[str, Any]] = {}
        for entry in entries:
            if entry.body["id"] not in last or entry.body["revision"] >= last[entry.body["id"]]["revision"]:
                last[entry.body["id"]] = entry.body
        at = self._forwarding()
        rows = [{**body, "source": self._collector, "forwarded_at": at} for body in last.values()]
        _upsert(db, Alarm.__table__, rows, ("id",), newer="revision")

    def _transitions(self, db: Connection, entries: list[Entry]) -> None:
        _upsert(db, AlarmTransition.__table__, [entry.body for entry in entries], ("id",), newer=None)

    def _dead_letters(self, db: Connection, entries: list[Entry]) -> None:
        rows = {entry.body["id"]: entry.body for entry in entries}
        decoded = [
            {**body, "payload": base64.b64decode(body["payload"]), "collector_id": self._collector}
            for body in rows.values()
        ]
        _upsert(db, DeadLetter.__table__, decoded, ("id",), newer="count")

    def _events(self, db: Connection, entries: list[Entry]) -> None:
        rows = [{**entry.body, "collector_id": self._collector} for entry in entries]
        _upsert(db, CollectorEvent.__table__, rows, ("id",), newer=None)


def _first_name(seen: dict[str, Any]) -> str:
    """Until people give it another one: its own, without signs that are not seen or turn the words around them."""
    shown = "".join(sign for sign in seen["source_name"] if sign.isprintable()).strip()
    return str(shown or seen["id"])[:200]


def _age(row: ReadingRow, horizon: int) -> tuple[bool, int]:
    """What is newer is greater, but for what lies in the future."""
    return row[3] <= horizon, row[3]


def _point(row: ReadingRow, now: int) -> dict[str, Any]:
    device, metric, _, observed_at, value, quality, reasons, received_at = row
    return {
        "device_id": device,
        "metric": metric,
        "value": value,
        "quality": _WORDS[quality],
        "reasons": Reason(reasons).words,
        "observed_at": observed_at,
        "received_at": received_at,
        "forwarded_at": now,
    }


def _upsert(
    db: Connection,
    table: FromClause,
    rows: Rows,
    keys: Sequence[str],
    newer: str | None,
    unless: ColumnElement[bool] | None = None,
    only: ColumnElement[bool] | None = None,
) -> None:
    """Insert, or replace when the row's `newer` column is not smaller; with `newer` None the first row stands.

    What is there and fulfils `unless` is replaced in any case, and what does not fulfil `only` in none.
    """
    if not rows:
        return
    dialect = postgresql if db.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table)
    if newer is None:
        db.execute(statement.on_conflict_do_nothing(index_elements=keys), rows)
        return
    columns = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    replaced = table.c[newer] <= statement.excluded[newer]
    if unless is not None:
        replaced = or_(replaced, unless)
    if only is not None:
        replaced = and_(replaced, only)
    db.execute(statement.on_conflict_do_update(index_elements=keys, set_=columns, where=replaced), rows)


def upsert_collector(db: Connection, row: dict[str, Any]) -> None:
    """The collector's heartbeat row. It alone writes it: what it says now stands, whatever its clock said before."""
    _upsert(db, Collector.__table__, [row], ("id",), newer="last_seen_at", unless=true())
