"""A real InfluxDB 1.6.7: readings arrive once, are read back by InfluxQL, and wait in the outbox while it is away."""

from __future__ import annotations

import json
import socket
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from collector.clock import now_ms
from collector.errors import StoreRejected, StoreUnavailable
from collector.settings import Settings
from collector.stores.delivery import Delivery, halve
from collector.stores.entries import Entry
from collector.stores.influx import Influx, InfluxDestination
from collector.stores.influx_readings import InfluxReadingStore
from collector.stores.line_protocol import row_line
from tests.faultproxy import FaultProxy
from tests.servers import Server, free_port, wait_for
from tests.world import World

pytestmark = pytest.mark.services
MINUTE = 60_000
T0 = 1_795_521_600_000


def ask(server: Server, statement: str, method: str = "GET") -> list[Any]:
    """What InfluxDB itself says, asked without our own code."""
    query = urllib.parse.urlencode({"db": "plant", "epoch": "ms", "q": statement})
    request = urllib.request.Request(f"http://127.0.0.1:{server.port}/query?{query}", method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        series = json.load(answer)["results"][0].get("series", [])
    return series[0]["values"] if series else []


def settings(server: Server) -> Settings:
    return Settings(influx_url=f"http://127.0.0.1:{server.port}", influx_bucket="plant")


def row(at: int, value: float | None, quality: int = 0, metric: str = "ph") -> list[Any]:
    return ["plant.effluent", metric, "plant", at, value, quality, 0, at]


@pytest.fixture
def database(influx: Server) -> Server:
    ask(influx, "CREATE DATABASE plant", "POST")
    return influx


def test_readings_go_through_the_collector_into_influxdb_and_come_back(
    tmp_path: Path, broker: Server, database: Server
) -> None:
    env = {"FIELDPROOF_INFLUX_URL": f"http://127.0.0.1:{database.port}", "FIELDPROOF_INFLUX_BUCKET": "plant"}
    world = World(tmp_path, broker, env)
    world.seed()
    collector = world.collector()
    at = now_ms() - 60_000
    world.publish([{"time": at + i, "values": {"ph": 7 + i / 100}} for i in range(50)])
    wait_for(lambda: bool(ask(database, "SELECT count(value) FROM readings")), what="readings in InfluxDB")
    wait_for(lambda: ask(database, "SELECT count(value) FROM readings")[0][1] == 50, what="50 readings")
    assert ask(database, "SELECT first(value) FROM readings WHERE device='plant.effluent' AND site='plant'") == [
        [at, 7]
    ]
    store = InfluxReadingStore(Influx(settings(database)))
    columns = store.raw("plant.effluent", "ph", at, at + 50, 100)
    assert columns.t == [at + i for i in range(50)]
    assert columns.value[:2] == [7.0, 7.01]
    collector.stop()


def test_while_influxdb_is_away_nothing_is_lost_and_ingest_goes_on(
    tmp_path: Path, broker: Server, database: Server
) -> None:
    env = {"FIELDPROOF_INFLUX_URL": f"http://127.0.0.1:{database.port}", "FIELDPROOF_INFLUX_BUCKET": "plant"}
    world = World(tmp_path, broker, env)
    world.seed()
    collector = world.collector()
    database.kill()
    at = now_ms() - 60_000
    world.publish([{"time": at + i, "values": {"ph": 7.0}} for i in range(200)])
    wait_for(lambda: world.count("reading") == 200, what="200 readings in collector.db")
    database.start()
    wait_for(lambda: bool(ask(database, "SELECT count(value) FROM readings")), 60, "readings in InfluxDB")
    wait_for(lambda: ask(database, "SELECT count(value) FROM readings")[0][1] == 200, 60, "all of them")
    wait_for(lambda: world.count("outbox") == 0, what="an empty outbox")
    collector.stop()


def test_buckets_leave_bad_readings_out_and_keep_uncertain_ones(database: Server) -> None:
    influx = Influx(settings(database))
    rows = [
        row(T0, 7.0),
        row(T0 + 1000, 8.0, 1),
        row(T0 + 2000, 99.0, 2),
        row(T0 + MINUTE, 6.0),
        row(T0 + 3000, None, 2),
    ]
    InfluxDestination(influx).deliver([Entry(1, "readings", rows)])
    store = InfluxReadingStore(influx)
    buckets = store.buckets("plant.effluent", "ph", T0, T0 + 2 * MINUTE, 60)
    assert (buckets.t, buckets.mean, buckets.min, buckets.max) == (
        [T0, T0 + MINUTE],
        [7.5, 6.0],
        [7.0, 6.0],
        [8.0, 6.0],
    )
    assert buckets.count == [2, 1]
    raw = store.raw("plant.effluent", "ph", T0, T0 + 2 * MINUTE, 100)
    assert raw.quality == ["good", "uncertain", "bad", "bad", "good"]
    assert raw.value == [7.0, 8.0, 99.0, None, 6.0]


def test_both_stores_answer_the_same(database: Server, tmp_path: Path) -> None:
    """The embedded store and InfluxDB are one to whoever asks."""
    from collector.domain.reading import Quality, Reading, Reason
    from collector.stores.collector_db import open_collector_db
    from collector.stores.reading_table import ReadingTable
    from collector.stores.sqlite_readings import SqliteReadingStore

    db = open_collector_db(tmp_path / "collector.db")
    table = ReadingTable(db)
    rows = []
    for i in range(500):
        quality = i % 3
        rows.append(row(T0 + i * 7_000, (i * 37 % 100) / 10, quality))
        table.store([Reading("plant.effluent", "ph", rows[-1][3], rows[-1][4], Quality(quality), Reason.NONE, T0)])
    influx = Influx(settings(database))
    InfluxDestination(influx).deliver([Entry(1, "readings", rows)])
    embedded, remote = SqliteReadingStore(tmp_path / "collector.db"), InfluxReadingStore(influx)
    span = ("plant.effluent", "ph", T0 + 30_000, T0 + 3_000_000)
    assert remote.raw(*span, 10_000) == embedded.raw(*span, 10_000)
    theirs, ours = remote.buckets(*span, 300), embedded.buckets(*span, 300)
    assert (theirs.t, theirs.min, theirs.max, theirs.count) == (ours.t, ours.min, ours.max, ours.count)
    assert theirs.mean == pytest.approx(ours.mean)
    for start, end, step in ((T0, T0 + 3_600_000, 30), (T0 + 12_345, T0 + 200_001, 10), (T0, T0 + 3_600_000, 5)):
        heard = embedded.heard("plant.effluent", start, end, step)
        assert remote.heard("plant.effluent", start, end, step) == heard
        assert heard
    assert remote.heard("plant.other", T0, T0 + 60_000, 10) == embedded.heard("plant.other", T0, T0 + 60_000, 10) == []
    db.close()


def test_a_refused_line_is_the_only_one_that_is_not_stored(tmp_path: Path, broker: Server, database: Server) -> None:
    """A field whose type is taken already: bisected to the single reading, which becomes a dead letter."""
    # On 1.x a type is fixed for each shard: the text must stand in the same week.
    body = f'readings,site=plant,device=plant.effluent,metric=ph value="text" {T0 - 1}000000'.encode()
    urllib.request.urlopen(f"http://127.0.0.1:{database.port}/write?db=plant", body, timeout=10).close()
    influx = Influx(settings(database))
    destination = InfluxDestination(influx)
    entries = [Entry(1, "readings", [row(T0 + i, 7.0) for i in range(4)])]
    with pytest.raises(StoreRejected, match="field type conflict"):
        destination.deliver(entries)
    assert [len(half[0].body) for half in halve(entries)] == [2, 2]


def test_alarms_beside_refused_readings_are_not_taken_for_refused(database: Server) -> None:
    """The server says that it dropped as many as it was sent: of the readings, in a request of their own."""
    body = f'readings,site=plant,device=plant.effluent,metric=ph value="text" {T0 - 1}000000'.encode()
    urllib.request.urlopen(f"http://127.0.0.1:{database.port}/write?db=plant", body, timeout=10).close()
    alarm = {
        "id": "a-1", "level": "permit", "condition": "active", "site_id": "plant", "device_id": "d", "metric": "ph",
        "limit_id": "l", "raised_at": T0, "cleared_at": None, "acknowledged_at": None, "value": 9.0, "peak": 9.5,
        "revision": 1,
    }  # fmt: skip
    entries = [Entry(1, "readings", [row(T0 + i, 7.0) for i in range(3)]), Entry(2, "alarm", alarm)]
    refused = Delivery(InfluxDestination(Influx(settings(database))), lambda: False).send(entries)
    assert [one.entry.kind for one in refused] == ["readings"] * 3
    assert ask(database, "SELECT count(alarm) FROM alarms WHERE site='plant'")[0][1] == 1


def test_a_missing_database_is_unavailable_with_what_to_do(influx: Server) -> None:
    with pytest.raises(StoreUnavailable, match="create the database"):
        Influx(settings(influx)).write(b"readings value=1.0 1", "ms")


def test_a_line_escapes_what_line_protocol_would_read_otherwise() -> None:
    text = row_line(("a,b c=d", "ph", None, 5, 1, 1, 0, 5))
    assert text == 'readings,site=unassigned,device=a\\,b\\ c\\=d,metric=ph value=1.0,quality="uncertain" 5'


@pytest.mark.parametrize("dead", ["nobody there", "silence"])
def test_an_influxdb_that_is_gone_for_good_holds_up_no_value_and_no_alarm(
    tmp_path: Path, broker: Server, dead: str
) -> None:
    """Elsewhere one dead output stops all of them. What is for InfluxDB waits, and is all there when it comes back."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1] if dead == "silence" else free_port()
        env = {"FIELDPROOF_INFLUX_URL": f"http://127.0.0.1:{port}", "FIELDPROOF_INFLUX_BUCKET": "plant"}
        world = World(tmp_path, broker, env)
        world.seed()
        collector = world.collector()
        wait_for(lambda: world.count("config_snapshot") == 1, what="the configuration")
        for number in range(10):
            world.publish([{"values": {"ph": 9.4, "flow": number}}])
            world.await_rows(f"SELECT value FROM point WHERE metric='flow' AND value={number}", 1)
        world.await_rows("SELECT id FROM alarm", 1)
        lines = [body.count(b"\n") + 1 for (body,) in world.query("SELECT body FROM outbox WHERE kind='lines'")]
        assert sum(lines) == world.count("reading") == 20
        collector.stop()


@pytest.mark.parametrize("v2_path", [False, True])
def test_every_write_says_the_precision_of_its_times_and_reading_asks_in_influxql(
    database: Server, v2_path: bool
) -> None:
    """3 Core guesses it where nothing is said; and it knows no Flux."""
    alarm = {
        "id": "a-1", "level": "permit", "condition": "active", "site_id": "plant", "device_id": "d", "metric": "ph",
        "limit_id": "l", "raised_at": T0, "cleared_at": None, "acknowledged_at": None, "value": 9.0, "peak": 9.5,
        "revision": 1,
    }  # fmt: skip
    with FaultProxy(database.port) as proxy:
        if v2_path:
            proxy.rewrite("/api/v2/write?", "/write?db=plant&")
        influx = Influx(Settings(influx_url=f"http://127.0.0.1:{proxy.port}", influx_bucket="plant"))
        InfluxDestination(influx).deliver([Entry(1, "readings", [row(T0, 7.0)]), Entry(2, "alarm", alarm)])
        InfluxReadingStore(influx).raw("plant.effluent", "ph", T0, T0 + 1, 10)
        influx.close()
    posts = [request for request in proxy.requests if request.startswith("POST")]
    precisions = [request.partition("precision=")[2][:2] for request in posts]
    # The first one of 1.6 is what found out that it knows no /api/v2/write.
    assert precisions == (["ms", "ns"] if v2_path else ["ms", "ms", "ns"])
    gets = {request.partition("?")[0] for request in proxy.requests if request.startswith("GET")}
    assert gets <= {"GET /ping", "GET /query"}
