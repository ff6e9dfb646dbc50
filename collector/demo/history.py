"""Seeds the demo's past into collector.db: readings, and the alarms that the collector itself would have raised.

It comes from the same functions as the live stream. All of it is one transaction: a seeding that was interrupted
leaves nothing, and begins anew at the next start.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter

from collector.alarms.evaluator import Evaluator
from collector.demo.past_alarms import AlarmHistory
from collector.demo.past_readings import DAY_MS, Past, Row, pasts
from collector.demo.records import DemoSite
from collector.demo.signals import Plant
from collector.domain.reading import Quality, Reading, Reason
from collector.profiles.library import Library
from collector.profiles.vocabulary import Vocabulary
from collector.stores import outbox
from collector.stores.collector_db import get_meta, set_meta, transaction
from collector.stores.entries import NewEntry, latest_entry, record_entry
from collector.stores.reading_table import ReadingTable

META_KEY = "demo_seeded_at"
DEMO_INSPECTOR = "inspector"


@dataclass(frozen=True, slots=True)
class Seeded:
    """What was written, and how long it took."""

    readings: int
    alarms: int
    seconds: float


def seed_history(
    db: sqlite3.Connection, site: DemoSite, vocabulary: Vocabulary, library: Library, now: int, days: int = 30
) -> Seeded | None:
    """The `days` before `now` (epoch ms), for the site and everything in it. None when that was done before."""
    if get_meta(db, META_KEY) is not None:
        return None
    started = time.perf_counter()
    plant = Plant(site)
    with transaction(db):
        seeding = _Seeding(db, site, plant, now)
        for past in pasts(plant, vocabulary, library):
            seeding.device(past, now - days * DAY_MS)
        entries, alarms = seeding.alarms.finish(now)
        outbox.append(db, [*seeding.entries(), *entries], now)
        set_meta(db, META_KEY, str(now))
    return Seeded(seeding.readings, alarms, time.perf_counter() - started)


class _Seeding:
    def __init__(self, db: sqlite3.Connection, site: DemoSite, plant: Plant, now: int) -> None:
        self._db = db
        self._site = site
        self._now = now
        self._table = ReadingTable(db)
        self._devices: list[NewEntry] = []
        self._latest: list[Reading] = []
        self.readings = 0
        evaluator = Evaluator(db)
        evaluator.configure(site.limits, now)
        self.alarms = AlarmHistory(db, evaluator, plant, DEMO_INSPECTOR)

    def device(self, past: Past, start: int) -> None:
        """Everything of one device, a day at a time so that memory stays small."""
        latest: dict[str, Row] = {}
        seen: list[int] = []
        for begin in range(start, self._now, DAY_MS):
            rows = past.rows(begin, min(begin + DAY_MS, self._now), self._now)
            if not rows:
                continue
            seen += (min(rows, key=itemgetter(1))[1], max(rows, key=itemgetter(1))[1])
            self._insert(past.device, rows)
            for metric, group in _by_metric(rows):
                readings = list(group)
                latest[metric] = readings[-1]
                self.alarms.take(past.device, metric, readings)
        self._latest += [_reading(past.device, row) for row in latest.values()]
        self.alarms.end(past.device, latest)
        if seen:
            self._note_device(past.device, min(seen), max(seen))

    def _insert(self, device: str, rows: list[Row]) -> None:
        series = {metric: self._table.series_id(device, metric) for metric in {row[0] for row in rows}}
        self._db.executemany(
            "INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?, ?, ?)",
            (
                (series[metric], at, value, quality, reasons, received)
                for metric, at, value, quality, reasons, received in rows
            ),
        )
        self.readings += len(rows)

    def _note_device(self, ident: str, first_seen: int, last_seen: int) -> None:
        device = self._site.device(ident)
        self._db.execute(
            "INSERT OR IGNORE INTO device VALUES (?, ?, ?, ?, ?, ?)",
            (ident, device.source_name, device.profile, self._site.id, first_seen, last_seen),
        )
        record = {
            "id": ident,
            "source_name": device.source_name,
            "profile": device.profile,
            "site_id": self._site.id,
            "first_seen_at": first_seen,
            "last_seen_at": last_seen,
        }
        self._devices.append(record_entry("device", record))

    def entries(self) -> list[NewEntry]:
        """For the site database: the devices, and the last value of every point."""
        sites: dict[str, str | None] = {device.id: self._site.id for device in self._site.devices}
        return [*self._devices, latest_entry(self._latest, sites)]


def _by_metric(rows: list[Row]) -> Iterator[tuple[str, Iterable[Row]]]:
    return groupby(rows, key=itemgetter(0))


def _reading(device: str, row: Row) -> Reading:
    metric, at, value, quality, reasons, received = row
    return Reading(device, metric, at, value, Quality(quality), Reason(reasons), received)
