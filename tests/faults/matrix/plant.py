"""A whole plant that can be broken anywhere: broker, collector, InfluxDB and site database, all real.

Between collector and broker, and between collector and InfluxDB, stands a proxy of ours.
"""

from __future__ import annotations

import json
import sqlite3
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faultproxy import FaultProxy
from tests.faults.matrix.disk import Disk
from tests.servers import Server, wait_for
from tests.world import World

# By any of InfluxDB's paths; what is asked of it is a GET.
WRITES = "POST "
_BUCKET = "plant"
_PROBES = "SELECT count(*) FROM reading JOIN series ON id=series_id WHERE device='plant.probe'"


@dataclass
class Plant(World):
    """`disk`: what the data folder is on, where that is not the disk of everybody else.

    `program`: Python's arguments that are the `fieldproof` command.
    """

    influx: Server = field(kw_only=True)
    mqtt: FaultProxy = field(kw_only=True)
    http: FaultProxy = field(kw_only=True)
    disk: Disk | None = field(default=None, kw_only=True)
    program: tuple[str, ...] = field(default=("-m", "webapp.cli"), kw_only=True)
    running: Server | None = field(default=None, kw_only=True)

    @property
    def mqtt_url(self) -> str:
        return f"mqtt://127.0.0.1:{self.mqtt.port}"

    @property
    def env(self) -> dict[str, str]:
        return {
            "FIELDPROOF_INFLUX_URL": f"http://127.0.0.1:{self.http.port}",
            "FIELDPROOF_INFLUX_BUCKET": _BUCKET,
            **super().env,
        }

    @property
    def log(self) -> Path:
        return self.folder / "collector.log"

    def collector(self, shard: str = "0/1") -> Server:
        """Ready when it is subscribed."""
        start = self.log.stat().st_size if self.log.exists() else 0

        def ready() -> bool:
            return b"receiving from the broker" in self.log.read_bytes()[start:]

        launcher = self.disk.launcher if self.disk else []
        command = [*launcher, sys.executable, *self.program, "collect", "--shard", shard]
        self.running = Server(command, 0, env=self.env, ready=ready, log=self.log).start()
        return self.running

    def query(self, sql: str, *values: Any, file: str = "collector.db") -> list[tuple[Any, ...]]:
        return self.disk.query(file, sql, values) if self.disk else super().query(sql, *values, file=file)

    def site_query(self, sql: str) -> list[tuple[Any, ...]]:
        return self.disk.query("site.db", sql) if self.disk else super().site_query(sql)

    def said(self, phrase: str) -> int:
        """How many lines of the collector's log hold it."""
        return sum(phrase in line for line in self.log.read_text(errors="replace").splitlines())

    def last_beat(self) -> int:
        """When the collector last told its counts, epoch ms; 0 when it never did."""
        return max([int(at) for (at,) in self.site_query("SELECT last_seen_at FROM collector")], default=0)

    def losses(self) -> list[tuple[int, int]]:
        """From when to when something may have been lost, as it was reported."""
        sql = "SELECT started_at, ended_at FROM collector_event WHERE kind='possible_loss' ORDER BY ended_at"
        return [(start, end) for start, end in self.site_query(sql)]

    def stored_numbers(self) -> int:
        sql = "SELECT count(*) FROM reading JOIN series ON id=series_id WHERE device LIKE 'plant.meter-%'"
        return int(self.query(sql)[0][0])

    def waiting(self) -> int:
        """Entries of the outbox that some destination does not have yet, and what was put aside for later."""
        unsent = "SELECT count(*) FROM outbox WHERE seq > (SELECT min(after_seq) FROM lane)"
        return int(self.query(f"SELECT ({unsent}) + (SELECT count(*) FROM parked)")[0][0])

    def break_writes(
        self, status: int, *, times: int | None, body: bytes = b'{"error":"made up by a test"}', **options: Any
    ) -> None:
        """InfluxDB seems to answer so to the next writes."""
        self.http.answer(WRITES, status, body, times=times, **options)

    def await_subscription(self, seconds: float = 90) -> None:
        """Until a message comes through: before, the broker may know of nobody who wants any."""
        before = self.query(_PROBES)

        def through() -> bool:
            self.publish([{"values": {"level": 0}}], "fieldproof/plant/probe/readings")
            return self.query(_PROBES) > before

        wait_for(through, seconds, "a message that comes through")

    def await_faults(self, count: int) -> None:
        """Until so many writes, from the beginning, met what was prepared for them."""
        wait_for(lambda: self.http.faults >= count, 60, f"{count} writes that go wrong")

    def change(self, sql: str) -> None:
        """In collector.db, as nobody but its collector ever does."""
        with closing(sqlite3.connect(self.data / "collector.db", timeout=10)) as db, db:
            db.execute(sql)

    def influxql(self, statement: str, method: str = "GET") -> list[dict[str, Any]]:
        """The series that InfluxDB itself answers with: asked without our code and not through the proxy."""
        return influxql(self.influx, statement, method)

    def write(self, line: str) -> None:
        """Straight into InfluxDB, with a time in ms."""
        address = f"http://127.0.0.1:{self.influx.port}/write?db={_BUCKET}&precision=ms"
        urllib.request.urlopen(address, line.encode(), timeout=30).close()

    def await_influx(self, count: int, seconds: float = 60) -> None:
        """Until InfluxDB holds at least so many numbered readings."""

        def there() -> bool:
            series = self.influxql("SELECT count(value) FROM readings WHERE device =~ /meter-/")
            return bool(series) and series[0]["values"][0][1] >= count

        wait_for(there, seconds, f"{count} readings in InfluxDB")


def influxql(server: Server, statement: str, method: str = "GET") -> list[dict[str, Any]]:
    query = urllib.parse.urlencode({"db": _BUCKET, "epoch": "ms", "q": statement})
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/query?{query}", method=method)
    with urllib.request.urlopen(request, timeout=30) as answer:
        result = json.load(answer)["results"][0]
    assert "error" not in result, result
    series: list[dict[str, Any]] = result.get("series", [])
    return series


@contextmanager
def open_plant(folder: Path, broker: Server, influx: Server) -> Iterator[Plant]:
    """Everything but the collector runs; the site is seeded."""
    with ExitStack() as proxies:
        mqtt = proxies.enter_context(FaultProxy(broker.port, http=False))
        http = proxies.enter_context(FaultProxy(influx.port))
        influxql(influx, f"CREATE DATABASE {_BUCKET}", "POST")
        plant = Plant(folder, broker, influx=influx, mqtt=mqtt, http=http)
        plant.seed()
        yield plant
        # Before the proxies: a collector that goes last would log that they are gone.
        if plant.running is not None:
            plant.running.kill()
