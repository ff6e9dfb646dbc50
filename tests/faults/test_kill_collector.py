"""`kill -9` of the collector while messages stream in: every one is stored, and stored once."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from collector.clock import now_ms
from collector.service import CollectorService
from tests.servers import Server, wait_for
from tests.world import World

pytestmark = pytest.mark.services

MESSAGES = 20_000
KILL_AT = (4_000, 9_000, 14_000)
DEVICE = "fieldproof/plant/meter/readings"


def messages(base: int) -> list[dict[str, Any]]:
    """Half with a time of their own and half without, in turn. A value is its number: a lost or doubled one shows."""
    return [
        {"time": base + i, "values": {"volume_total": i}} if i % 2 else {"values": {"energy_import": i}}
        for i in range(MESSAGES)
    ]


def stored(world: World, metric: str) -> list[float]:
    sql = "SELECT value FROM reading JOIN series ON id=series_id WHERE metric=? ORDER BY value"
    return [value for (value,) in world.query(sql, metric)]


def test_kill_9_three_times_during_20000_messages_loses_and_doubles_nothing(tmp_path: Path, broker: Server) -> None:
    world = World(tmp_path, broker)
    world.seed()
    collector = world.collector()
    taken: list[int] = []
    publishing = threading.Thread(
        target=lambda: taken.append(world.publish(messages(now_ms() - MESSAGES - 60_000), DEVICE))
    )
    publishing.start()
    for count in KILL_AT:
        wait_for(lambda count=count: world.count("reading") >= count, 60, f"{count} readings")
        collector.kill()
        collector = world.collector()
    publishing.join(120)
    assert taken == [MESSAGES]
    wait_for(lambda: world.count("reading") >= MESSAGES, 60, "all readings")
    wait_for(lambda: world.site_query("SELECT count(*) FROM point") == [(2,)], 30, "the latest values")
    collector.stop()
    assert stored(world, "volume_total") == [float(i) for i in range(1, MESSAGES, 2)]
    assert stored(world, "energy_import") == [float(i) for i in range(0, MESSAGES, 2)]
    assert world.count("dead_letter") == 0
    assert world.count("conflict") == 0


def test_messages_whose_acknowledgement_was_lost_come_again_and_are_stored_once(tmp_path: Path, broker: Server) -> None:
    """Everything is committed and nothing acknowledged, as if killed in between: all of it is delivered again."""
    world = World(tmp_path, broker)
    world.seed()
    service = CollectorService(world.settings, lambda: None)
    service._sources[0].acknowledge = lambda _messages: None  # type: ignore[method-assign]
    stop = threading.Event()
    running = threading.Thread(target=service.run, args=(stop,))
    running.start()
    wait_for(lambda: service._sources[0].subscribed_at is not None, what="the subscription")
    world.publish([{"values": {"energy_import": i}} for i in range(500)], DEVICE)
    wait_for(lambda: world.count("reading") == 500, what="500 readings")
    stop.set()
    running.join(30)
    collector = world.collector()
    wait_for(lambda: heartbeat(world)["duplicates"] == 500, 30, "500 redeliveries")
    collector.stop()
    assert stored(world, "energy_import") == [float(i) for i in range(500)]


def heartbeat(world: World) -> dict[str, Any]:
    """The counters of the collector that runs now."""
    rows = world.site_query("SELECT stats FROM collector ORDER BY last_seen_at DESC")
    found: dict[str, Any] = {"duplicates": 0} | (json.loads(rows[0][0]) if rows else {})
    return found


def test_a_broker_that_restarts_keeps_what_it_holds_for_us(tmp_path: Path, broker: Server) -> None:
    """With persistence, a broker's clean restart loses nothing while the collector is away."""
    world = World(tmp_path, broker)
    world.seed()
    collector = world.collector()
    collector.kill()
    world.publish([{"values": {"energy_import": i}} for i in range(1_000)], DEVICE)
    broker.stop()
    broker.start()
    collector = world.collector()
    wait_for(lambda: world.count("reading") == 1_000, 30, "all readings")
    collector.stop()
    assert stored(world, "energy_import") == [float(i) for i in range(1_000)]


def test_a_broker_that_forgot_our_session_is_reported_as_a_possible_loss(tmp_path: Path, broker: Server) -> None:
    world = World(tmp_path, broker)
    world.seed()
    collector = world.collector()
    world.publish([{"values": {"energy_import": 1}}], DEVICE)
    wait_for(lambda: world.count("reading") == 1, what="the reading")
    broker.kill()
    (tmp_path / "broker" / "mosquitto.db").unlink(missing_ok=True)
    broker.start()
    rows = world.await_rows("SELECT kind, started_at, ended_at FROM collector_event", 1, seconds=60)
    assert [kind for kind, *_ in rows] == ["possible_loss"]
    assert rows[0][1] < rows[0][2]
    collector.stop()
