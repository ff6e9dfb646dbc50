"""The receive loop and faults of our own: one message may not stop the others, nor come again for ever."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import orjson
import pytest

from collector.alarms.evaluator import Evaluator
from collector.domain.reading import Reading
from collector.ingest import loop as loop_module
from collector.ingest.committer import Committer
from collector.ingest.loop import ReceiveLoop
from collector.ingest.message import Message
from collector.ingest.mqtt.source import Connected, MqttSource
from collector.ingest.pipeline import Pipeline, Processed
from collector.stores.collector_db import open_collector_db
from tests.clocked import LIBRARY, NOON, VOCABULARY


class Superstitious(Evaluator):
    """An evaluator with a bug."""

    def take(self, run: Sequence[Reading]) -> None:
        if any(reading.value == 13 for reading in run):
            raise ZeroDivisionError
        super().take(run)


def message(number: int) -> Message:
    payload = orjson.dumps({"time": NOON + number, "values": {"flow": number}})
    return Message("fieldproof/dairy/effluent/readings", payload, 1, number + 1, False, False, 1, NOON)


class OnlyPumps(Pipeline):
    """Of a shard whose devices are pumps."""

    def mine(self, messages: list[Message]) -> list[Message]:
        return [message for message in messages if "/pump/" in message.topic]


def receive_loop(pipeline: Pipeline, committer: Committer) -> ReceiveLoop:
    return ReceiveLoop(
        [], pipeline, committer, lambda: NOON,
        due=lambda _now: False, committed=lambda: None, between=lambda: None, failed=lambda _error, _waiting: None,
    )  # fmt: skip


def test_what_is_for_another_collector_makes_what_tells_a_redelivery_older(tmp_path: Path) -> None:
    """The packet ids that it had will come round again for it too."""
    db = open_collector_db(tmp_path / "collector.db")
    committer = Committer(db, Evaluator(db), 100, lambda: NOON)
    loop = receive_loop(OnlyPumps(LIBRARY, VOCABULARY), committer)
    known = Message("fieldproof/dairy/pump/readings", b'{"values": {"flow": 0}}', 1, 1, False, False, 1, NOON)
    for others, left in (0, 1), (98, 1), (99, 1), (100, 0):
        committer.forget_deliveries("")
        loop._take([known])
        loop._commit(threading.Event())
        loop._take([message(number) for number in range(others)])
        loop._take([known._replace(topic="fieldproof/dairy/pump/none", qos=0)])
        loop._commit(threading.Event())
        assert db.execute("SELECT count(*) FROM delivery").fetchone() == (left,)
    assert committer.stats.foreign == 98 + 99 + 100


def test_a_message_that_a_fault_of_ours_cannot_store_becomes_a_dead_letter_and_the_others_are_stored(
    tmp_path: Path,
) -> None:
    db = open_collector_db(tmp_path / "collector.db")
    committer = Committer(db, Superstitious(db), 100, lambda: NOON)
    loop = receive_loop(Pipeline(LIBRARY, VOCABULARY), committer)
    loop._take([message(number) for number in range(20)])
    loop._commit(threading.Event())
    assert not loop.holds_messages
    values = [value for (value,) in db.execute("SELECT value FROM reading ORDER BY observed_at")]
    assert values == [number for number in range(20) if number != 13]
    assert db.execute("SELECT reason, detail, count FROM dead_letter").fetchall() == [
        ("internal", "cannot be stored: ZeroDivisionError: ", 1)
    ]


class Scripted:
    """What a broker's polls bring, one after the other: messages, and whether a connection was made."""

    v5 = True
    receiving_since = 0

    def __init__(self, *polls: tuple[list[Message], list[Connected]]) -> None:
        self._polls = list(polls)
        self.events: list[Connected] = []

    def poll(self) -> list[Message]:
        messages, events = self._polls.pop(0) if self._polls else ([], [])
        self.events += events
        return messages

    def away(self, _now: int, _for_ms: int) -> bool:
        return False

    def acknowledge(self, _messages: Iterable[Message]) -> None:
        pass

    def close(self) -> None:
        pass


def timeless(number: int, generation: int, *, again: bool = False) -> Message:
    payload = orjson.dumps({"values": {"flow": 7 + generation}})
    return Message("fieldproof/dairy/effluent/readings", payload, 1, number + 1, again, False, generation, NOON)


def test_what_a_lost_session_forgets_is_of_the_old_one_and_never_of_the_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new session's messages may come with the news of it, while the old one's are not stored yet."""
    monkeypatch.setattr(loop_module, "wait", lambda _sources, _timeout: True)
    db = open_collector_db(tmp_path / "collector.db")
    committer = Committer(db, Evaluator(db), 100, lambda: NOON)
    source: Any = Scripted(
        ([timeless(number, 1) for number in range(5)], []),
        ([timeless(number, 2) for number in range(5)], [Connected("", session_present=False)]),
        # Their acknowledgements were lost: the same session again.
        ([timeless(number, 2, again=True) for number in range(5)], []),
    )

    def note() -> None:
        while source.events:
            source.events.pop(0)
            committer.forget_deliveries("")

    loop = ReceiveLoop(
        cast("list[MqttSource]", [source]), Pipeline(LIBRARY, VOCABULARY), committer, lambda: NOON,
        due=lambda _now: False, committed=lambda: None, between=note, failed=lambda _error, _waiting: None,
    )  # fmt: skip
    stop = threading.Event()
    for _ in range(4):
        loop._step(stop)
    loop._commit(stop)
    assert db.execute("SELECT count(*) FROM reading").fetchone() == (10,)
    assert committer.stats.redelivered == 5


def test_what_no_broker_sends_again_is_left_to_the_loop_after_this_one(tmp_path: Path) -> None:
    """An edge node of Sparkplug sends at QoS 0; what is QoS 1 comes again by itself."""

    class SpoiltError(Exception):
        pass

    class Full(Committer):
        def commit(self, batch: Sequence[Processed], tick_to: int | None = None) -> None:
            raise sqlite3.OperationalError("disk I/O error")

    def spoilt(error: sqlite3.Error, waiting: int) -> None:
        raise SpoiltError

    db = open_collector_db(tmp_path / "collector.db")
    pipeline = Pipeline(LIBRARY, VOCABULARY)
    first = receive_loop(pipeline, Full(db, Evaluator(db), 100, lambda: NOON))
    first._failed = spoilt
    first.take_up([message(1), message(2)._replace(qos=0, packet_id=0)])
    with pytest.raises(SpoiltError):
        first._commit(threading.Event())
    second = receive_loop(pipeline, Committer(db, Evaluator(db), 100, lambda: NOON))
    second.take_up(first.unkept())
    second._commit(threading.Event())
    assert db.execute("SELECT value FROM reading").fetchall() == [(2,)]
