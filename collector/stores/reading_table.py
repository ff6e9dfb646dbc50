"""Writing readings: series ids, the identity (point, observed_at), duplicates and conflicts."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from enum import Enum

from collector.domain.reading import Quality, Reading, Reason

# A burst of messages in one millisecond moves their stamps ahead of the clock by as many, at most this far.
_BURST_MS = 60_000


class Outcome(Enum):
    NEW = "new"
    DUPLICATE = "duplicate"  # the same value for the same identity: nothing to do
    CONFLICT = "conflict"  # another value for the same identity: kept beside the first


class ReadingTable:
    """All writes happen inside the caller's transaction; after a rollback call `reload`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._series: dict[tuple[str, str], int] = {}
        self._last_stamp: dict[int, int] = {}
        self.reload()

    def reload(self) -> None:
        rows = self._db.execute("SELECT device, metric, id FROM series")
        self._series = {(device, metric): ident for device, metric, ident in rows}
        self._last_stamp.clear()

    def series_id(self, device: str, metric: str) -> int:
        known = self._series.get((device, metric))
        if known is None:
            cursor = self._db.execute("INSERT INTO series (device, metric) VALUES (?, ?)", (device, metric))
            known = self._series[(device, metric)] = int(cursor.lastrowid or 0)
        return known

    def insert(self, reading: Reading) -> tuple[Outcome, Reading]:
        """The reading as it was stored: one stamped by us may have moved to the next free millisecond.

        Two messages without a time of their own can arrive in one millisecond; neither may hide the other.
        """
        series = self.series_id(reading.device, reading.metric)
        if reading.stamped:
            return Outcome.NEW, self._insert_stamped(series, reading)
        if self._try(series, reading):
            return Outcome.NEW, reading
        return self._existing(series, reading), reading

    def _insert_stamped(self, series: int, reading: Reading) -> Reading:
        free_from = self._last_stamp.get(series, -1) + 1
        if reading.observed_at < free_from - _BURST_MS:
            # Our own clock was set back: the time of receipt is all there is, and it is marked.
            quality = max(reading.quality, Quality.UNCERTAIN)
            reading = replace(reading, quality=quality, reasons=reading.reasons | Reason.CLOCK)
        elif reading.observed_at < free_from:
            reading = replace(reading, observed_at=free_from)
        while not self._try(series, reading):
            reading = replace(reading, observed_at=reading.observed_at + 1)
        self._last_stamp[series] = reading.observed_at
        return reading

    def _try(self, series: int, reading: Reading) -> bool:
        cursor = self._db.execute("INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?, ?, ?)", _row(series, reading))
        return cursor.rowcount == 1

    def _existing(self, series: int, reading: Reading) -> Outcome:
        (value,) = self._db.execute(
            "SELECT value FROM reading WHERE series_id=? AND observed_at=?", (series, reading.observed_at)
        ).fetchone()
        if value == reading.value:
            return Outcome.DUPLICATE
        cursor = self._db.execute("INSERT OR IGNORE INTO conflict VALUES (?, ?, ?, ?, ?, ?)", _row(series, reading))
        return Outcome.CONFLICT if cursor.rowcount == 1 else Outcome.DUPLICATE


def _row(series: int, reading: Reading) -> tuple[int, int, float | None, int, int, int]:
    return (
        series,
        reading.observed_at,
        reading.value,
        int(reading.quality),
        int(reading.reasons),
        reading.received_at,
    )
