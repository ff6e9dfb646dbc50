"""A stream's queue: it never holds up who fills it."""

from __future__ import annotations

import threading

import pytest

from webapp import live
from webapp.auth import Principal
from webapp.live import Subscriber, frames

WHO = Principal("token", "t", "t", "token:t", "t", "inspector", all_sites=True, sites=frozenset())


def test_batches_come_out_in_order() -> None:
    subscriber = Subscriber(WHO, None)
    for batch in (b"one", b"two"):
        subscriber.offer(batch)
    assert [subscriber.take(0), subscriber.take(0), subscriber.take(0)] == [b"one", b"two", None]


def test_a_client_that_does_not_take_its_events_is_closed_and_its_queue_let_go() -> None:
    subscriber = Subscriber(WHO, None)
    for _ in range(live._MAX_BATCHES + 1):
        assert not subscriber.closed
        subscriber.offer(b"x" * 1000)
    assert subscriber.closed
    subscriber.offer(b"late")
    assert subscriber.take(0) is None
    assert len(subscriber._batches) == 0
    assert list(frames(subscriber, None)) == [b"retry: 3000\n\n"]


def test_closing_wakes_a_stream_that_waits() -> None:
    subscriber = Subscriber(WHO, None)
    body = frames(subscriber, None)
    next(body)
    rest: list[bytes] = []
    waiting = threading.Thread(target=lambda: rest.extend(body))
    waiting.start()
    subscriber.close()
    waiting.join(timeout=5)
    assert not waiting.is_alive()
    assert rest == []


def test_a_quiet_stream_says_that_it_is_still_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "HEARTBEAT_S", 0.01)
    body = frames(Subscriber(WHO, None), None)
    assert [next(body), next(body)] == [b"retry: 3000\n\n", b": still here\n\n"]


def test_a_stream_with_a_limit_ends_by_itself() -> None:
    assert list(frames(Subscriber(WHO, None), 0.05)) == [b"retry: 3000\n\n"]
