"""Drains the outbox to one destination, in a thread of its own.

A destination that is away only makes the outbox grow: ingest never waits for it.
"""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from collector.clock import Clock
from collector.errors import StoreUnavailable
from collector.stores import outbox, refused
from collector.stores.collector_db import connect, transaction
from collector.stores.delivery import Delivery, Destination, EverythingRefused
from collector.stores.outbox import Batch, Lane, Outbox
from collector.trouble import kind_of

log = logging.getLogger(__name__)

_IDLE_S = 1.0
_AGAIN_S = 5.0
_REPORT_S = 5.0
_BACKOFF_MAX_S = 60.0
# A batch is made no smaller than this after failures.
_LEAST = 100
# While only lazy kinds wait: so often at the most, and never more than a fifth of the time spent on them.
_LAZY_S = 0.25
_LAZY_SHARE = 4
_LAZY_MOST_S = 2.0
# How long a lane stands aside the first time; then twice as long each time.
_ASIDE_S = 1.0


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
        self._delivery = Delivery(destination, self._stop_asked.is_set)
        self._most = destination.batch
        self._lazy_until = 0.0
        self._reported_at = 0.0
        self._to_prune = False
        # A lane of which everything is refused stands aside for a while, so that the others go on.
        self._aside: Lane | None = None
        self._aside_until, self._aside_s = 0.0, _ASIDE_S
        # Where the lane begins that was refused, until something of it is taken.
        self._refused_at: int | None = None
        # What was said last of an outbox that cannot be read, so that it is said once.
        self._said = ""
        # collector.db is damaged where the outbox is; the ingest thread may never meet the place.
        self.damage: sqlite3.Error | None = None
        self.progress = Progress()

    @property
    def destination(self) -> str:
        return self._destination.name

    @property
    def version(self) -> str | None:
        """What the destination says it is; None while that is not known."""
        return self._destination.version

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
                    # What is lost here with the power is only how far we were: it is delivered again. The entries
                    # themselves are committed with FULL, elsewhere.
                    db.execute("PRAGMA synchronous=NORMAL")
                    self._work(db)
            except (StoreUnavailable, sqlite3.Error) as error:
                self._unreadable(error)
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
            if self._resting(box):
                return failures
            sent = self._send_one(db, box) + self._send_parked(db)
        except StoreUnavailable as error:
            return self._back_off(box, error, failures)
        if failures:
            log.info("destination is back: destination=%s", self._destination.name)
        self._after(db, box, sent=sent > 0)
        self._said = ""
        return 0

    def _unreadable(self, error: Exception) -> None:
        """The ingest thread has the same trouble, or will: it says what to do."""
        if isinstance(error, sqlite3.Error) and kind_of(error, self._path.parent) == "corrupt":
            self.damage = error
        if str(error) != self._said:
            log.warning("outbox cannot be used: destination=%s error=%s", self._destination.name, error)
        self._said = str(error)
        self._stop_asked.wait(_IDLE_S)

    def _after(self, db: sqlite3.Connection, box: Outbox, *, sent: bool) -> None:
        if sent:
            self._most = min(self._destination.batch, 2 * self._most)
        error = self.progress.error
        if not sent or (error and not self._aside) or time.monotonic() - self._reported_at > _REPORT_S:
            self._report(box, error if self._aside else None)
        if not sent:
            if self._aside is None:
                self._aside_s = _ASIDE_S
            if self._to_prune:
                self._to_prune = outbox.prune(db) == outbox.PRUNE_CHUNK
                return
            self._wake.wait(_IDLE_S)
            self._wake.clear()

    def _back_off(self, box: Outbox, error: StoreUnavailable, failures: int) -> int:
        if self._stop_asked.is_set():
            return failures
        self._report(box, str(error))
        if failures == 0:
            log.warning("destination unavailable: destination=%s error=%s", self._destination.name, error)
        # A body may be too much for a slow line or a busy server: the next one is smaller.
        self._most = max(_LEAST, self._most // 2)
        # Full jitter, so that many collectors do not return at one moment.
        wait = random.uniform(0.2, min(_BACKOFF_MAX_S, 0.5 * 2 ** min(failures, 10)))  # noqa: S311
        self._stop_asked.wait(max(wait, error.retry_after_s or 0))
        return failures + 1

    def _report(self, box: Outbox, error: str | None) -> None:
        depth = box.depth()
        self.progress = Progress(depth, box.oldest_at() if depth else None, error)
        self._reported_at = time.monotonic()

    def _resting(self, box: Outbox) -> bool:
        """Entries of lazy kinds gather for a while: folded together they cost a fraction. Any other goes at once.

        Nobody rests while there is a backlog.
        """
        left = self._lazy_until - time.monotonic()
        if left <= 0 or len(set(box.lanes()) - {self._aside}) > 1:
            return False
        if box.holds(self._destination.kinds - self._destination.lazy):
            return False
        self._wake.wait(left)
        self._wake.clear()
        return True

    def _send_one(self, db: sqlite3.Connection, box: Outbox) -> int:
        if self._aside is not None and time.monotonic() > self._aside_until:
            self._aside = None
        batch = box.next_batch(self._most, without=self._aside)
        if batch is None:
            return 0
        started = time.monotonic()
        try:
            rows = self._delivery.send(batch.entries)
        except EverythingRefused as error:
            self._set_aside(box, batch, error)
            return 1
        with transaction(db):
            refused.settle(db, self._destination.name, rows, self._clock())
            box.done(batch.lane, batch.through_seq)
            self._to_prune = outbox.prune(db) == outbox.PRUNE_CHUNK
        if batch.lane.after_seq == self._refused_at:
            self._refused_at, self._aside_s = None, _ASIDE_S
        if any(entry.kind in self._destination.lazy for entry in batch.entries):
            took = time.monotonic() - started
            self._lazy_until = time.monotonic() + min(_LAZY_MOST_S, max(_LAZY_S, _LAZY_SHARE * took))
        return 1

    def _set_aside(self, box: Outbox, batch: Batch, error: EverythingRefused) -> None:
        """Nothing of this lane is taken: it waits for a person, and what comes after it does not wait with it."""
        if self._aside is not None:
            raise error
        log.error("everything refused, going on with what is newer: %s", error)
        if batch.lane.until_seq is None:
            box.split()
        self._refused_at = batch.lane.after_seq
        self._aside = next(lane for lane in box.lanes() if lane.after_seq == batch.lane.after_seq)
        self._aside_until = time.monotonic() + self._aside_s
        self._aside_s = min(_BACKOFF_MAX_S, 2 * self._aside_s)
        self._report(box, str(error))

    def _send_parked(self, db: sqlite3.Connection) -> int:
        if self._refused_at is not None or self._delivery.suspicious:
            # What is refused with all the rest is no more guilty than the rest.
            return 0
        name = self._destination.name
        tried = refused.due(db, name, self._clock())
        if tried:
            rows = self._delivery.send_again(tried)
            with transaction(db):
                refused.settle_parked(db, name, tried, rows, self._clock())
        return len(tried)
