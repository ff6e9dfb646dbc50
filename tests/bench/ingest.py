"""Durable ingest against a minimal and a stock paho subscriber that only count: same broker, MQTT 5, QoS 1, in turns.

The publisher runs beside them, as fast as the broker takes it. A rate is messages by the time from its first to the
moment when the last was counted, or was committed and visible to another process.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.bench.plant import Load
from tests.bench.report import Goal, Row, row
from tests.bench.subjects import Counting, Durable, Ended, Subject, Tool
from tests.servers import mosquitto

ONE = 300_000
FOUR = 200_000
# paho takes part of them: its rate is the same, and the bench has other things to do.
PAHO = 0.3
# The broker must not be the one who holds back: mosquitto's 20 messages in flight are for 3.1.1 only.
UNBOUNDED = "max_inflight_messages 0\n"


@dataclass
class Rounds:
    """What one subject showed, round by round."""

    rate: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)

    def add(self, load: Load, started_at: float, ended: Ended) -> None:
        self.rate.append(load.count / (ended.at - started_at))
        self.cpu_us.append(ended.cpu_seconds / load.count * 1e6)
        self.memory_mb.append(ended.peak_memory / 1e6)


def measure(runs: int) -> list[Row]:
    return [*_case("one value", "one", ONE, runs), *_case("4 values with limits", "four", FOUR, runs)]


def _case(what: str, shape: str, count: int, runs: int) -> list[Row]:
    rounds = {name: Rounds() for name in ("minimal", "paho", "paho 3.1.1", "durable")}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            _round(Path(folder), Load.of(shape, count), rounds, limited=shape == "four")
    return _rows(what, rounds, limited=shape == "four")


def _round(folder: Path, load: Load, rounds: dict[str, Rounds], *, limited: bool) -> None:
    broker = mosquitto(folder, UNBOUNDED)
    port, few = broker.port, replace(load, count=round(load.count * PAHO))
    live(port, load, rounds["minimal"], lambda: Counting("minimal", broker, load))
    live(port, few, rounds["paho"], lambda: Counting("paho", broker, few))
    if limited:
        live(port, few, rounds["paho 3.1.1"], lambda: Counting("paho", broker, few, v5=False))
    plant = folder / "plant"
    plant.mkdir()
    live(port, load, rounds["durable"], lambda: Durable(plant, broker, load, limited=limited))
    broker.stop()


def live(port: int, load: Load, rounds: Rounds, subject: Callable[[], Subject]) -> None:
    publisher = Tool("tests.load.publisher", *load.arguments(port), "--wait")
    subscribed = subject()
    publisher.go()
    ended = subscribed.finish()
    published = publisher.result()
    assert published["acked"] == load.count
    rounds.add(load, published["started_at"], ended)


def _rows(what: str, rounds: dict[str, Rounds], *, limited: bool) -> list[Row]:
    minimal, paho, durable = rounds["minimal"], rounds["paho"], rounds["durable"]
    rows = [
        row(f"minimal subscriber, {what}", minimal.rate, "msg/s"),
        row(f"stock paho, only counting, {what}", paho.rate, "msg/s", minimal.rate, "minimal"),
        row(f"durable ingest, {what}", durable.rate, "msg/s", minimal.rate, "minimal", Goal(0.7 if limited else 0.9)),
        row(
            f"durable ingest against stock paho, {what}",
            durable.rate,
            "msg/s",
            paho.rate,
            "paho",
            Goal(1.5) if limited else None,
        ),
    ]
    if limited:
        # paho is faster on the older protocol; the collector speaks MQTT 5, so that one is compared by the goal.
        paho3 = rounds["paho 3.1.1"].rate
        rows.append(
            row(f"durable ingest against stock paho on 3.1.1, {what}", durable.rate, "msg/s", paho3, "paho on 3.1.1")
        )
    return [
        *rows,
        row(f"CPU of the minimal subscriber, {what}", minimal.cpu_us, "µs/msg"),
        row(f"CPU of stock paho, {what}", paho.cpu_us, "µs/msg"),
        row(f"CPU of durable ingest, {what}", durable.cpu_us, "µs/msg", paho.cpu_us, "paho"),
        row(f"peak memory of durable ingest, {what}", durable.memory_mb, "MB"),
    ]
