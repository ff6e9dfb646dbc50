"""Drains the outbox to one destination, in a thread of its own.

A destination that is away only makes the outbox grow: ingest never waits for it.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from collector.clock import Clock
from collector.errors import StoreRejected, StoreUnavailable
from collector.stores import dead_letters, outbox
from collector.stores.collector_db import connect, transaction
from collector.stores.entries import Entry, Kind, encode
from collector.stores.outbox import Batch, Outbox

log = logging.getLogger(__name__)

_IDLE_S = 1.0
_AGAIN_S = 5.0
_BACKOFF_MAX_S = 60.0


class Destination(Protocol):
    """Where entries go. Delivering the same entries again must change nothing."""

    @property
    def name(self) -> str: ...

    @property
    def kinds(self) -> frozenset[Kind]:
        """What it takes; all else in the outbox is not for it."""
        ...

    @property
    def batch(self) -> int:
        """How many readings and records to hand over at once."""
        ...

    def deliver(self, entries: list[Entry]) -> None:
        """Raises StoreUnavailable (all are kept and tried again) or StoreRejected (the content was refused)."""
        ...

    def parts(self, entries: list[Entry]) -> list[list[Entry]]:
        """Two halves of what was refused, or a single part when it cannot be cut further."""
        ...


@dataclass(slots=True)
class Progress:
    """For the heartbeat: how far behind this destination is."""

    depth: int = 0
    oldest_at: int | None = None
    error: str | None = None


class Forwarder(threading.Thread):
    def __init__(self, path: Path, destination: Destination, clock: Clock) -> None:
        super().__init__(name=f"forward-{destination.name}", daemon=True)
        self._path = path
        self._destination = destination
        self._clock = clock
        self._stop_asked = threading.Event()
        self._wake = threading.Event()
        self.progress = Progress()

    @property
    def destination(self) -> str:
        return self._destination.name

    def wake(self) -> None:
        """There is something new in the outbox."""
        self._wake.set()

    def stop(self) -> None:
        self._stop_asked.set()
        self._wake.set()

    def run(self) -> None:
        """Until `stop`. Whatever goes wrong in a round is logged and tried again: nobody else would do this work."""
        while not self._stop_asked.is_set():
            try:
                with closing(connect(self._path)) as db:
                    self._work(db)
            except Exception as error:
                log.exception("forwarder failed, beginning again: destination=%s", self._destination.name)
                self.progress = Progress(self.progress.depth, self.progress.oldest_at, str(error))
                self._stop_asked.wait(_AGAIN_S)

    def _work(self, db: sqlite3.Connection) -> None:
        box = Outbox(db, self._destination.name, self._destination.kinds)
        failures = 0
        while not self._stop_asked.is_set():
            failures = self._round(db, box, failures)

    def _round(self, db: sqlite3.Connection, box: Outbox, failures: int) -> int:
        """One batch, or one wait; returns the number of failures in a row."""
        try:
            sent = self._send_one(db, box)
        except StoreUnavailable as error:
            self._report(box, str(error))
            if failures == 0:
                log.warning("destination unavailable: destination=%s error=%s", self._destination.name, error)
            # Full jitter, so that many collectors do not return at one moment.
            self._stop_asked.wait(random.uniform(0.2, min(_BACKOFF_MAX_S, 0.5 * 2 ** min(failures, 10))))  # noqa: S311
            return failures + 1
        except sqlite3.Error as error:
            log.warning("outbox unreadable: destination=%s error=%s", self._destination.name, error)
            self._stop_asked.wait(_IDLE_S)
            return failures + 1
        if failures:
            log.info("destination is back: destination=%s", self._destination.name)
        if not sent:
            self._report(box, None)
            self._wake.wait(_IDLE_S)
            self._wake.clear()
        return 0

    def _report(self, box: Outbox, error: str | None) -> None:
        depth = box.depth()
        self.progress = Progress(depth, box.oldest_at() if depth else None, error)

    def _send_one(self, db: sqlite3.Connection, box: Outbox) -> bool:
        batch = box.next_batch(self._destination.batch)
        if batch is None:
            return False
        self._deliver(db, batch.entries)
        self._advance(db, box, batch)
        return True

    def _advance(self, db: sqlite3.Connection, box: Outbox, batch: Batch) -> None:
        with transaction(db):
            box.done(batch.lane, batch.through_seq)
            outbox.prune(db)

    def _deliver(self, db: sqlite3.Connection, entries: list[Entry]) -> None:
        """Whole if the destination takes it; else cut in halves until only what is refused stands alone."""
        try:
            self._destination.deliver(entries)
        except StoreRejected as error:
            parts = self._destination.parts(entries)
            if len(parts) > 1:
                for part in parts:
                    self._deliver(db, part)
            else:
                self._bury(db, entries, str(error))

    def _bury(self, db: sqlite3.Connection, entries: list[Entry], detail: str) -> None:
        log.error("destination refused an entry: destination=%s error=%s", self._destination.name, detail[:200])
        now = self._clock()
        with transaction(db):
            for entry in entries:
                letter = dead_letters.bury(
                    db,
                    topic=f"outbox/{self._destination.name}/{entry.kind}",
                    site=None,
                    reason="refused",
                    detail=detail[:2000],
                    payload=encode(entry),
                    now=now,
                )
                outbox.append(db, [letter], now)
