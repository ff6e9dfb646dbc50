"""Writing readings: series ids, the identity (point, observed_at), duplicates and conflicts."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain
from operator import itemgetter

from collector.domain.reading import Quality, Reading, Reason, states_the_same

# A burst of messages in one millisecond moves their stamps ahead of the clock by as many, at most this far.
_BURST_MS = 60_000
_NEVER = -(2**63)

# Rows of one statement: a fifth cheaper than one by one. SQLite takes at least 999 values.
_AT_ONCE = 50
_ROW = "(?, ?, ?, ?, ?, ?)"

Run = list[Reading]
_Row = tuple[int, int, float | None, int, int, int]
_observed_at = itemgetter(Reading._fields.index("observed_at"))
_stamped = itemgetter(Reading._fields.index("stamped"))


class Outcome(Enum):
    NEW = "new"
    DUPLICATE = "duplicate"  # the same value for the same identity, stated to be as good: nothing to do
    CONFLICT = "conflict"  # another value, or the same stated to be of another quality: kept beside the first


@dataclass(slots=True)
class Stored:
    """`runs` are the new readings, a run for each point, by `observed_at` ascending."""

    runs: list[Run] = field(default_factory=list)
    duplicates: int = 0
    conflicts: int = 0
    # Of the new ones those that are older than what was there: they came late.
    late: int = 0


class ReadingTable:
    """All writes happen inside the caller's transaction; after a rollback call `reload`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._series: dict[tuple[str, str], int] = {}
        self._last_stamp: dict[int, int] = {}
        # The newest reading of each series: what is newer still cannot be there, and needs no looking up.
        self._newest: dict[int, int] = {}
        self.reload()

    def reload(self) -> None:
        rows = self._db.execute("SELECT device, metric, id FROM series")
        self._series = {(device, metric): ident for device, metric, ident in rows}
        self._last_stamp.clear()
        self._newest.clear()

    def series_id(self, device: str, metric: str) -> int:
        known = self._series.get((device, metric))
        if known is None:
            cursor = self._db.execute("INSERT INTO series (device, metric) VALUES (?, ?)", (device, metric))
            known = self._series[(device, metric)] = int(cursor.lastrowid or 0)
        return known

    def store(self, readings: Iterable[Reading]) -> Stored:
        """Nearly always a point's readings are newer than all it has, and go in together; the others one by one."""
        points: defaultdict[tuple[str, str], Run] = defaultdict(list)
        for reading in readings:
            points[reading[0], reading[1]].append(reading)
        stored, rows = Stored(), []
        for (device, metric), run in points.items():
            series = self.series_id(device, metric)
            if any(map(_stamped, run)):
                run = [self._stamp(series, reading) if reading.stamped else reading for reading in run]
            ordered = sorted(run, key=_observed_at)
            if self._all_newer(series, ordered):
                rows += _rows(series, ordered)
                self._newest[series] = ordered[-1].observed_at
                stored.runs.append(ordered)
            else:
                self._store_singly(series, run, stored)
        self._insert_all(rows)
        return stored

    def _insert_all(self, rows: list[_Row]) -> None:
        whole = len(rows) // _AT_ONCE * _AT_ONCE
        for start in range(0, whole, _AT_ONCE):
            values = list(chain.from_iterable(rows[start : start + _AT_ONCE]))
            self._db.execute(f"INSERT INTO reading VALUES {','.join([_ROW] * _AT_ONCE)}", values)
        self._db.executemany(f"INSERT INTO reading VALUES {_ROW}", rows[whole:])

    def _all_newer(self, series: int, run: Run) -> bool:
        newest = self._newest.get(series)
        if newest is None:
            row = self._db.execute("SELECT max(observed_at) FROM reading WHERE series_id=?", (series,)).fetchone()
            newest = self._newest[series] = _NEVER if row[0] is None else int(row[0])
        return run[0].observed_at > newest and len(set(map(_observed_at, run))) == len(run)

    def _stamp(self, series: int, reading: Reading) -> Reading:
        """Two messages without a time of their own can arrive in one millisecond; neither may hide the other."""
        free_from = self._last_stamp.get(series, _NEVER) + 1
        if reading.observed_at < free_from - _BURST_MS:
            # Our own clock was set back: the time of receipt is all there is, and it is marked.
            quality = max(reading.quality, Quality.UNCERTAIN)
            reading = reading._replace(quality=quality, reasons=reading.reasons | Reason.CLOCK)
        elif reading.observed_at < free_from:
            reading = reading._replace(observed_at=free_from)
        self._last_stamp[series] = reading.observed_at
        return reading

    def _store_singly(self, series: int, run: Run, stored: Stored) -> None:
        """In the order in which they came: of one moment the first stands, and one stamped by us makes room."""
        new, before = [], self._newest[series]
        for reading in run:
            outcome, placed = self._insert(series, reading)
            if outcome is Outcome.NEW:
                new.append(placed)
                stored.late += not placed.stamped and placed.observed_at < before
                self._newest[series] = max(self._newest[series], placed.observed_at)
            elif outcome is Outcome.DUPLICATE:
                stored.duplicates += 1
            else:
                stored.conflicts += 1
        if new:
            stored.runs.append(sorted(new, key=_observed_at))

    def _insert(self, series: int, reading: Reading) -> tuple[Outcome, Reading]:
        """The reading as it was stored: one stamped by us moves to the next free millisecond."""
        if reading.stamped:
            while not self._try(series, reading):
                reading = reading._replace(observed_at=reading.observed_at + 1)
            self._last_stamp[series] = max(self._last_stamp.get(series, _NEVER), reading.observed_at)
            return Outcome.NEW, reading
        if self._try(series, reading):
            return Outcome.NEW, reading
        return self._existing(series, reading), reading

    def _try(self, series: int, reading: Reading) -> bool:
        (row,) = _rows(series, [reading])
        return self._db.execute(f"INSERT OR IGNORE INTO reading VALUES {_ROW}", row).rowcount == 1

    def _existing(self, series: int, reading: Reading) -> Outcome:
        """The same value of which the device says something else, such as `calibration`, is a conflict too."""
        known = self._db.execute(
            "SELECT value, quality, reasons FROM reading WHERE series_id=? AND observed_at=?"
            " UNION ALL SELECT value, quality, reasons FROM conflict WHERE series_id=? AND observed_at=?",
            (series, reading.observed_at) * 2,
        )
        said = reading.quality, reading.reasons
        for value, quality, reasons in known:
            if value == reading.value and states_the_same(said, (Quality(quality), Reason(reasons))):
                return Outcome.DUPLICATE
        (row,) = _rows(series, [reading])
        cursor = self._db.execute(f"INSERT OR IGNORE INTO conflict VALUES {_ROW}", row)
        return Outcome.CONFLICT if cursor.rowcount == 1 else Outcome.DUPLICATE


def _rows(series: int, run: Run) -> list[_Row]:
    # int(): SQLite's binding takes the slow way for a subclass of int. Of nearly all readings both are known to be 0.
    good, none = Quality.GOOD, Reason.NONE
    return [
        (
            series,
            observed_at,
            value,
            0 if quality is good else int(quality),
            0 if reasons is none else int(reasons),
            received_at,
        )
        for _, _, observed_at, value, quality, reasons, received_at, _ in run
    ]
