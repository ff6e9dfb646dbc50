"""The receive loop and faults of our own: one message may not stop the others, nor come again for ever."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import orjson

from collector.alarms.evaluator import Evaluator
from collector.domain.reading import Reading
from collector.ingest.committer import Committer
from collector.ingest.loop import ReceiveLoop
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline
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
