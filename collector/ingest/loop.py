"""The receive loop: messages in, one transaction for many, then their acknowledgement. One thread."""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable

from collector.clock import Clock
from collector.ingest.committer import Committer
from collector.ingest.message import Message
from collector.ingest.mqtt.source import RECEIVE_MAXIMUM, MqttSource
from collector.ingest.pipeline import Pipeline, Processed

log = logging.getLogger(__name__)

# Commit by count and by time. By time too, because a broker with 20 messages in flight would wait for ever for a
# batch to fill; at most 100 ms (DESIGN §2 rule 1).
MAX_BATCH = RECEIVE_MAXIMUM // 2
MAX_AGE_MS = 50
# Retry of a failed commit: the disk may be full or locked, and nothing is acknowledged meanwhile.
_RETRY_S = 1.0
_IDLE_POLL_S = 0.2
# Right after subscribing the broker may still be about to send what it kept for us.
_SETTLE_MS = 1_000
# A reading arrives a moment after it was observed: time passes for the limits this much later.
_LATE_MS = 2_000


class ReceiveLoop:
    """`due` says whether something besides messages waits for a transaction; `committed` is told after each one."""

    def __init__(
        self,
        source: MqttSource,
        pipeline: Pipeline,
        committer: Committer,
        clock: Clock,
        *,
        due: Callable[[int], bool],
        committed: Callable[[], None],
        between: Callable[[], None],
    ) -> None:
        self._source = source
        self._pipeline = pipeline
        self._committer = committer
        self._clock = clock
        self._due = due
        self._committed = committed
        self._between = between
        self._batch: list[Processed] = []
        self._first_at = 0
        self._drained = False

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; what was received by then is still committed and acknowledged."""
        while not stop.is_set():
            self._step(stop)
        self._commit(stop)
        self._source.close()

    def _step(self, stop: threading.Event) -> None:
        self._between()
        messages = self._source.poll(self._patience())
        if not messages and self._source.idle:
            stop.wait(_IDLE_POLL_S)
        self._drained = not messages and (self._source.v5 or not self._batch)
        self._take(messages)
        now = self._clock()
        if self._full(now):
            self._take_what_is_there()
            self._commit(stop)
        elif not self._batch and self._caught_up(now) and self._due(now - _LATE_MS):
            self._commit(stop)

    def _take(self, messages: list[Message]) -> None:
        if messages and not self._batch:
            self._first_at = self._clock()
        self._batch += [self._pipeline.process(message) for message in messages]

    def _take_what_is_there(self) -> None:
        """Nothing more there: all that the broker kept for us has come. (With 3.1.1 it may be waiting for our acks.)"""
        more = self._source.poll(0)
        self._drained = not more and self._source.v5
        self._take(more)

    def _caught_up(self, now: int) -> bool:
        """Whether time may pass for the limits up to now.

        While the broker still holds messages for us, "the last value" is not the last: judging it by the clock would
        raise alarms that the waiting messages deny.
        """
        since = self._source.subscribed_at
        return self._drained and since is not None and now - since >= _SETTLE_MS

    def _patience(self) -> float:
        """How long the network may take: until the batch is due."""
        return MAX_AGE_MS / 1000 / 5 if self._batch else _IDLE_POLL_S

    def _full(self, now: int) -> bool:
        if not self._batch:
            return False
        # A clock set back must not hold the batch.
        return len(self._batch) >= MAX_BATCH or not self._first_at <= now < self._first_at + MAX_AGE_MS

    def _commit(self, stop: threading.Event) -> None:
        """Tries until it is durable. While it is not, nothing is read from the network and nothing acknowledged."""
        while True:
            now = self._clock()
            tick_to = now - _LATE_MS if self._caught_up(now) else None
            try:
                self._committer.commit(self._batch, tick_to)
            except sqlite3.Error as error:
                self._committer.stats.commit_failures += 1
                log.error("cannot store, not acknowledging: error=%s messages=%d", error, len(self._batch))
                if stop.wait(_RETRY_S):
                    return
                continue
            break
        self._source.acknowledge([item.message for item in self._batch])
        self._batch = []
        self._committed()
