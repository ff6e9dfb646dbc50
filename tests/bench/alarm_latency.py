"""From a device's publish to the committed alarm transition, at 2,000 messages a second.

The moment of publishing is when the socket's write began; a transition counts from when another process can read it.
"""

from __future__ import annotations

import math
import sqlite3
import statistics
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from collector.clock import now_ms
from collector.domain.alarms import alarm_id
from collector.domain.reading import point_name
from tests.bench.ingest import UNBOUNDED
from tests.bench.plant import DEVICES, collector_with_limits, limit_id, limits, make_plant
from tests.bench.report import Goal, Row, row
from tests.load.frames import encode
from tests.load.payloads import device_id, topic
from tests.load.publisher import Publication
from tests.servers import mosquitto
from tests.world import World

RATE = 2_000
SECONDS = 30
# Each message of these crosses its limit, up and down in turn: 100 transitions a second.
CROSSING = 5
LIMIT = 25.0
GOAL_MS = 250
_POLL_S = 0.003
_BARS = (5, 10, 20, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 500, 1_000)


def measure(_runs: int) -> list[Row]:
    """One run of 3,000 transitions."""
    with tempfile.TemporaryDirectory() as folder:
        broker = mosquitto(Path(folder), UNBOUNDED)
        world = make_plant(Path(folder), broker, limits(("temperature",), {"temperature": LIMIT}))
        collector = collector_with_limits(world)
        latencies = sorted(_latencies(world, broker.port))
        collector.stop()
        broker.stop()
    _histogram(latencies)
    cuts = statistics.quantiles(latencies, n=100)
    name = f"publish to committed transition at {RATE:,} msg/s"
    return [
        row(f"{name}, p50", [cuts[49]], "ms"),
        row(f"{name}, p95", [cuts[94]], "ms"),
        row(f"{name}, p99", [cuts[98]], "ms", goal=Goal(GOAL_MS, "value", "most")),
    ]


def _messages(start: int) -> Iterator[tuple[str, bytes]]:
    """With the times at which they are sent."""
    for i in range(RATE * SECONDS):
        number, turn = i % DEVICES, i // DEVICES
        value = 30.0 if number < CROSSING and turn % 2 == 0 else 20.0
        yield topic(number), f'{{"time":{_time(start, i)},"values":{{"temperature":{value}}}}}'.encode()


def _time(start: int, i: int) -> int:
    return start + i * 1000 // RATE


def _latencies(world: World, port: int) -> list[float]:
    """In ms, of every transition."""
    start = now_ms()
    sends: list[tuple[int, float]] = []
    publication = Publication(
        port, encode(_messages(start)), rate=RATE, on_send=lambda sent, at: sends.append((sent, at))
    )
    seen: list[float] = []
    expected = [i for i in range(RATE * SECONDS) if i % DEVICES < CROSSING]
    watching = threading.Thread(target=_watch, args=(world, start, expected, seen))
    watching.start()
    publication.run()
    watching.join(60)
    assert len(seen) == len(expected), f"{len(seen)} of {len(expected)} transitions were committed"
    totals = [sent for sent, _ in sends]
    return [(at - sends[bisect_right(totals, i)][1]) * 1000 for i, at in zip(expected, seen, strict=True)]


def _watch(world: World, start: int, expected: list[int], seen: list[float]) -> None:
    """Looks for the transitions in their order, by key: what is committed later cannot be seen earlier."""
    db = sqlite3.connect(f"file:{world.data / 'collector.db'}?mode=ro", uri=True, timeout=10)
    deadline = time.monotonic() + SECONDS + 60
    for i in expected:
        wanted = _key(start, i)
        while db.execute("SELECT 1 FROM alarm_transition WHERE alarm_id=? AND at=?", wanted).fetchone() is None:
            if time.monotonic() > deadline:
                return
            time.sleep(_POLL_S)
        seen.append(time.time())
    db.close()


def _key(start: int, i: int) -> tuple[str, int]:
    """Alarm and time of the transition that message `i` brings; the message one turn before raised what it clears."""
    number, turn = i % DEVICES, i // DEVICES
    raised = i if turn % 2 == 0 else i - DEVICES
    point = point_name(device_id(number), "temperature")
    return alarm_id(limit_id(number, "temperature"), point, _time(start, raised)), _time(start, i)


def _histogram(latencies: list[float]) -> None:
    print(f"publish to committed alarm transition, {len(latencies):,} transitions at {RATE:,} messages/s")
    low = 0.0
    for high in (*_BARS, math.inf):
        count = sum(low <= value < high for value in latencies)
        print(f"{low:>6.0f} – {high:>5.0f} ms {count:>6} {'█' * round(count / len(latencies) * 80)}")
        low = high
        if low > latencies[-1]:
            break
