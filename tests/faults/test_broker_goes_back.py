"""A broker that is killed and starts again from what it saved before: the session is kept, and something is lost."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from collector.clock import now_ms
from collector.ingest.mqtt.bulk import BulkClient
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.source import Marked, MqttSource, Rewound, wait
from collector.settings import Settings
from tests.servers import Server, mosquitto, wait_for
from tests.world import World

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(120)]
DEVICE = "fieldproof/plant/meter/readings"
LOSSES = "SELECT started_at, ended_at, detail FROM collector_event WHERE kind='possible_loss'"


@pytest.fixture
def world(tmp_path: Path, broker: Server) -> World:
    world = World(tmp_path, broker)
    world.seed()
    return world


def mark(world: World) -> int:
    rows = world.query("SELECT value FROM meta WHERE key LIKE 'mark.%'")
    return int(rows[0][0]) if rows else 0


def marked_collector(world: World) -> Server:
    """One that left a new mark at the broker."""
    before = mark(world) if (world.data / "collector.db").exists() else 0
    collector = world.collector()
    wait_for(lambda: mark(world) > before, 20, "the mark")
    return collector


def save(broker: Server, folder: Path) -> None:
    """The broker's state of now, on its disk."""
    file = folder / "broker" / "mosquitto.db"
    before = file.stat().st_mtime_ns if file.exists() else 0
    assert broker.process is not None
    os.kill(broker.process.pid, signal.SIGUSR1)
    wait_for(lambda: file.exists() and file.stat().st_mtime_ns > before, what="the broker's save")
    time.sleep(0.1)


def connected(world: World) -> int:
    return (world.folder / "collector.log").read_text().count("connected to the broker: ")


@pytest.mark.parametrize("orderly", [False, True], ids=["killed", "stopped in order"])
def test_a_loss_is_reported_when_the_broker_went_back_and_only_then(
    world: World, broker: Server, tmp_path: Path, orderly: bool
) -> None:
    marked_collector(world).stop()
    save(broker, tmp_path)
    collector = marked_collector(world)
    world.publish([{"values": {"energy_import": n}} for n in range(100)], DEVICE)
    wait_for(lambda: world.count("reading") == 100, what="the readings")
    last = max(at for (at,) in world.query("SELECT received_at FROM reading"))
    times, stopped = connected(world), now_ms()
    broker.stop() if orderly else broker.kill()
    broker.start()
    wait_for(lambda: connected(world) > times, 30, "the connection")
    number = mark(world)
    wait_for(lambda: mark(world) > number, 20, "a new mark")
    # Twice the same content, under packet ids that were given before: both are honest.
    world.publish([{"values": {"energy_import": 0}}, {"values": {"energy_import": 0}}], DEVICE)
    wait_for(lambda: world.count("reading") == 102, what="the readings afterwards")
    collector.stop()
    losses = world.site_query(LOSSES)
    assert len(losses) == (0 if orderly else 1)
    assert "session_present=False" not in (world.folder / "collector.log").read_text().split("collecting: ")[-1]
    for start, end, detail in losses:
        assert start == last
        assert stopped < end
        assert "went back to its state of" in detail


def test_a_broker_that_forbids_the_mark_is_collected_from_all_the_same(tmp_path: Path) -> None:
    folder = tmp_path / "strict"
    folder.mkdir()
    (folder / "acl").write_text("topic readwrite fieldproof/+/+/readings\ntopic read +/events/rpc\n")
    broker = mosquitto(folder, f"acl_file {folder / 'acl'}\n")
    world = World(tmp_path, broker)
    world.seed()
    collector = world.collector()
    world.publish([{"values": {"energy_import": n}} for n in range(10)], DEVICE)
    wait_for(lambda: world.count("reading") == 10, what="the readings")
    wait_for(lambda: "mark" in (tmp_path / "collector.log").read_text(), 30, "the word that there is none")
    assert mark(world) == 0
    wait_for(lambda: connected(world) == 2, what="the connection after the one that was hung up on")
    world.publish([{"values": {"energy_import": 10}}], DEVICE)
    wait_for(lambda: world.count("reading") == 11, what="the last reading")
    collector.stop()
    broker.stop()


@pytest.mark.parametrize("v5", [True, False], ids=["v5", "v3.1.1"])
@pytest.mark.parametrize("kind", [BulkClient, paho.Client], ids=["bulk", "stock"])
def test_the_mark_works_by_every_way_of_receiving_and_is_no_message(
    broker: Server, kind: type[paho.Client], v5: bool
) -> None:
    """The second source plays a broker that went back: it knows of a mark that the broker does not have."""
    url = f"mqtt://127.0.0.1:{broker.port}"
    taken: list[int] = []
    for ahead in (0, 60_000):
        marked = taken[-1] + ahead if taken else None
        source = MqttSource(
            Settings(), Broker.parse(url), "one", ["t/#"], now_ms, v5=v5, kind=kind, leaves_marks=True, marked=marked
        )
        until = time.monotonic() + 15
        while not any(isinstance(told, Marked) for told in source.marks):
            assert time.monotonic() < until
            wait([source], 0.02)
            assert source.poll() == []
        source.close()
        expected = [Rewound] if ahead else []
        assert [type(told) for told in source.marks] == [*expected, Marked]
        taken.append(source.marks[-1].number)  # type: ignore[union-attr]
    assert taken[1] > taken[0] + 60_000
