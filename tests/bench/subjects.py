"""Who takes the messages: the minimal subscriber, stock paho, and the collector itself. Each a process of its own."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from tests.bench.plant import DEVICES, Load, collector_with_limits, limits, make_plant
from tests.bench.plant import FAR as FAR_LIMITS
from tests.bench.process import cpu_seconds, forget_peak, memory
from tests.load.payloads import device_id
from tests.servers import STARTED, Server, wait_for
from tests.world import World

_POLL_S = 0.01
_PATIENCE_S = 300.0


@dataclass(frozen=True)
class Ended:
    """When the last message was done with (wall clock), and what all of them cost."""

    at: float
    cpu_seconds: float
    peak_memory: int


class Subject(Protocol):
    """Made: subscribed and ready. `finish` waits until it has all messages of the load, and ends it."""

    def finish(self) -> Ended: ...


class Tool:
    """A program that prints READY, and JSON at its end."""

    def __init__(self, module: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        STARTED.append(self.process)
        assert self.process.stdout is not None
        ready = self.process.stdout.readline()
        assert ready == "READY\n", f"{module} said {ready!r}"

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def result(self) -> dict[str, Any]:
        out, _ = self.process.communicate(timeout=_PATIENCE_S)
        found: dict[str, Any] = json.loads(out)
        return found


class Counting:
    """`minimal` or `paho`, in the collector's own protocol unless told."""

    def __init__(self, kind: str, broker: Server, load: Load, *, v5: bool = True) -> None:
        module = {"minimal": "tests.load.subscriber", "paho": "tests.load.paho_subscriber"}[kind]
        options = ["--v5"] if v5 else []
        self._tool = Tool(module, "--port", str(broker.port), "--count", str(load.count), *options)

    def finish(self) -> Ended:
        counted = self._tool.result()
        return Ended(counted["ended_at"], counted["cpu_seconds"], counted["max_rss"])


class Durable:
    """`fieldproof collect`. Done when the last reading can be read from collector.db by another process."""

    def __init__(
        self, folder: Path, broker: Server, load: Load, *, limited: bool, extra: Mapping[str, str] | None = None
    ) -> None:
        """`extra`: further settings of the collector."""
        self._load = load
        wanted = limits(load.metrics, FAR_LIMITS) if limited else []
        self.world = make_plant(folder, broker, wanted)
        self.world.extra.update(extra or {})
        self.collector = collector_with_limits(self.world)
        self._cpu = cpu_seconds(self.pid)
        forget_peak(self.pid)

    @property
    def pid(self) -> int:
        assert self.collector.process is not None
        return self.collector.process.pid

    def restart(self) -> None:
        """It was stopped while messages came for it."""
        self.collector = self.world.collector()
        self._cpu = cpu_seconds(self.pid)

    def finish(self) -> Ended:
        """CPU includes forwarding, to the site database and to InfluxDB if that is set up, so it is awaited too."""
        at = await_reading(self.world, self._load, self._load.count - 1)
        wait_for(lambda: self.world.count("outbox") == 0, _PATIENCE_S, "an empty outbox")
        ended = Ended(at, cpu_seconds(self.pid) - self._cpu, memory(self.pid, "VmHWM"))
        self.collector.stop()
        found = self.world.count("reading")
        assert found == self._load.count * len(self._load.metrics), f"{found} readings stored"
        return ended


def await_reading(world: World, load: Load, number: int) -> float:
    """When the last value of this message was there. One connection orders them: all before it are there too."""
    db = sqlite3.connect(f"file:{world.data / 'collector.db'}?mode=ro", uri=True, timeout=10)
    sql = (
        "SELECT 1 FROM reading WHERE observed_at=? AND series_id="
        "(SELECT id FROM series WHERE device=? AND metric=?)"
    )  # fmt: skip
    wanted = (load.start + number, device_id(number % DEVICES), load.metrics[-1])
    deadline = time.monotonic() + _PATIENCE_S
    try:
        while db.execute(sql, wanted).fetchone() is None:
            assert time.monotonic() < deadline, f"message {number} was not stored within {_PATIENCE_S:.0f} s"
            time.sleep(_POLL_S)
        return time.time()
    finally:
        db.close()
