"""Five million readings through one collector: its memory must stay where it was after the first million."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from tests.bench.ingest import UNBOUNDED
from tests.bench.plant import Load
from tests.bench.process import memory
from tests.bench.report import Goal, Row, row
from tests.bench.subjects import Durable, await_reading
from tests.servers import mosquitto

MILLIONS = 5
VALUES = 4
MESSAGES = MILLIONS * 1_000_000 // VALUES
PART = MESSAGES // MILLIONS
# SQLite's page cache and the allocator's arenas breathe by this much.
ALLOWED = 0.10
ALLOWED_MB = 10.0


class Sampler(threading.Thread):
    """Resident memory once a second, in MB, with the million that was being stored then."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self._ended = threading.Event()
        self.million = 1
        self.samples: list[tuple[int, float]] = []

    def run(self) -> None:
        while not self._ended.wait(1):
            self.samples.append((self.million, memory(self._pid) / 1e6))

    def stop(self) -> None:
        self._ended.set()
        self.join()

    def of(self, million: int) -> list[float]:
        return [sample for taken, sample in self.samples if taken == million]


def measure(_runs: int) -> list[Row]:
    """One run: it is long enough by itself."""
    with tempfile.TemporaryDirectory() as folder:
        broker = mosquitto(Path(folder), UNBOUNDED)
        load = Load.of("four", MESSAGES)
        plant = Path(folder) / "plant"
        plant.mkdir()
        subject = Durable(plant, broker, load, limited=True)
        sampler = Sampler(subject.pid)
        sampler.start()
        began = time.perf_counter()
        for million in range(MILLIONS):
            sampler.million = million + 1
            command = ["-m", "tests.load.publisher", *load.arguments(broker.port, first=million * PART, count=PART)]
            subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
            await_reading(subject.world, load, (million + 1) * PART - 1)
        seconds = time.perf_counter() - began
        sampler.stop()
        subject.finish()
        broker.stop()
    return _rows(sampler, seconds)


def _rows(sampler: Sampler, seconds: float) -> list[Row]:
    """The end of the first million against the last: medians, because a commit in progress shows as a peak."""
    for million in range(1, MILLIONS + 1):
        found = sampler.of(million)
        print(f"million {million}: {min(found):.0f} – {max(found):.0f} MB in {len(found)} samples")
    first = sampler.of(1)
    before = statistics.median(first[len(first) // 2 :])
    after = statistics.median(sampler.of(MILLIONS))
    allowed = round(max(ALLOWED_MB, before * ALLOWED), 1)
    return [
        row("5 million readings through one collector", [MESSAGES / seconds], "msg/s"),
        row("memory at 1 million readings", [before], "MB"),
        row("memory gained from 1 to 5 million", [after - before], "MB", goal=Goal(allowed, "value", "most")),
    ]
