"""The one alarm that a collector cannot raise itself: that it is silent.

Each web process looks every few seconds. Ids follow from what is seen, so that any number of processes raise one alarm.
"""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from collector.clock import Clock
from collector.domain.alarms import alarm_id
from collector.domain.reading import point_name
from collector.sitedb.tables import Alarm, AlarmTransition, Collector
from webapp.db import Database, take_turn

log = logging.getLogger(__name__)

SILENT_AFTER_MS = 60_000
LOOK_EVERY_S = 5.0
METRIC = "heartbeat"
# The limit behind these alarms is this rule, not a row: one fixed id names it.
LIMIT_ID = "6d1f7f36-51d1-5c8e-9a51-5b1f00c011ec"
_NAMESPACE = uuid.UUID(LIMIT_ID)


@dataclass(frozen=True, slots=True)
class Seen:
    """A collector as its last heartbeat left it."""

    id: str
    started_at: int
    last_seen_at: int


@dataclass(frozen=True, slots=True)
class OpenAlarm:
    id: str
    collector: str
    raised_at: int


@dataclass(frozen=True, slots=True)
class Raise:
    id: str
    collector: str
    at: int
    silent_s: float


@dataclass(frozen=True, slots=True)
class Clear:
    id: str
    at: int


def decide(collectors: Iterable[Seen], open_alarms: Sequence[OpenAlarm], now: int) -> list[Raise | Clear]:
    """What is to be raised and what to be cleared at `now`. Without any collector nothing is installed yet."""
    actions: list[Raise | Clear] = []
    for seen in collectors:
        raised_at = seen.last_seen_at + SILENT_AFTER_MS
        ident = alarm_id(LIMIT_ID, point_name(seen.id, METRIC), raised_at)
        mine = [alarm for alarm in open_alarms if alarm.collector == seen.id]
        # An alarm of an earlier silence ended with the heartbeat that came after it.
        actions += [Clear(alarm.id, _came_back(seen, alarm)) for alarm in mine if alarm.id != ident]
        if now > raised_at and all(alarm.id != ident for alarm in mine):
            actions.append(Raise(ident, seen.id, raised_at, (now - seen.last_seen_at) / 1000))
    return actions


def _came_back(seen: Seen, alarm: OpenAlarm) -> int:
    """The first heartbeat we know of after the silence: a restart's, or the one seen now."""
    return seen.started_at if alarm.raised_at <= seen.started_at <= seen.last_seen_at else seen.last_seen_at


def look(database: Database, now: int) -> int:
    """Apply what is decided; returns how many alarms were raised or cleared."""
    with database.read() as db:
        if not _decide_from(db, now):
            return 0
    with database.write() as db:
        # Decided anew in turn: another process may have been quicker.
        take_turn(db, "silence")
        actions = _decide_from(db, now)
        for action in actions:
            if isinstance(action, Raise):
                _raise(db, action, now)
            else:
                _clear(db, action, now)
    return len(actions)


def _decide_from(db: Session, now: int) -> list[Raise | Clear]:
    collectors = [Seen(row.id, row.started_at, row.last_seen_at) for row in db.scalars(select(Collector))]
    found = select(Alarm).where(Alarm.limit_id == LIMIT_ID, Alarm.condition == "active")
    open_alarms = [OpenAlarm(row.id, row.device_id, row.raised_at) for row in db.scalars(found)]
    return decide(collectors, open_alarms, now)


def end(db: Session, collector: str, now: int) -> None:
    """Nobody waits for this collector any more."""
    found = select(Alarm).where(Alarm.limit_id == LIMIT_ID, Alarm.condition == "active", Alarm.device_id == collector)
    for alarm in db.scalars(found).all():
        _clear(db, Clear(alarm.id, now), now)


def _raise(db: Session, action: Raise, now: int) -> None:
    if db.get(Alarm, action.id) is not None:
        return
    db.add(
        Alarm(
            id=action.id,
            source="webapp",
            limit_id=LIMIT_ID,
            limit_version=1,
            device_id=action.collector,
            metric=METRIC,
            kind="silent",
            level="action",
            priority="high",
            threshold=SILENT_AFTER_MS / 1000,
            message=f"The collector '{action.collector}' is silent: readings and alarms of its devices may be missing.",
            condition="active",
            raised_at=action.at,
            value=action.silent_s,
            peak=None,
            revision=1,
            forwarded_at=now,
        )
    )
    _transition(db, action.id, "raised", action.at, now)
    log.warning("collector silent: collector=%s silent_s=%.0f", action.collector, action.silent_s)


def _clear(db: Session, action: Clear, now: int) -> None:
    alarm = db.get_one(Alarm, action.id)
    alarm.condition, alarm.cleared_at = "cleared", max(action.at, alarm.raised_at)
    alarm.revision += 1
    alarm.forwarded_at = now
    _transition(db, action.id, "cleared", alarm.cleared_at, now)
    log.info("collector back: collector=%s", alarm.device_id)


def _transition(db: Session, alarm: str, kind: str, at: int, now: int) -> None:
    ident = str(uuid.uuid5(_NAMESPACE, f"{alarm}|{kind}"))
    db.add(AlarmTransition(id=ident, alarm_id=alarm, kind=kind, at=at, recorded_at=now, limit_version=1))


class SilenceWatch:
    """The thread that looks. It never dies of a database that is away: it looks again."""

    def __init__(self, database: Database, clock: Clock, patience_s: float = SILENT_AFTER_MS / 1000) -> None:
        """After a stop of everything the collector starts with us: it is given its time before it is called silent."""
        self._database = database
        self._clock = clock
        self._patience_s = patience_s
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="silence", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        away = False
        self._stop.wait(self._patience_s)
        while not self._stop.wait(LOOK_EVERY_S):
            try:
                look(self._database, self._clock())
                away = False
            except SQLAlchemyError as error:
                if not away:
                    log.warning("cannot look for silent collectors: error=%s", error)
                away = True
            except Exception:
                log.exception("looking for silent collectors failed, trying again")
