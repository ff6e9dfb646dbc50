"""Sessions read up to a marker: on a real broker, also when connections end at the worst moment."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from collector.clock import now_ms
from collector.errors import ConfigError, StoreUnavailable
from collector.ingest.message import Message
from collector.ingest.mqtt.bulk import BulkClient
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.source import MqttSource, wait
from collector.service import CollectorService
from collector.settings import Settings
from collector.sharding import plan as plans
from collector.sharding.layout import Shard, client_id, files
from collector.sharding.marked import MarkedSource
from collector.sharding.plan import Plan, load
from collector.sharding.run import run as reshard
from collector.sharding.sessions import Sessions
from collector.stores.collector_db import open_collector_db
from collector.stores.outbox import set_destinations
from tests.faultproxy import FaultProxy
from tests.integration.mqtt_world import Polled
from tests.integration.test_shards import GROUPED
from tests.servers import Server, mosquitto
from tests.world import World, publish

pytestmark = [pytest.mark.services, pytest.mark.slow]

TOPIC, MARKS = "t/a", "t/marks"
MARKER = b"here"
DOCUMENTED = Path(__file__).parents[2] / "docs" / "operations.md"


def marked(port: int, *, v5: bool) -> MarkedSource:
    return MarkedSource(
        Settings(), Broker.parse(f"mqtt://127.0.0.1:{port}"), "kept", ["t/#"], now_ms,
        v5=v5, kind=BulkClient, topic=MARKS, marker=MARKER,
    )  # fmt: skip


def make_session(port: int, *, v5: bool) -> None:
    polled = Polled(f"mqtt://127.0.0.1:{port}", v5=v5, client_id="kept")
    polled.connect()
    polled.source.close()


def numbers(first: int, count: int) -> list[bytes]:
    return [str(number).encode() for number in range(first, first + count)]


def step(source: MqttSource) -> list[Message]:
    if not wait([source], 0.02):
        time.sleep(0.02)
    return source.poll()


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline


@pytest.mark.parametrize("v5", [True, False])
def test_what_stands_behind_the_marker_is_left_for_the_next_connection(broker: Server, v5: bool) -> None:
    make_session(broker.port, v5=v5)
    for topic, payloads in (TOPIC, numbers(0, 50)), (MARKS, [MARKER]), (TOPIC, numbers(50, 10)):
        publish(broker.port, payloads, topic)
    source, got = marked(broker.port, v5=v5), list[bytes]()

    def take() -> bool:
        messages = step(source)
        got.extend(message.payload for message in messages)
        source.acknowledge(messages)
        return source.done

    until(take)
    source.close()
    assert got == numbers(0, 50)
    after = Polled(f"mqtt://127.0.0.1:{broker.port}", v5=v5, client_id="kept")
    after.until(lambda: len(after.received) == 11)
    after.source.close()
    assert [message.payload for message in after.received] == [MARKER, *numbers(50, 10)]


def test_acknowledgements_that_are_lost_with_their_connection_do_not_count(broker: Server) -> None:
    """The broker would send what they were for once more, to an owner that has never seen it."""
    make_session(broker.port, v5=True)
    for topic, payloads in (TOPIC, numbers(0, 20)), (MARKS, [MARKER]):
        publish(broker.port, payloads, topic)
    with FaultProxy(broker.port, http=False) as proxy:
        source, got = marked(proxy.port, v5=True), list[Message]()

        def receive() -> bool:
            got.extend(step(source))
            return len(got) == 20 and source.subscribed_at is not None

        until(receive)
        proxy.fall_silent()
        source.acknowledge(got)
        for _ in range(5):
            step(source)
        assert not source.done
        proxy.cut()
        proxy.heal()
        again = list[Message]()

        def take() -> bool:
            messages = step(source)
            again.extend(messages)
            source.acknowledge(messages)
            return source.done

        until(take)
        source.close()
    assert [message.payload for message in again] == numbers(0, 20)
    assert all(message.duplicate for message in again)


class Told:
    def step(self, _text: str) -> None: ...
    def count(self, _done: int) -> None: ...


@pytest.fixture
def world(tmp_path: Path, broker: Server) -> World:
    """Where a collector is at home, and none runs."""
    made = World(tmp_path, broker)
    made.seed()
    CollectorService(made.settings, lambda: None).close()
    return made


def divide(settings: Settings, count: int) -> bool:
    """False when it was taken back."""
    return reshard(settings, count, Told(), lambda _: None, answer_s=3) is not None


def test_it_is_refused_while_a_collector_runs(world: World) -> None:
    collector = world.collector()
    with pytest.raises(ConfigError, match="a collector runs on this data folder already"):
        divide(world.settings, 2)
    collector.stop()
    assert load(world.data) is None


def test_it_is_refused_where_a_session_would_be_left_unread(world: World) -> None:
    world_db = open_collector_db(world.settings.collector_db)
    world_db.execute("INSERT INTO meta VALUES ('last_received_at.elsewhere:1883', ?)", (str(now_ms()),))
    with pytest.raises(ConfigError, match="does not name elsewhere:1883"):
        divide(world.settings, 2)
    world_db.execute("UPDATE meta SET value='0' WHERE key='last_received_at.elsewhere:1883'")
    world_db.close()
    divide(world.settings, 2)


def test_it_is_refused_without_the_long_term_store_that_the_collectors_fill(world: World) -> None:
    """What waits would be stored here only, and trimmed later as if InfluxDB had it."""
    db = open_collector_db(world.settings.collector_db)
    set_destinations(db, ["site", "influx"], now_ms())
    with pytest.raises(ConfigError, match=r"FIELDPROOF_INFLUX_URL: is not set, .*collector\.db forwards to InfluxDB"):
        divide(world.settings, 2)
    plans.save(world.data, Plan.new(1, 2))
    with pytest.raises(ConfigError, match="FIELDPROOF_INFLUX_URL"):
        divide(world.settings, 2)
    plans.remove(world.data)
    set_destinations(db, ["site"], now_ms())
    db.close()
    divide(world.settings, 2)


def test_it_is_refused_without_the_profiles_that_the_collectors_have(tmp_path: Path, broker: Server) -> None:
    """What waits for them is kept, and the sessions go on keeping what comes."""
    world = World(tmp_path, broker, {"FIELDPROOF_DEVICES": str(own_profile(tmp_path))})
    world.seed()
    world.collector().stop()
    world.publish([{"values": {"flow": 1.0}}] * 5, "gateways/plant/east/meter/readings")
    with pytest.raises(ConfigError, match="FIELDPROOF_DEVICES: no profile behind-gateways, no topic gateways/"):
        divide(world.settings, 2)
    world.publish([{"values": {"flow": 1.0}}] * 5, "gateways/plant/east/meter/readings")
    as_documented(world, "2")
    held = [world.query("SELECT count(*) FROM reading", file=path.name)[0][0] for path in files(world.data).values()]
    assert sum(held) == 10


def as_documented(world: World, count: str) -> None:
    """The command of docs/operations.md in a shell without any settings, for this folder and this program."""
    (line,) = re.findall(r"^sudo -u fieldproof (sh -c '.*reshard 3')$", DOCUMENTED.read_text(), re.MULTILINE)
    settings = world.folder / "fieldproof.env"
    settings.write_text("".join(f"{name}='{value}'\n" for name, value in world.env.items()))
    for there, here in {
        "/etc/fieldproof/fieldproof.env": settings,
        "/var/lib/fieldproof": world.data,
        "/opt/fieldproof/bin/fieldproof": f"{sys.executable} -m webapp.cli",
        "reshard 3": f"reshard {count}",
    }.items():
        assert there in line
        line = line.replace(there, str(here))
    bare = {"PATH": os.environ["PATH"], "PYTHONPATH": str(DOCUMENTED.parents[1])}
    done = subprocess.run(line, shell=True, env=bare, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def own_profile(folder: Path) -> Path:
    profiles = folder / "devices" / "profiles"
    profiles.mkdir(parents=True)
    (profiles / "gateways.yaml").write_text(GROUPED)
    return folder / "devices"


def test_a_drain_unsubscribes_from_nothing(world: World) -> None:
    """Whose topic it is no more says its collector."""
    broker = Broker.parse(world.mqtt_url)
    sessions = Sessions(world.settings, [broker], "ab12", ["t/#"], now_ms, 5)
    Sessions(world.settings, [broker], "ab12", ["own/#"], now_ms, 5).subscribe(0)
    sessions.subscribe(0)
    publish(broker.port, numbers(0, 3), "own/a")
    marker = sessions.mark()
    assert sessions.discard(0, marker) == 3


def test_it_is_refused_while_the_file_of_a_shard_is_elsewhere(world: World) -> None:
    """An empty one in its place would count as all that this shard ever had."""
    divide(world.settings, 3)
    file = Shard(1, 3).database(world.data)
    away = file.rename(world.folder / file.name)
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"collector-1\.db: the file of collector 1/3 is missing: bring it back"):
            divide(world.settings, 2)
        assert not file.exists()
        # Also when it goes away in the middle.
        plans.save(world.data, Plan.new(3, 2))
    away.rename(file)
    divide(world.settings, 2)


def test_a_broker_that_is_away_is_named_and_what_was_begun_can_be_taken_back(world: World) -> None:
    """What came meanwhile is stored by the collector of before, once."""
    world.collector().stop()
    world.publish([{"values": {"ph": 7.0}}] * 5)
    world.broker.stop()
    with pytest.raises(StoreUnavailable, match=rf"127\.0\.0\.1:{world.broker.port} did not let us in"):
        divide(world.settings, 3)
    world.broker.start()
    with pytest.raises(ConfigError, match=r"reshard from 1 to 3 was begun: .*'fieldproof reshard 1'"):
        divide(world.settings, 2)
    assert not divide(world.settings, 1)
    assert load(world.data) is None
    collector = world.collector()
    world.publish([{"values": {"ph": 7.0}}] * 5)
    until(lambda: world.count("reading") == 10)
    collector.stop()


def test_a_broker_that_does_not_let_us_mark_is_told_of_and_nothing_is_lost(tmp_path: Path) -> None:
    acl = tmp_path / "acl"
    acl.write_text("topic readwrite fieldproof/+/+/readings\n")
    (tmp_path / "broker").mkdir()
    broker = mosquitto(tmp_path / "broker", f"acl_file {acl}\n")
    world = World(tmp_path, broker)
    world.seed()
    world.collector().stop()
    world.publish([{"values": {"ph": 7.0}}] * 5)
    with pytest.raises(StoreUnavailable, match=r"fieldproof/_collectors/\w+/reshard"):
        divide(world.settings, 2)
    acl.write_text("topic readwrite fieldproof/#\n")
    broker.stop()
    broker.start()
    divide(world.settings, 2)
    held = [world.query("SELECT count(*) FROM reading", file=Shard(i, 2).database(world.data).name) for i in range(2)]
    assert sorted(held) == [[(0,)], [(5,)]]
    broker.stop()


def test_it_waits_for_readings_that_are_still_copied_out_of_a_damaged_file(world: World) -> None:
    db = open_collector_db(world.settings.collector_db)
    db.execute("INSERT INTO meta VALUES ('salvaged.collector.db.corrupt-1', '17')")
    with pytest.raises(ConfigError, match=r"still being copied out of collector\.db\.corrupt-1"):
        divide(world.settings, 2)
    db.execute("UPDATE meta SET value='done' WHERE key LIKE 'salvaged.%'")
    db.close()
    divide(world.settings, 2)


def test_where_no_collector_has_run_there_is_nothing_to_divide(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no collector has run here"):
        divide(Settings(data=tmp_path), 2)


def test_a_file_that_is_of_another_layout_is_named(world: World) -> None:
    db = open_collector_db(Shard(1, 9).database(world.data))
    db.execute("INSERT INTO meta VALUES ('shard', '1/9')")
    db.close()
    with pytest.raises(ConfigError, match=r"collector-1\.db: is of collector 1/9"):
        divide(world.settings, 2)


@pytest.mark.parametrize("v5", [True, False])
def test_a_new_session_holds_what_came_after_the_marker_and_an_ended_one_holds_nothing(
    broker: Server, v5: bool
) -> None:
    parsed = Broker.parse(f"mqtt://127.0.0.1:{broker.port}")
    sessions = Sessions(Settings(), [parsed], "ab12", ["t/#"], now_ms, 5, set() if v5 else {parsed.name})
    sessions.end(1)
    sessions.subscribe(1)
    publish(broker.port, numbers(0, 30), TOPIC)
    marker = sessions.mark()
    publish(broker.port, numbers(30, 10), TOPIC)
    assert sessions.discard(1, marker) == 30
    url, ident = f"mqtt://127.0.0.1:{broker.port}", client_id("ab12", 1)
    held = Polled(url, v5=v5, client_id=ident)
    held.acknowledging = False
    held.until(lambda: len(held.received) == 11)
    held.source.close()
    assert [message.payload for message in held.received] == [marker, *numbers(30, 10)]
    sessions.end(1)
    ended = Polled(url, v5=v5, client_id=ident)
    ended.connect()
    assert not ended.source.events[0].session_present
    ended.source.close()


def test_at_two_brokers_every_session_is_read_up_to_its_own_marker(tmp_path: Path, broker: Server) -> None:
    (tmp_path / "second").mkdir()
    second = mosquitto(tmp_path / "second")
    urls = f"mqtt://127.0.0.1:{broker.port},mqtt://127.0.0.1:{second.port}"
    world = World(tmp_path, broker, {"FIELDPROOF_MQTT_URL": urls})
    world.seed()
    settings = replace(world.settings, mqtt_url=urls)
    collector = world.collector()
    until(lambda: (tmp_path / "collector.log").read_text().count("connected to the broker") == 2)
    collector.stop()
    for count in (2, 3, 1):
        for port in (broker.port, second.port):
            for device in range(6):
                publish(port, [{"values": {"ph": 7.0}}] * 5, f"fieldproof/plant/{port}-{device}/readings")
        assert divide(settings, count)
    assert world.query("SELECT count(*), count(DISTINCT device) FROM reading JOIN series ON id=series_id") == [
        (180, 12)
    ]
    second.stop()
