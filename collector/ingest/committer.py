"""One SQLite transaction for everything a batch of messages brings; after it returns they may be acknowledged."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from collector.clock import Clock
from collector.domain.reading import Reading
from collector.errors import MessageError
from collector.ingest.deliveries import Deliveries
from collector.ingest.pipeline import Processed
from collector.ingest.raw import pack
from collector.stores import dead_letters, outbox
from collector.stores.collector_db import set_meta, transaction
from collector.stores.device_table import DeviceTable
from collector.stores.entries import NewEntry, readings_entry
from collector.stores.reading_table import Outcome, ReadingTable


class Judge(Protocol):
    """The part of the alarm evaluator that lives inside the transaction."""

    def take(self, reading: Reading) -> None: ...
    def tick(self, now: int) -> None: ...
    def flush(self) -> list[NewEntry]: ...
    def reload(self) -> None: ...


@dataclass(slots=True)
class Stats:
    """What happened since the start of this process. Only the ingest thread writes; others read."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0
    retained: int = 0
    redelivered: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    commit_failures: int = 0


class Committer:
    def __init__(self, db: sqlite3.Connection, judge: Judge, receive_maximum: int, clock: Clock) -> None:
        self._db = db
        self._judge = judge
        self._clock = clock
        self._readings = ReadingTable(db)
        self._devices = DeviceTable(db)
        self._deliveries = Deliveries(db, receive_maximum)
        self.stats = Stats()
        self._stale = False

    def commit(self, batch: Iterable[Processed], tick_to: int | None = None) -> None:
        """With `tick_to`, time passes for the limits up to then (epoch ms).

        Raises sqlite3.Error when nothing was stored; memory then stands where the disk stands.
        """
        batch = list(batch)
        now = self._clock()
        counted = Stats()
        self.refresh()
        try:
            with transaction(self._db):
                entries = self._store(batch, now, counted)
                if tick_to is not None:
                    self._judge.tick(tick_to)
                outbox.append(self._db, entries + self._judge.flush(), now)
                if batch:
                    self._deliveries.trim()
                    set_meta(self._db, "last_received_at", str(max(item.message.received_at for item in batch)))
        except BaseException:
            # What fails may fail again on reading: then the next commit begins with it.
            self._stale = True
            raise
        self._count(counted)

    def assign_sites(self, sites: Mapping[str, str | None]) -> None:
        """The sites that people gave to devices."""
        self._devices.assign(sites)

    def forget_deliveries(self) -> None:
        """The broker began a new session, and its packet ids anew. Inside the caller's transaction."""
        self._deliveries.forget()

    def distrust_memory(self) -> None:
        """A transaction elsewhere was rolled back: `refresh` is due."""
        self._stale = True

    def refresh(self) -> None:
        """Read again what is on disk, if a rolled-back transaction left memory ahead of it."""
        if not self._stale:
            return
        self._readings.reload()
        self._devices.reload()
        self._deliveries.reload()
        self._judge.reload()
        self._stale = False

    def _store(self, batch: list[Processed], now: int, counted: Stats) -> list[NewEntry]:
        entries: list[NewEntry] = []
        stored: list[Reading] = []
        raw = []
        for item in batch:
            counted.received += 1
            counted.retained += item.message.retained
            if self._deliveries.seen(item.message):
                counted.redelivered += 1
                continue
            entries += self._devices_of(item, now)
            stored += self._insert(item, counted)
            if item.refused is not None:
                entries.append(self._bury(item, item.refused, counted, now))
            if item.keep_raw:
                raw.append((item.message.received_at, item.message.topic, item.message.payload))
            if item.stamped:
                self._deliveries.record(item.message)
        self._keep_raw(raw)
        if stored:
            sites = {reading.device: self._devices.site(reading.device) for reading in stored}
            entries.append(readings_entry(stored, sites))
        return entries

    def _devices_of(self, item: Processed, now: int) -> list[NewEntry]:
        found = (self._devices.see(device, now) for device in item.devices)
        return [entry for entry in found if entry is not None]

    def _insert(self, item: Processed, counted: Stats) -> list[Reading]:
        stored = []
        for reading in item.readings:
            outcome, placed = self._readings.insert(reading)
            if outcome is Outcome.NEW:
                stored.append(placed)
                self._judge.take(placed)
            elif outcome is Outcome.DUPLICATE:
                counted.duplicates += 1
            else:
                counted.conflicts += 1
        counted.stored += len(stored)
        return stored

    def _bury(self, item: Processed, error: MessageError, counted: Stats, now: int) -> NewEntry:
        counted.dead_letters[error.reason] += 1
        return dead_letters.bury(
            self._db,
            topic=item.message.topic,
            site=next((device.site for device in item.devices), item.site),
            reason=error.reason,
            detail=error.detail,
            payload=item.message.payload,
            now=now,
        )

    def _keep_raw(self, raw: list[tuple[int, str, bytes]]) -> None:
        if raw:
            self._db.execute(
                "INSERT INTO raw_block (first_received_at, last_received_at, count, body) VALUES (?, ?, ?, ?)",
                (raw[0][0], raw[-1][0], len(raw), pack(raw)),
            )

    def _count(self, counted: Stats) -> None:
        total = self.stats
        total.received += counted.received
        total.stored += counted.stored
        total.duplicates += counted.duplicates
        total.conflicts += counted.conflicts
        total.retained += counted.retained
        total.redelivered += counted.redelivered
        total.dead_letters.update(counted.dead_letters)
        total.commits += 1
