"""Draining the outbox into a real InfluxDB against plain `/write` requests of the same lines, in turns."""

from __future__ import annotations

import tempfile
import time
import urllib.request
from pathlib import Path

from collector.clock import now_ms
from collector.domain.reading import Quality, Reading, Reason
from collector.settings import Settings
from collector.stores import outbox
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.entries import readings_entry
from collector.stores.forwarder import Forwarder
from collector.stores.influx import Influx, InfluxDestination
from collector.stores.line_protocol import row_line
from tests.bench.report import Goal, Row, row
from tests.servers import find, influxdb, wait_for

READINGS = 100_000
BATCH = 1_000
T0 = 1_700_000_000_000


def measure(runs: int) -> list[Row]:
    if find("influxd") is None:
        return []
    plain, drained = [], []
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            server = influxdb(Path(folder))
            url = f"http://127.0.0.1:{server.port}"
            try:
                urllib.request.urlopen(f"{url}/query?q=CREATE+DATABASE+bench", b"", timeout=10).close()
                plain.append(_plain(url))
                drained.append(_drained(url, Path(folder)))
            finally:
                server.stop()
    return [
        row("plain /write, 5,000 lines a request", plain, "readings/s"),
        row("outbox drained into InfluxDB", drained, "readings/s", plain, "plain /write", Goal(0.8)),
    ]


def _plain(url: str) -> float:
    started = time.perf_counter()
    for begin in range(0, READINGS, 5_000):
        rows = [("plain", "ph", "s", T0 + i, float(i % 14), 0, 0, T0) for i in range(begin, begin + 5_000)]
        body = "\n".join(row_line(row) for row in rows).encode()
        urllib.request.urlopen(f"{url}/write?db=bench&precision=ms", body, timeout=30).close()
    return READINGS / (time.perf_counter() - started)


def _drained(url: str, folder: Path) -> float:
    path = folder / "collector.db"
    db = open_collector_db(path)
    outbox.set_destinations(db, ["influx"], now_ms())
    for begin in range(0, READINGS, BATCH):
        readings = [
            Reading("drained", "ph", T0 + i, float(i % 14), Quality.GOOD, Reason.NONE, T0)
            for i in range(begin, begin + BATCH)
        ]
        with transaction(db):
            outbox.append(db, [readings_entry(readings, {})], now_ms())
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
