"""An outbox that drains into a real InfluxDB 1.6.7, through a proxy that makes it answer like another generation."""

from __future__ import annotations

import json
import sqlite3
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.domain.reading import Quality, Reading, Reason
from collector.settings import Settings
from collector.stores import outbox
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.entries import NewEntry, reading_entries
from collector.stores.forwarder import Forwarder
from collector.stores.influx import Influx, InfluxDestination
from tests.faultproxy import FaultProxy
from tests.servers import Server, wait_for

# A Monday, 00:00 UTC: on 1.x a field's type is fixed for each shard, and a shard is a week.
T0 = 1_795_392_000_000
WEEK = 7 * 86_400_000


def ask(server: Server, statement: str, method: str = "GET", user: str = "") -> list[Any]:
    """What InfluxDB itself says, asked without our own code."""
    query = urllib.parse.urlencode({"db": "plant", "epoch": "ms", "q": statement})
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/query?{query}{user}", method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        series = json.load(answer)["results"][0].get("series", [])
    return series[0]["values"] if series else []


@dataclass
class Drain:
    """Readings are numbered: reading n has the value n, and a time of its own."""

    folder: Path
    server: Server
    proxy: FaultProxy
    token: str | None = None
    bucket: str = "plant"
    now: int = T0
    forwarder: Forwarder = field(init=False)
    db: sqlite3.Connection = field(init=False)
    influx: Influx = field(init=False)

    def __post_init__(self) -> None:
        path = self.folder / "collector.db"
        self.db = open_collector_db(path)
        outbox.set_destinations(self.db, ["influx"], 0)
        url = f"http://127.0.0.1:{self.proxy.port}"
        self.influx = Influx(Settings(influx_url=url, influx_bucket=self.bucket, influx_token=self.token))
        self.forwarder = self._forwarder()

    def _forwarder(self) -> Forwarder:
        return Forwarder(self.folder / "collector.db", InfluxDestination(self.influx), lambda: self.now)

    def restart(self) -> None:
        self.forwarder.stop()
        self.forwarder.join(15)
        self.forwarder = self._forwarder()
        self.forwarder.start()

    def speak(self, version: str, *, v2_path: bool) -> None:
        """As that version: what /ping says, and whether `/api/v2/write` is known."""
        self.proxy.answer("GET /ping", 204, times=None, headers={"X-Influxdb-Version": version})
        if v2_path:
            self.proxy.rewrite("/api/v2/write?", "/write?db=plant&")

    def put(self, numbers: range, *, start: int = T0, step: int = 1_000) -> None:
        for begin in range(numbers.start, numbers.stop, 1_000):
            run = [reading(n, start + n * step) for n in range(begin, min(begin + 1_000, numbers.stop))]
            self.append(reading_entries([run], {"plant.effluent": "plant"}))

    def append(self, entries: list[NewEntry]) -> None:
        with transaction(self.db):
            outbox.append(self.db, entries, self.now)
        self.forwarder.wake()

    def put_text(self, at: int) -> None:
        """Someone else's point, whose type keeps our values out of that week."""
        body = f'readings,site=plant,device=other,metric=text value="text" {at}'.encode()
        url = f"http://127.0.0.1:{self.server.port}/write?db=plant&precision=ms"
        urllib.request.urlopen(url, body, timeout=10).close()

    def settle(self, seconds: float = 60) -> None:
        if self.forwarder.ident is None:
            self.forwarder.start()
        wait_for(self.settled, seconds, "an outbox with nothing left for InfluxDB")

    def settled(self) -> bool:
        return not self.db.execute("SELECT 1 FROM outbox WHERE kind IN ('lines', 'readings', 'alarm')").fetchone()

    def stored(self) -> list[int]:
        """The numbers that are in InfluxDB, as often as they are there."""
        found = ask(self.server, "SELECT value FROM readings WHERE device='plant.effluent'")
        return sorted(int(value) for _, value in found)

    def letters(self) -> dict[int, str]:
        """Number -> reason of the dead letters."""
        rows = self.db.execute("SELECT payload, reason FROM dead_letter WHERE topic='outbox/influx/lines' AND count=1")
        return {number_of(payload): reason for payload, reason in rows}

    def parked(self) -> list[int]:
        return [number_of(body) for (body,) in self.db.execute("SELECT body FROM parked ORDER BY id")]

    def tries(self) -> list[int]:
        """How often each parked line was tried again."""
        return [tries for (tries,) in self.db.execute("SELECT tries FROM parked ORDER BY id")]

    def close(self) -> None:
        self.forwarder.stop()
        if self.forwarder.ident is not None:
            self.forwarder.join(15)
        self.influx.close()
        self.db.close()


def reading(number: int, at: int) -> Reading:
    return Reading("plant.effluent", "ph", at, float(number), Quality.GOOD, Reason.NONE, at, False)


def number_of(line: bytes) -> int:
    return int(float(line.partition(b"value=")[2].split(b" ")[0]))


def holding(number: int) -> bytes:
    return b" value=%d.0 " % number
