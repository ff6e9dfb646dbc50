"""The alarms of the demo's past: judged by the collector's own evaluator, acknowledged by the demo's inspector."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Mapping

from collector.alarms.evaluator import Evaluator
from collector.demo.past_readings import Row
from collector.demo.signals import Plant
from collector.demo.waves import scatter
from collector.domain.alarms import Alarm, Operation
from collector.domain.limits import Limit
from collector.domain.reading import Quality, Reading, Reason
from collector.stores import alarm_table
from collector.stores.entries import NewEntry, alarm_record, record_entry

_NAMESPACE = uuid.UUID("0a3d6f1b-9f77-5a52-8a0e-7a5d5f4b2a35")
_MINUTE_MS = 60_000
# The inspector comes this long after an alarm was raised.
_ACK_FROM_MIN, _ACK_TO_MIN = 3, 24


class AlarmHistory:
    def __init__(self, db: sqlite3.Connection, evaluator: Evaluator, plant: Plant, inspector: str) -> None:
        self._db = db
        self._evaluator = evaluator
        self._plant = plant
        self._inspector = inspector
        limits: dict[tuple[str, str], list[Limit]] = {}
        for limit in plant.site.limits:
            limits.setdefault((limit.device, limit.metric), []).append(limit)
        self._watch = {point: _Watch(found) for point, found in limits.items()}

    def take(self, device: str, metric: str, rows: Iterable[Row]) -> None:
        """Readings of one point in the order of time."""
        watch = self._watch.get((device, metric))
        if watch is None:
            return
        for row in rows:
            if row[3] != Quality.BAD and watch.matters(row[1], row[2]):
                self._evaluator.take([_reading(device, row)])

    def end(self, device: str, latest: Mapping[str, Row]) -> None:
        """The last reading of each point, so that live judging goes on from there."""
        for metric, row in latest.items():
            if (device, metric) in self._watch:
                self._evaluator.take([_reading(device, row)])

    def finish(self, now: int) -> tuple[list[NewEntry], int]:
        """Acknowledges all but the newest alarm; returns what is to be forwarded, and the number of alarms."""
        idents = [ident for (ident,) in self._db.execute("SELECT id FROM alarm ORDER BY raised_at, id")]
        for ident in idents[:-1]:
            alarm = alarm_table.load_alarm(self._db, ident)
            if alarm is not None:
                operation = self._acknowledgement(alarm, now)
                self._evaluator.operate(operation, operation.done_at)
        # Each change of an alarm left a record; the site database needs the last one only.
        entries = [entry for entry in self._evaluator.flush() if entry.kind != "alarm"]
        for ident in idents:
            alarm = alarm_table.load_alarm(self._db, ident)
            if alarm is not None:
                entries.append(record_entry("alarm", alarm_record(alarm)))
        return entries, len(idents)

    def _acknowledgement(self, alarm: Alarm, now: int) -> Operation:
        share = (scatter(self._plant.signals.seed, alarm.raised_at) + 1) / 2
        after = round((_ACK_FROM_MIN + share * (_ACK_TO_MIN - _ACK_FROM_MIN)) * _MINUTE_MS)
        cause = self._plant.exceedances.at(alarm.raised_at / 1000)
        point = f"{alarm.limit.device}/{alarm.limit.metric}"
        return Operation(
            id=str(uuid.uuid5(_NAMESPACE, alarm.id)),
            alarm=alarm.id,
            op="acknowledge",
            by=self._inspector,
            done_at=min(alarm.raised_at + after, now),
            note=cause.what.note if cause is not None and cause.what.point == point else None,
        )


class _Watch:
    """Tells which readings of a point can change any of its alarms.

    While every limit is behind its deadband and no delay runs, a reading changes nothing: judging those would take
    longer than all the rest of the seeding.
    """

    def __init__(self, limits: list[Limit]) -> None:
        self._limits = limits
        # A reading this long after the last one of interest ends every delay.
        self._settle = max(limit.on_delay_ms + limit.off_delay_ms for limit in limits) + 10 * _MINUTE_MS
        self._until = 0

    def matters(self, at: int, value: float) -> bool:
        if not all(limit.returned(value) for limit in self._limits):
            self._until = at + self._settle
        return at <= self._until


def _reading(device: str, row: Row) -> Reading:
    metric, at, value, quality, reasons, received = row
    return Reading(device, metric, at, value, Quality(quality), Reason(reasons), received)
