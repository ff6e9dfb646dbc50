"""Several collectors on one data folder, and another number of them while messages stream: exact counts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from collector.clock import now_ms
from collector.settings import Settings
from collector.sharding.layout import client_id, files, installation
from collector.sharding.owner import owner
from collector.sharding.run import run as reshard
from collector.stores.open import open_reading_store
from tests.faults.matrix.stream import STAMPED, TIMED, Stream
from tests.integration.mqtt_world import Polled
from tests.integration.test_collector import command
from tests.servers import Server, wait_for
from tests.world import PH_LIMIT, World

pytestmark = pytest.mark.services

DEVICES = 24
ALARMED = "plant.effluent"
GROUPED = """
schema: 1
id: behind-gateways
decoder: plain
match:
  - topic: "gateways/{site}/{gateway}/{device}/readings"
device_id: "{site}.{gateway}.{device}"
group: "{site}.{gateway}"
examples:
  - description: one value
    topic: gateways/plant/east/meter/readings
    payload: {values: {flow: 1.0}}
    expect: {device: plant.east.meter, readings: {flow: 1.0}}
"""


class Shards:
    """The collectors of a world, and what their files hold together."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.running: list[Server] = []

    def start(self, count: int) -> None:
        with ThreadPoolExecutor(count) as at_once:
            self.running = list(at_once.map(lambda index: self.world.collector(f"{index}/{count}"), range(count)))

    def stop(self) -> None:
        for server in self.running:
            server.stop()
        self.running = []

    def reshard(self, count: int) -> str:
        return self.world.run("reshard", str(count))

    def rows(self, sql: str) -> dict[int, list[tuple[Any, ...]]]:
        """Of each shard's file."""
        return {index: self.world.query(sql, file=path.name) for index, path in files(self.world.data).items()}

    def numbers(self) -> Counter[int]:
        """Every number that is stored anywhere, as often as it is."""
        sql = f"SELECT value FROM reading JOIN series ON series.id=series_id WHERE metric IN ('{TIMED}', '{STAMPED}')"
        return Counter(int(value) for rows in self.rows(sql).values() for (value,) in rows)

    def snapshots(self) -> list[int]:
        return [version for rows in self.rows("SELECT version FROM config_snapshot").values() for (version,) in rows]

    def readings(self) -> int:
        return sum(rows[0][0] for rows in self.rows("SELECT count(*) FROM reading").values())

    def stored(self) -> int:
        return sum(self.numbers().values())

    def homes(self) -> dict[str, list[int]]:
        """The shards in whose files a device has readings."""
        found: dict[str, list[int]] = {}
        for index, rows in self.rows("SELECT DISTINCT device FROM reading JOIN series ON id=series_id").items():
            for (device,) in rows:
                found.setdefault(device, []).append(index)
        return found


@pytest.fixture
def shards(tmp_path: Path, broker: Server) -> Iterator[Shards]:
    world = World(tmp_path, broker)
    world.seed()
    made = Shards(world)
    yield made
    made.stop()


def numbered(first: int, count: int) -> Iterator[tuple[str, bytes]]:
    """Every other message has a time of its own, the rest have none."""
    start = now_ms() - 3_600_000
    for number in range(first, first + count):
        topic = f"fieldproof/plant/meter-{number // 2 % DEVICES:02d}/readings"
        if number % 2:
            yield topic, b'{"time":%d,"values":{"%s":%d}}' % (start + number, TIMED.encode(), number)
        else:
            yield topic, b'{"values":{"%s":%d}}' % (STAMPED.encode(), number)


@pytest.mark.slow
def test_every_device_is_owned_once_through_reshards_while_messages_stream(shards: Shards) -> None:
    """1 -> 3 -> 4 -> 2 collectors, which are stopped for the reshard alone; the publisher never stops."""
    world, each = shards.world, 1_600
    shards.start(1)
    wait_for(lambda: world.query("SELECT version FROM config_snapshot") == [(1,)], what="the configuration")
    world.publish([{"values": {"ph": 9.4}}])
    world.await_rows("SELECT id FROM alarm WHERE condition='active'", 1)
    for stage, count in enumerate((3, 4, 2)):
        stream = Stream(world.broker.port, list(numbered(stage * each, each)), rate=500)
        stream.start()
        stream.reach(0.2)
        shards.stop()
        assert stream.acked < each, "the reshard did not happen under way"
        shards.reshard(count)
        shards.start(count)
        stream.finish()
        total = (stage + 1) * each
        wait_for(lambda wanted=total: shards.stored() >= wanted, 30, f"{total} readings")  # type: ignore[misc]
        homes = shards.homes()
        assert {name: [owner(name, count)] for name in homes} == homes
        assert len(homes) == DEVICES + 1
        assert sorted(files(world.data)) == list(range(count))
    assert shards.numbers() == Counter(range(3 * each))
    assert shards.rows("SELECT count(*) FROM conflict") == {0: [(0,)], 1: [(0,)]}
    _one_alarm_and_it_clears(shards)


def _one_alarm_and_it_clears(shards: Shards) -> None:
    """Raised by the only collector there was, it was handed on, and its last owner clears it."""
    world = shards.world
    assert owner(ALARMED, 3) != 0 or owner(ALARMED, 4) != 0 or owner(ALARMED, 2) != 0
    world.publish([{"values": {"ph": 7.0}}])
    world.await_rows("SELECT id FROM alarm WHERE condition='cleared'", 1)
    alarms = [row for rows in shards.rows("SELECT id, revision FROM alarm").values() for row in rows]
    assert len(alarms) == 1
    assert world.site_query(f"SELECT count(*) FROM alarm WHERE limit_id='{PH_LIMIT}'") == [(1,)]
    kinds = world.site_query("SELECT kind FROM alarm_transition ORDER BY recorded_at")
    assert kinds == [("raised",), ("cleared",)]


@dataclass
class PowerCut:
    """The progress of a reshard, during which the power fails: so many counts into a step."""

    during: str
    counts: int
    _met: bool = False

    def step(self, text: str) -> None:
        self._met = text.startswith(self.during)
        self._fail_at(0)

    def count(self, _done: int) -> None:
        self.counts -= self._met
        self._fail_at(0)

    def _fail_at(self, left: int) -> None:
        if self._met and self.counts <= left:
            os.kill(os.getpid(), signal.SIGKILL)


CUTS = {
    3: [("Preparing", 0), ("Making", 0), ("Reading", 0), ("Storing", 0), ("Storing", 2), ("Moving", 0), ("Moving", 9)],
    2: [("Preparing", 0), ("Storing", 1), ("Moving", 0), ("Moving", 5), ("Handing", 0), ("Ending", 0)],
}


@pytest.mark.slow
def test_a_reshard_that_is_killed_anywhere_ends_as_if_it_had_not_been(shards: Shards) -> None:
    """More comes in before each next attempt; between the last of them and the end nothing differs from others."""
    world = shards.world
    shards.start(1)
    shards.stop()
    sent = 0
    for count, cuts in CUTS.items():
        for during, counts in cuts:
            sent += burst(world, sent, 200)
            assert killed(world.settings, count, PowerCut(during, counts)), (during, counts)
        assert "was not finished" in refused(world, "0/1")
        sent += burst(world, sent, 200)
        shards.reshard(count)
        sent += burst(world, sent, 200)
        shards.start(count)
        wait_for(lambda wanted=sent: shards.stored() >= wanted, 30, f"{sent} readings")  # type: ignore[misc]
        shards.stop()
    assert shards.numbers() == Counter(range(sent))
    homes = shards.homes()
    assert {name: [owner(name, 2)] for name in homes} == homes
    _the_third_is_gone(shards)


def _the_third_is_gone(shards: Shards) -> None:
    """Nobody waits for it, its file is kept, and it has no session in which messages would gather."""
    world = shards.world
    assert [ident[-1] for (ident,) in world.site_query("SELECT id FROM collector ORDER BY id")] == ["0", "1"]
    assert len(list(world.data.glob("collector-2.db.retired-*"))) == 1
    session = Polled(world.mqtt_url, client_id=client_id(installation(world.data), 2))
    session.connect()
    assert not session.source.events[0].session_present
    session.source.close()


def burst(world: World, first: int, count: int) -> int:
    stream = Stream(world.broker.port, list(numbered(first, count)), rate=None)
    stream.start()
    stream.finish()
    return count


def killed(settings: Settings, count: int, cut: PowerCut) -> bool:
    """In a child of ours, so that it ends at that very point. False when it came to its end."""
    child = os.fork()
    if child == 0:
        try:
            reshard(settings, count, cut, lambda _: None)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def test_three_collectors_have_a_gateway_each(tmp_path: Path, broker: Server) -> None:
    """Every device is owned once, and with all of its gateway; an acknowledgement finds the collector of its alarm."""
    profiles = tmp_path / "devices" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "gateways.yaml").write_text(GROUPED)
    world = World(tmp_path, broker, {"FIELDPROOF_DEVICES": str(tmp_path / "devices")})
    world.seed()
    shards = Shards(world)
    shards.start(3)
    wait_for(lambda: shards.snapshots() == [1, 1, 1], what="the configuration in all three")
    gateways = {index: _gateway_of(index) for index in range(3)}
    for gateway in gateways.values():
        for number in range(4):
            world.publish([{"values": {"flow": n}} for n in range(10)], f"gateways/plant/{gateway}/m{number}/readings")
    world.publish([b"garbage"], f"gateways/plant/{gateways[2]}/m0/readings")
    world.publish([{"values": {"ph": 9.4}}])
    ((alarm,),) = world.await_rows("SELECT id FROM alarm WHERE condition='active'", 1)
    command(world, alarm, "acknowledge", "seen")
    world.await_rows("SELECT id FROM alarm WHERE acknowledged_by='ann'", 1)
    letters = world.await_rows("SELECT collector_id, count FROM dead_letter", 1)
    wait_for(lambda: shards.readings() == 121, what="121 readings")
    shards.stop()
    assert shards.homes() == {
        ALARMED: [owner(ALARMED, 3)],
        **{f"plant.{gateway}.m{n}": [index] for index, gateway in gateways.items() for n in range(4)},
    }
    assert [(ident[-1], count) for ident, count in letters] == [("2", 1)]
    _read_as_one(shards, [f"plant.{gateway}.m1" for gateway in gateways.values()])


def _gateway_of(shard: int) -> str:
    return next(name for name in (f"gw-{n}" for n in range(100)) if owner(f"plant.{name}", 3) == shard)


def _read_as_one(shards: Shards, devices: list[str]) -> None:
    store = open_reading_store(shards.world.settings)
    store.check()
    for device in devices:
        assert store.raw(device, "flow", 0, now_ms() + 1, 100).value == [float(n) for n in range(10)]


def refused(world: World, shard: str) -> str:
    """What a collector says that does not start: its configuration cannot be used."""
    done = subprocess.run(
        [sys.executable, "-m", "webapp.cli", "collect", "--shard", shard],
        env={**os.environ, **world.env}, capture_output=True, text=True, timeout=30,
    )  # fmt: skip
    assert done.returncode == 78, done.stderr
    return done.stderr
