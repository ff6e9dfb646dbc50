"""Draining the outbox into a real InfluxDB against plain `/write` requests of the same lines, in turns."""

from __future__ import annotations

import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from collector.clock import now_ms
from collector.domain.reading import Quality, Reading, Reason
from collector.settings import Settings
from collector.stores import outbox
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.entries import LINES_EACH, reading_entries
from collector.stores.forwarder import Forwarder
from collector.stores.influx import Influx, InfluxDestination
from tests.bench.report import Goal, Row, row
from tests.servers import find, influxdb, wait_for

READINGS = 500_000
POINTS = 50
# Lines of a plain request: what InfluxDB's own documents call the optimum.
REQUEST = 5_000
T0 = 1_700_000_000_000


def measure(runs: int) -> list[Row]:
    if find("influxd") is None:
        return []
    plain, drained = [], []
    for turn in range(runs):
        ways = [(_plain, plain), (_drained, drained)]
        for way, rates in ways if turn % 2 else reversed(ways):
            rates.append(_fresh(way))
    return [
        row("plain /write, 5,000 lines a request", plain, "readings/s"),
        row("outbox drained into InfluxDB", drained, "readings/s", plain, "plain /write", Goal(0.8)),
    ]


def _fresh(way: Callable[[str, Path], float]) -> float:
    """A server of its own for each: what one way left to be compacted is not to slow the other down."""
    with tempfile.TemporaryDirectory() as folder:
        server = influxdb(Path(folder))
        url = f"http://127.0.0.1:{server.port}"
        try:
            urllib.request.urlopen(f"{url}/query?q=CREATE+DATABASE+bench", b"", timeout=10).close()
            return way(url, Path(folder))
        finally:
            server.stop()


def _commits(device: str) -> list[list[bytes]]:
    """The lines of each commit, as the committer makes them: 1,000 readings of 50 points."""
    each = LINES_EACH // POINTS
    commits = []
    for begin in range(0, READINGS // POINTS, each):
        runs = [
            [
                Reading(f"{device}{p}", "ph", T0 + 1_000 * i, float(i % 14) + p / 7, Quality.GOOD, Reason.NONE, T0)
                for i in range(begin, begin + each)
            ]
            for p in range(POINTS)
        ]
        commits.append([entry.body for entry in reading_entries(runs, {}) if entry.kind == "lines"])
    return commits


def _plain(url: str, _: Path) -> float:
    commits = [body for commit in _commits("plain") for body in commit]
    each = REQUEST // LINES_EACH
    requests = [b"\n".join(commits[begin : begin + each]) for begin in range(0, len(commits), each)]
    started = time.perf_counter()
    for body in requests:
        urllib.request.urlopen(f"{url}/write?db=bench&precision=ms", body, timeout=30).close()
    return READINGS / (time.perf_counter() - started)


def _drained(url: str, folder: Path) -> float:
    path = folder / "collector.db"
    db = open_collector_db(path)
    outbox.set_destinations(db, ["influx"], now_ms())
    for commit in _commits("drained"):
        with transaction(db):
            db.executemany(
                "INSERT INTO outbox (created_at, kind, count, body) VALUES (?, 'lines', ?, ?)",
                [(now_ms(), LINES_EACH, body) for body in commit],
            )
    influx = Influx(Settings(influx_url=url, influx_bucket="bench"))
    forwarder = Forwarder(path, InfluxDestination(influx), now_ms)
    started = time.perf_counter()
    forwarder.start()
    wait_for(lambda: db.execute("SELECT count(*) FROM outbox").fetchone() == (0,), 120, "an empty outbox")
    rate = READINGS / (time.perf_counter() - started)
    forwarder.stop()
    forwarder.join(10)
    db.close()
    influx.close()
    return rate
