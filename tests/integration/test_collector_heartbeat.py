"""What a collector at work says of itself, from its process to /metrics."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collector.clock import now_ms
from collector.sharding.owner import owner
from tests.servers import Server, wait_for
from tests.world import World

pytestmark = pytest.mark.services
MESSAGES = 200


@pytest.fixture
def world(tmp_path: Path, broker: Server) -> World:
    made = World(tmp_path, broker)
    made.seed()
    return made


def stats(world: World) -> dict[str, Any]:
    rows = world.site_query("SELECT stats FROM collector")
    return dict(json.loads(rows[0][0])) if rows else {}


def publish(world: World) -> None:
    at = now_ms()
    world.publish([{"time": at - n, "values": {"ph": 7.0}} for n in range(MESSAGES)])
    wait_for(lambda: stats(world).get("received") == MESSAGES, what="a heartbeat that counts every message")


def test_what_was_measured_is_in_the_heartbeat_and_in_metrics(world: World) -> None:
    collector, web = world.collector(), world.web()
    publish(world)
    found = stats(world)
    assert found["stored"] == MESSAGES
    assert found["brokers"] == {f"127.0.0.1:{world.broker.port}": True}
    assert set(found["outbox"]) == {"site"}
    assert found["trouble"] is None
    assert found["disk_free_bytes"] > 0
    counts = {name: sum(histogram["counts"]) for name, histogram in found["histograms"].items()}
    assert counts["ack_latency"] == counts["store_latency"] == counts["lag"] == MESSAGES
    assert 1 <= counts["commit_latency"] <= MESSAGES + 1
    shown = families(web)
    assert shown["fieldproof_collector_ack_latency_seconds"].type == "histogram"
    (count,) = [s for s in shown["fieldproof_collector_ack_latency_seconds"].samples if s.name.endswith("_count")]
    assert count.value == MESSAGES
    (seen,) = shown["fieldproof_device_last_seen_timestamp_seconds"].samples
    assert seen.labels == {"device": "plant.effluent", "site": "plant"}
    web.stop()
    collector.stop()


def test_each_of_several_collectors_counts_what_it_passes_over(world: World) -> None:
    servers = [world.collector(f"{index}/2") for index in range(2)]
    for number in range(20):
        world.publish([{"values": {"ph": 7.0}}], f"fieldproof/plant/meter-{number}/readings")

    def counted() -> list[tuple[int, int]]:
        told = [json.loads(row) for (row,) in world.site_query("SELECT stats FROM collector ORDER BY id")]
        return [(one["received"], one["foreign"]) for one in told]

    mine = sum(owner(f"plant.meter-{number}", 2) == 0 for number in range(20))
    wait_for(lambda: counted() == [(mine, 20 - mine), (20 - mine, mine)], what="each message is one's, and the other's")
    for server in servers:
        server.stop()


def families(web: Server) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{web.port}/metrics", timeout=10) as answer:
        return {family.name: family for family in text_string_to_metric_families(answer.read().decode())}


def test_ready_follows_the_broker_away_and_back(world: World) -> None:
    collector, web = world.collector(), world.web()

    def failing() -> list[str]:
        request = urllib.request.Request(f"http://127.0.0.1:{web.port}/readyz?exclude=disk")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                checks = json.load(answer)["checks"]
        except urllib.error.HTTPError as error:
            checks = json.load(error)["checks"]
        return [name for name, check in checks.items() if not check["ok"]]

    wait_for(lambda: failing() == [], what="ready")
    world.broker.stop()
    wait_for(lambda: failing() == ["brokers"], what="not ready without the broker")
    world.broker.start()
    wait_for(lambda: failing() == [], 60, what="ready again")
    web.stop()
    collector.stop()
