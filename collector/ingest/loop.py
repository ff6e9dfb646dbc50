"""The receive loop: messages in, one transaction for many, then their acknowledgement. One thread."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence

from collector.clock import Clock
from collector.errors import MessageError
from collector.ingest.committer import Committer
from collector.ingest.message import Message
from collector.ingest.mqtt.source import RECEIVE_MAXIMUM, MqttSource, wait
from collector.ingest.pipeline import Pipeline, Processed

log = logging.getLogger(__name__)

# Commit by count and by time. By time too, because a broker with 20 messages in flight would wait for ever for a
# batch to fill; at most 100 ms (DESIGN §2 rule 1).
MAX_BATCH = RECEIVE_MAXIMUM // 2
MAX_AGE_MS = 50
# By size too, so that memory stays bounded whatever the payloads are.
MAX_BYTES = 16 * 1024 * 1024
# A 3.1.1 broker may let only 20 messages out unacknowledged. When nothing more comes for this long it may be waiting.
_QUIET_MS = 5
# Retry of a failed commit: the disk may be full or locked, and nothing is acknowledged meanwhile.
_RETRY_S = 1.0
# While nothing can be stored the connections are kept alive, which means reading. A v5 broker stops by itself at
# RECEIVE_MAXIMUM; this bounds what others send, to what can be told from new messages when it comes again.
HOLD_MOST = RECEIVE_MAXIMUM
_HOLD_BYTES = 2 * MAX_BYTES
_IDLE_POLL_S = 0.2
# Right after subscribing the broker may still be about to send what it kept for us.
_SETTLE_MS = 1_000
# A reading arrives a moment after it was observed: time passes for the limits this much later.
_LATE_MS = 2_000
# Time passes for the limits although a broker is away this long: the devices of the others are not to wait for it.
_AWAY_MS = 60_000


class ReceiveLoop:
    """`due` says whether something besides messages waits for a transaction; `committed` is told after each one.

    `failed` is told of each commit that failed and of how many messages wait for it. What it raises ends the loop:
    nothing of what waits is acknowledged then.
    """

    def __init__(
        self,
        sources: Sequence[MqttSource],
        pipeline: Pipeline,
        committer: Committer,
        clock: Clock,
        *,
        due: Callable[[int], bool],
        committed: Callable[[], None],
        between: Callable[[], None],
        failed: Callable[[sqlite3.Error, int], None],
    ) -> None:
        self._sources = sources
        self._pipeline = pipeline
        self._committer = committer
        self._clock = clock
        self._due = due
        self._committed = committed
        self._between = between
        self._failed = failed
        # What came, to be acknowledged in this order, and what of it is to be stored.
        self._messages: list[Message] = []
        self._batch: list[Processed] = []
        # What came by a connection that is not noted yet: see `_receive`.
        self._later: list[Message] = []
        # The most that was ever held: with 3.1.1 a broker that let so many out may let so many out again.
        self._most_held = 0
        self._bytes = 0
        self._first_at = 0
        self._last_at = 0
        self._drained = False

    @property
    def holds_messages(self) -> bool:
        """Received, and not yet stored."""
        return bool(self._batch)

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; what was received by then is still committed and acknowledged."""
        try:
            while not stop.is_set():
                self._step(stop)
            # What the broker would not send again.
            later = [message for message in self._later if message.qos == 0]
            self._take(later + [message for source in self._sources for message in source.rest()])
            self._commit(stop)
        finally:
            for source in self._sources:
                source.close()

    def take_up(self, messages: list[Message]) -> None:
        """What a loop before this one received and could not store."""
        self._take(messages)

    def unkept(self) -> list[Message]:
        """After a run that was ended by what it raised: what no broker will send again."""
        received = [message for message in (*self._messages, *self._later) if message.qos == 0]
        return received + [message for source in self._sources for message in source.rest()]

    def _step(self, stop: threading.Event) -> None:
        if self._later or self._unnoted():
            self._note_connections(stop)
            return
        self._between()
        if not wait(self._sources, self._patience()):
            stop.wait(_IDLE_POLL_S)
        self._receive()
        now = self._clock()
        if self._full(now):
            self._receive()
            self._commit(stop)
        elif not self._messages and self._caught_up(now) and self._due(now - _LATE_MS):
            self._commit(stop)

    def _unnoted(self) -> bool:
        """A connection was made, and `between` has not noted yet what it says of the session."""
        return any(source.events for source in self._sources)

    def _note_connections(self, stop: threading.Event) -> None:
        """Between what came before it and what comes after: a new session counts its packet ids anew."""
        if self._messages:
            self._commit(stop)
        self._between()
        if self._unnoted():
            stop.wait(_IDLE_POLL_S)
            return
        later, self._later = self._later, []
        self._take(later)

    def _receive(self) -> None:
        """Nothing is read past a connection that is not noted yet."""
        if self._unnoted():
            return
        messages = [message for source in self._sources for message in source.poll()]
        if self._unnoted():
            self._later += messages
        else:
            self._take(messages)

    def _take(self, messages: list[Message]) -> None:
        now = self._clock()
        if messages:
            if not self._messages:
                self._first_at = now
            self._last_at = now
            self._messages += messages
            self._most_held = max(self._most_held, len(self._messages))
            mine = self._pipeline.mine(messages)
            self._committer.pass_over(messages, mine)
            process = self._pipeline.process
            self._batch += [process(message) for message in mine]
            self._bytes += sum([len(message.payload) + len(message.topic) for message in messages])
        # Nothing more there: all that the brokers kept for us has come. With 3.1.1 they may be waiting for our acks,
        # but not while we hold fewer messages than they have let out before.
        waiting = bool(self._messages) and len(self._messages) >= self._most_held
        self._drained = not messages and (not waiting or all(source.v5 for source in self._sources))

    def _caught_up(self, now: int) -> bool:
        """Whether time may pass for the limits up to now.

        While a broker still holds messages for us, "the last value" is not the last: judging it by the clock would
        raise alarms that the waiting messages deny.
        """
        if not self._drained:
            return False
        since = [source.receiving_since for source in self._sources if not source.away(now, _AWAY_MS)]
        # A clock that was set back must not hold the limits until it has caught up.
        return bool(since) and all(at is not None and not 0 <= now - at < _SETTLE_MS for at in since)

    def _patience(self) -> float:
        """How long the network may take, in seconds: until the batch is due."""
        if not self._messages:
            return _IDLE_POLL_S
        return MAX_AGE_MS / 1000 / 5 if all(source.v5 for source in self._sources) else _QUIET_MS / 1000

    def _full(self, now: int) -> bool:
        if not self._messages:
            return False
        if len(self._messages) >= MAX_BATCH or self._bytes >= MAX_BYTES:
            return True
        if now - self._last_at >= _QUIET_MS and not all(source.v5 for source in self._sources):
            return True
        # A clock set back must not hold the batch.
        return not self._first_at <= now < self._first_at + MAX_AGE_MS

    def _commit(self, stop: threading.Event) -> None:
        """Tries until it is durable. While it is not, nothing is acknowledged."""
        while not self._store():
            if self._hold_out(stop):
                return
        self._acknowledge()
        self._committed()

    def _store(self) -> bool:
        now = self._clock()
        tick_to = now - _LATE_MS if self._caught_up(now) else None
        try:
            self._committer.commit(self._batch, tick_to)
        except sqlite3.Error as error:
            return self._not_stored(error)
        # A fault of ours must not stop ingest: the messages would come again after every restart.
        except Exception:
            log.exception("cannot store a batch, storing its messages one by one: messages=%d", len(self._batch))
            return self._store_singly()
        return True

    def _not_stored(self, error: sqlite3.Error) -> bool:
        self._committer.stats.commit_failures += 1
        self._failed(error, len(self._batch))
        return False

    def _store_singly(self) -> bool:
        while self._batch:
            try:
                self._store_one(self._batch[0])
            except sqlite3.Error as error:
                return self._not_stored(error)
            self._batch.pop(0)
        return True

    def _store_one(self, item: Processed) -> None:
        """What cannot be stored even alone becomes a dead letter. Raises sqlite3.Error."""
        try:
            self._committer.commit([item])
        except sqlite3.Error:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, it is of this message
            fault = MessageError("internal", f"cannot be stored: {type(error).__name__}: {error}"[:500])
            # Not kept as it came: that may be what fails, and the dead letter has the payload.
            self._committer.commit([Processed(item.message, refused=fault, keep_raw=False, stamped=True)])

    def _hold_out(self, stop: threading.Event) -> bool:
        """Until the next attempt; returns whether we were told to stop.

        Brokers are answered meanwhile: one that hears nothing for 45 s would hang up, and send all of it again.
        """
        until = time.monotonic() + _RETRY_S
        while not stop.is_set() and (left := until - time.monotonic()) > 0:
            held = len(self._messages) + len(self._later)
            if held >= HOLD_MOST or self._bytes >= _HOLD_BYTES or self._unnoted():
                stop.wait(left)
                continue
            if not wait(self._sources, min(left, _IDLE_POLL_S)):
                stop.wait(min(left, _IDLE_POLL_S))
            self._receive()
        return stop.is_set()

    def _acknowledge(self) -> None:
        messages, self._messages = self._messages, []
        for source in self._sources:
            source.acknowledge(messages)
        now = self._clock()
        self._committer.stats.ack_latency.observe_all([(now - message.received_at) / 1000 for message in messages])
        self._batch = []
        self._bytes = 0
