"""Live events: one thread per process asks the site database what is new, and hands it to every open stream.

It asks only while somebody listens. A stream that does not keep up is closed, so that it never holds up the others;
the browser comes back by itself and says what it had last.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from collector.clock import Clock
from collector.profiles.vocabulary import Vocabulary
from webapp.auth import Principal, reload
from webapp.db import Database
from webapp.live_feed import Event, LiveFeed, changed_since, visible
from webapp.problems import Problem

log = logging.getLogger(__name__)

# Each stream holds a thread of the server for as long as it is open.
SSE_CAP = 128
# What granian must be given at least: the streams, and as many again as a busy site asks at once.
BLOCKING_THREADS = SSE_CAP + 32
POLL_S = 0.5
HEARTBEAT_S = 15.0
_CHECK_SESSIONS_S = 2.0
# Half a minute of events that a client has not taken.
_MAX_BATCHES = 60


class Subscriber:
    """One stream's queue, and for whom it is."""

    def __init__(self, who: Principal, site: str | None) -> None:
        self.who = who
        self.site = site
        self._batches: deque[bytes] = deque()
        self._changed = threading.Condition()
        self.closed = False

    def offer(self, batch: bytes) -> None:
        """Never waits: a full queue closes the stream. Its place is free again once the server has let go of it."""
        with self._changed:
            if self.closed:
                return
            if len(self._batches) >= _MAX_BATCHES:
                self.closed = True
                self._batches.clear()
            else:
                self._batches.append(batch)
            self._changed.notify()

    def begin_with(self, batch: bytes) -> None:
        """Put in front of what has come meanwhile: an older value must not arrive after a newer one."""
        with self._changed:
            self._batches.appendleft(batch)

    def close(self) -> None:
        with self._changed:
            self.closed = True
            self._changed.notify()

    def take(self, timeout: float) -> bytes | None:
        """The next batch, or None when there was none in time or the stream is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self.closed or self._batches, timeout)
            return self._batches.popleft() if self._batches and not self.closed else None


class LiveHub:
    def __init__(self, database: Database, vocabulary: Vocabulary, clock: Clock, cap: int = SSE_CAP) -> None:
        self._database = database
        self._vocabulary = vocabulary
        self._clock = clock
        self._cap = cap
        self._subscribers: set[Subscriber] = set()
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._stopped = False

    @property
    def open_streams(self) -> int:
        return len(self._subscribers)

    def subscribe(self, who: Principal, site: str | None, last_event: int | None) -> Subscriber:
        """A stream that begins with what changed since `last_event` (epoch ms of an event's id)."""
        subscriber = Subscriber(who, site)
        with self._lock:
            if len(self._subscribers) >= self._cap or self._stopped:
                detail = "Ask /api/v1/points and /api/v1/alarms every few seconds instead, and try again later."
                raise Problem("too_many_streams", detail, headers={"Retry-After": "30"})
            if self._thread is None:
                # What is new is counted from here on; what there is already, `changed_since` gives below.
                feed = LiveFeed(self._database, self._vocabulary, self._clock)
                self._thread = threading.Thread(target=self._run, args=(feed,), name="live", daemon=True)
                self._thread.start()
            self._subscribers.add(subscriber)
        try:
            with self._database.read() as db:
                events = changed_since(db, self._vocabulary, last_event, self._clock())
        except BaseException:
            self.unsubscribe(subscriber)
            raise
        if batch := _joined(events, subscriber):
            subscriber.begin_with(batch)
        return subscriber

    def unsubscribe(self, subscriber: Subscriber) -> None:
        subscriber.close()
        with self._lock:
            self._subscribers.discard(subscriber)

    def check_soon(self) -> None:
        """Look again at once: a session ended here, or something was changed here."""
        self._wake.set()

    def stop(self) -> None:
        """Ends every stream and the thread. For shutting down."""
        with self._lock:
            self._stopped = True
            subscribers, thread = list(self._subscribers), self._thread
        for subscriber in subscribers:
            subscriber.close()
        self._wake.set()
        if thread is not None:
            thread.join(timeout=10)

    def _run(self, feed: LiveFeed) -> None:
        checked, down = monotonic(), False
        while True:
            hurried = self._wake.wait(POLL_S)
            self._wake.clear()
            with self._lock:
                if self._stopped or not self._subscribers:
                    # The next subscriber starts a new thread, which begins with what is there then.
                    self._thread = None
                    return
                subscribers = list(self._subscribers)
            try:
                _hand_out(subscribers, feed.poll())
                if hurried or monotonic() - checked >= _CHECK_SESSIONS_S:
                    self._close_revoked(subscribers)
                    checked = monotonic()
                down = False
            except SQLAlchemyError as error:
                if not down:
                    log.warning("live events paused, site database unavailable: error=%s", error)
                down = True
            # Every open stream hangs on this thread.
            except Exception:
                log.exception("live events failed, trying again")

    def _close_revoked(self, subscribers: list[Subscriber]) -> None:
        """Whoever may see something else now than when the stream began has to come back and be asked again."""
        now = self._clock()
        with self._database.read() as db:
            valid = {who: reload(db, who, now) == who for who in {subscriber.who for subscriber in subscribers}}
        for subscriber in subscribers:
            if not valid[subscriber.who]:
                subscriber.close()


def _hand_out(subscribers: list[Subscriber], events: list[Event]) -> None:
    if not events:
        return
    # Streams that see the same get the same bytes: written once for each kind of viewer.
    batches: dict[object, bytes] = {}
    for subscriber in subscribers:
        who = subscriber.who
        view = (who.role, who.all_sites, who.sites, subscriber.site)
        if view not in batches:
            batches[view] = _joined(events, subscriber)
        if batches[view]:
            subscriber.offer(batches[view])


def _joined(events: list[Event], subscriber: Subscriber) -> bytes:
    return b"".join(event.frame for event in events if visible(event, subscriber.who, subscriber.site))


def frames(subscriber: Subscriber, max_seconds: float | None) -> Iterator[bytes]:
    """The body of the stream, until it is closed or `max_seconds` are over."""
    end = monotonic() + (max_seconds if max_seconds is not None else float("inf"))
    yield b"retry: 3000\n\n"
    while not subscriber.closed and (left := end - monotonic()) > 0:
        batch = subscriber.take(min(HEARTBEAT_S, left))
        if batch is not None:
            yield batch
        elif not subscriber.closed and monotonic() < end:
            yield b": still here\n\n"
