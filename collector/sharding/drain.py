"""Store what waits in a shard's sessions up to the marker, under the layout that it was published for."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable

from collector.alarms.evaluator import Evaluator
from collector.clock import Clock
from collector.errors import StoreUnavailable
from collector.ingest.committer import Committer
from collector.ingest.loop import ReceiveLoop
from collector.ingest.mqtt.source import RECEIVE_MAXIMUM, Connected
from collector.ingest.pipeline import Pipeline
from collector.ingest.sessions import note_connection, noted_filters
from collector.sharding.sessions import Patience, Sessions
from collector.sitedb import snapshot


class Drain:
    """One shard of the layout of before, at work for the last time. `db` is its file, `pipeline` made for it."""

    def __init__(
        self, db: sqlite3.Connection, pipeline: Pipeline, sessions: Sessions, clock: Clock, *, long_term: bool
    ) -> None:
        self._db = db
        self._pipeline = pipeline
        self._sessions = sessions
        self._clock = clock
        judge = Evaluator(db)
        self._committer = Committer(db, judge, RECEIVE_MAXIMUM, clock, long_term=long_term)
        pipeline.heard_until = self._committer.heard_until
        taken = snapshot.load(db)
        judge.configure(taken.limits, clock())
        self._committer.assign_sites(taken.sites)
        pipeline.use(taken.sites, taken.zones)

    def subscribe(self, index: int) -> None:
        """Before the marker is published, so that it stands in each session."""
        for connected in self._sessions.subscribe(index):
            self._note(connected)

    def run(self, index: int, marker: bytes, told: Callable[[int], None]) -> int:
        """Returns how many readings were stored; `told` of how many messages came so far.

        Raises StoreUnavailable: all is as it was then, but for what was stored and acknowledged.
        """
        sources = self._sessions.sources(index, marker)
        stop = threading.Event()
        patience = Patience(self._sessions.answer_s)

        def between() -> None:
            for source in sources:
                while source.events:
                    self._note(source.events.pop(0))
            told(self._seen)
            if all(source.done for source in sources):
                stop.set()
            elif patience.over(self._seen):
                raise self._sessions.no_marker(sources)

        ReceiveLoop(
            sources,
            self._pipeline,
            self._committer,
            self._clock,
            # Time does not pass here: what stands behind the marker may deny what the clock would raise.
            due=lambda _: False,
            committed=lambda: None,
            between=between,
            failed=_cannot_store,
        ).run(stop)
        return self._committer.stats.stored

    @property
    def _seen(self) -> int:
        return self._committer.stats.received + self._committer.stats.foreign

    def _note(self, connected: Connected) -> None:
        """Nothing was unsubscribed: what the session has besides stays noted, for its collector to judge."""
        former = noted_filters(self._db, connected.broker)
        filters = dict.fromkeys([*self._sessions.all_filters, *former])
        note_connection(self._db, self._committer, connected, filters, self._clock())


def _cannot_store(error: sqlite3.Error, _: int) -> None:
    raise StoreUnavailable(f"cannot store: {error}; nothing is lost, run it again when that is mended") from error
