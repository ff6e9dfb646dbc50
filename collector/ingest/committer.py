"""One SQLite transaction for everything a batch of messages brings; after it returns they may be acknowledged."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from math import inf
from typing import Protocol

from collector.clock import Clock
from collector.domain.reading import Reading
from collector.domain.times import FUTURE_TOLERANCE_MS
from collector.errors import MessageError
from collector.ingest.deliveries import Deliveries
from collector.ingest.message import Message
from collector.ingest.pipeline import Processed
from collector.ingest.raw import pack
from collector.stats import HISTOGRAMS, LAG_BOUNDS, Histogram
from collector.stores import dead_letters, outbox
from collector.stores.collector_db import last_received_at, set_meta, transaction
from collector.stores.device_table import DeviceTable
from collector.stores.entries import NewEntry, reading_entries
from collector.stores.reading_table import ReadingTable, Run


class Judge(Protocol):
    """The part of the alarm evaluator that lives inside the transaction."""

    def take(self, run: Sequence[Reading]) -> None: ...
    def tick(self, now: int) -> None: ...
    def set_right(self, now: int) -> None: ...
    def flush(self) -> list[NewEntry]: ...
    def reload(self) -> None: ...


@dataclass(slots=True)
class Stats:
    """What happened since the start of this process. Only the ingest thread writes; others read."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0
    late: int = 0
    retained: int = 0
    redelivered: int = 0
    # Another collector's: acknowledged, and that was all.
    foreign: int = 0
    dead_letters: Counter[str] = field(default_factory=Counter)
    commits: int = 0
    commit_failures: int = 0
    commit_latency: Histogram = field(default_factory=Histogram)
    ack_latency: Histogram = field(default_factory=Histogram)
    store_latency: Histogram = field(default_factory=Histogram)
    lag: Histogram = field(default_factory=lambda: Histogram(LAG_BOUNDS))

    @property
    def histograms(self) -> dict[str, Histogram]:
        """By the names of `collector.stats.HISTOGRAMS`."""
        return {name: getattr(self, name) for name in HISTOGRAMS}

    def add(self, counted: Stats) -> None:
        self.received += counted.received
        self.stored += counted.stored
        self.duplicates += counted.duplicates
        self.conflicts += counted.conflicts
        self.late += counted.late
        self.retained += counted.retained
        self.redelivered += counted.redelivered
        self.dead_letters.update(counted.dead_letters)
        self.commits += 1


class Committer:
    """`long_term`: readings are forwarded to a long-term store, and need entries of their own in the outbox."""

    def __init__(
        self, db: sqlite3.Connection, judge: Judge, receive_maximum: int, clock: Clock, *, long_term: bool = True
    ) -> None:
        self._db = db
        self._judge = judge
        self._clock = clock
        self._long_term = long_term
        self._readings = ReadingTable(db)
        self._devices = DeviceTable(db)
        self._deliveries = Deliveries(db, receive_maximum)
        self.stats = Stats()
        self._stale = False
        # The latest our clock has been. It may have been set back while we were not there: unknown at first.
        self._latest: float = inf
        self._heard_until = last_received_at(db) or 0

    def commit(self, batch: Sequence[Processed], tick_to: int | None = None) -> None:
        """With `tick_to`, time passes for the limits up to then (epoch ms).

        Raises sqlite3.Error when nothing was stored; memory then stands where the disk stands.
        """
        now = self._clock()
        counted = Stats()
        self.refresh()
        try:
            with transaction(self._db):
                if now < self._latest - FUTURE_TOLERANCE_MS:
                    self._judge.set_right(now)
                entries, runs = self._store(batch, now, counted)
                if tick_to is not None:
                    self._judge.tick(tick_to)
                outbox.append(self._db, entries + self._judge.flush(), now)
        except BaseException:
            # What fails may fail again on reading: then the next commit begins with it.
            self._stale = True
            raise
        self._latest = now if now < self._latest - FUTURE_TOLERANCE_MS else max(now, self._latest)
        self._heard_until = max(now, self._heard_until)
        self.stats.add(counted)
        self._time(batch, runs, now)

    def heard_until(self) -> int:
        """The latest that our clock has been when something was stored, as far as it is remembered."""
        return self._heard_until

    def assign_sites(self, sites: Mapping[str, str | None]) -> None:
        """The sites that people gave to devices."""
        self._devices.assign(sites)

    def forget_deliveries(self, broker: str) -> None:
        """The broker began a new session, and its packet ids anew. Inside the caller's transaction."""
        self._deliveries.forget(broker)

    def pass_over(self, messages: Sequence[Message], mine: Sequence[Message]) -> None:
        """Of what came, all but `mine` is another collector's."""
        if len(mine) == len(messages):
            return
        self.stats.foreign += len(messages) - len(mine)
        own = set(map(id, mine))
        self._deliveries.pass_over(message for message in messages if id(message) not in own)

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

    def _store(self, batch: Sequence[Processed], now: int, counted: Stats) -> tuple[list[NewEntry], list[Run]]:
        if not batch:
            if self._deliveries.behind:
                self._deliveries.record(())
            return [], []
        fresh = self._fresh(batch)
        counted.received += len(batch)
        counted.redelivered += len(batch) - len(fresh)
        counted.retained += sum(item.message.retained for item in batch)
        entries = self._devices_of(fresh, now)
        stored = self._readings.store(chain.from_iterable([item.readings for item in fresh]))
        counted.stored += sum(map(len, stored.runs))
        counted.duplicates += stored.duplicates
        counted.conflicts += stored.conflicts
        counted.late += stored.late
        for run in stored.runs:
            self._judge.take(run)
        entries += self._bury(fresh, counted, now)
        self._keep_raw(fresh)
        self._deliveries.record(fresh)
        if stored.runs:
            sites = {run[0].device: self._devices.site(run[0].device) for run in stored.runs}
            entries += reading_entries(stored.runs, sites, self._long_term)
        for broker, last in {item.message.broker: item.message.received_at for item in batch}.items():
            set_meta(self._db, f"last_received_at.{broker}", str(last))
        return entries, stored.runs

    def _fresh(self, batch: Sequence[Processed]) -> Sequence[Processed]:
        """Without redeliveries of what is stored, or stands earlier in this batch: it may reach over a reconnect."""
        if not any(item.message.duplicate for item in batch):
            return batch
        fresh, taken = [], set()
        for item in batch:
            message = item.message
            delivery = (message.broker, message.packet_id, message.digest)
            if self._deliveries.seen(message) or (message.duplicate and delivery in taken):
                continue
            taken.add(delivery)
            fresh.append(item)
        return fresh

    def _devices_of(self, items: Sequence[Processed], now: int) -> list[NewEntry]:
        seen = {device.id: device for item in items for device in item.devices}
        due = {ident for ident, device in seen.items() if self._devices.due(device, now)}
        if not due:
            return []
        messages = {device.id: item.message for item in items for device in item.devices if device.id in due}
        return [self._devices.see(seen[ident], message, now) for ident, message in messages.items()]

    def _bury(self, items: Iterable[Processed], counted: Stats, now: int) -> list[NewEntry]:
        return [self._bury_one(item, item.refused, counted, now) for item in items if item.refused is not None]

    def _bury_one(self, item: Processed, error: MessageError, counted: Stats, now: int) -> NewEntry:
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

    def _keep_raw(self, items: Iterable[Processed]) -> None:
        raw = [(item.message.received_at, item.message.topic, item.message.payload) for item in items if item.keep_raw]
        if raw:
            self._db.execute(
                "INSERT INTO raw_block (first_received_at, last_received_at, count, body) VALUES (?, ?, ?, ?)",
                (raw[0][0], raw[-1][0], len(raw), pack(raw)),
            )

    def _time(self, batch: Sequence[Processed], runs: Iterable[Run], began: int) -> None:
        """How long it took: for each message, and for each point of which something new came."""
        now = self._clock()
        self.stats.commit_latency.observe((now - began) / 1000)
        self.stats.store_latency.observe_all((now - item.message.received_at) / 1000 for item in batch)
        for run in runs:
            if not run[-1].stamped:
                self.stats.lag.observe((now - run[-1].observed_at) / 1000, len(run))
