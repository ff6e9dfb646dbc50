"""What a long-term store costs: durable ingest of four values with limits, with and without InfluxDB, in turns.

With it each reading is put into words and stored a second time, in the outbox, and sent on. The CPU of the collector
is counted until all of it is delivered.
"""

from __future__ import annotations

import tempfile
import urllib.request
from pathlib import Path

from tests.bench.ingest import FOUR, UNBOUNDED, Rounds, live
from tests.bench.plant import Load
from tests.bench.report import Row, row
from tests.bench.subjects import Counting, Durable
from tests.servers import Server, find, influxdb, mosquitto

_WITHOUT, _WITH = "without a long-term store", "with InfluxDB configured"


def measure(runs: int) -> list[Row]:
    if find("influxd") is None:
        return []
    rounds = {name: Rounds() for name in ("minimal", _WITHOUT, _WITH)}
    for _ in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            _round(Path(folder), Load.of("four", FOUR), rounds)
    minimal, plain = rounds["minimal"], rounds[_WITHOUT]
    return [
        *(row(f"durable ingest, 4 values with limits, {name}", rounds[name].rate, "msg/s", minimal.rate, "minimal")
          for name in (_WITHOUT, _WITH)),
        row(f"CPU of durable ingest, 4 values, {_WITHOUT}", plain.cpu_us, "µs/msg"),
        row(f"CPU of durable ingest, 4 values, {_WITH}", rounds[_WITH].cpu_us, "µs/msg", plain.cpu_us, "without"),
    ]  # fmt: skip


def _round(folder: Path, load: Load, rounds: dict[str, Rounds]) -> None:
    broker, influx = mosquitto(folder, UNBOUNDED), influxdb(folder)
    url = f"http://127.0.0.1:{influx.port}"
    urllib.request.urlopen(f"{url}/query?q=CREATE+DATABASE+bench", b"", timeout=10).close()
    long_term = {"FIELDPROOF_INFLUX_URL": url, "FIELDPROOF_INFLUX_BUCKET": "bench"}
    live(broker.port, load, rounds["minimal"], lambda: Counting("minimal", broker, load))
    _durable(folder / "without", broker, load, rounds[_WITHOUT], {})
    _durable(folder / "with", broker, load, rounds[_WITH], long_term)
    broker.stop()
    influx.stop()


def _durable(plant: Path, broker: Server, load: Load, rounds: Rounds, extra: dict[str, str]) -> None:
    plant.mkdir()
    live(broker.port, load, rounds, lambda: Durable(plant, broker, load, limited=True, extra=extra))
