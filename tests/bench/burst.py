"""After an outage: all messages wait in the broker when the subscriber comes back. In turns, MQTT 5, QoS 1."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.ingest import UNBOUNDED, Rounds
from tests.bench.plant import Load
from tests.bench.report import Row, row
from tests.bench.subjects import Durable, Ended
from tests.load.subscriber import Subscriber
from tests.servers import Server, mosquitto

MESSAGES = 200_000


def measure(runs: int) -> list[Row]:
    minimal, durable = Rounds(), Rounds()
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            broker = mosquitto(Path(folder), UNBOUNDED)
            load = Load.of("four", MESSAGES)
            _minimal(broker, load, minimal)
            _durable(Path(folder) / "plant", broker, load, durable)
            broker.stop()
    return [
        row(f"minimal subscriber, {MESSAGES:,} waiting", minimal.rate, "msg/s"),
        row(f"durable ingest, {MESSAGES:,} waiting, 4 values", durable.rate, "msg/s", minimal.rate, "minimal"),
        row("peak memory of durable ingest after the burst", durable.memory_mb, "MB"),
    ]


def _fill(broker: Server, load: Load) -> None:
    command = [sys.executable, "-m", "tests.load.publisher", *load.arguments(broker.port)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def _minimal(broker: Server, load: Load, rounds: Rounds) -> None:
    Subscriber(broker.port, client_id="minimal", clean=False, v5=True).close()
    _fill(broker, load)
    started_at = time.time()
    subscriber = Subscriber(broker.port, client_id="minimal", clean=False, v5=True)
    counted = subscriber.run(load.count)
    rounds.add(load, started_at, Ended(counted.ended_at, counted.cpu_seconds, counted.max_rss))
    subscriber.close()
    Subscriber(broker.port, client_id="minimal", clean=True, v5=True).close()


def _durable(folder: Path, broker: Server, load: Load, rounds: Rounds) -> None:
    """From its connection on: starting a process of Python takes a second, whatever waits."""
    folder.mkdir()
    subject = Durable(folder, broker, load, limited=True)
    subject.collector.stop()
    _fill(broker, load)
    subject.restart()
    started_at = time.time()
    rounds.add(load, started_at, subject.finish())
