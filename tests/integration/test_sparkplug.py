"""The collector as a Sparkplug host, with real mosquitto and an edge node of the public `mqtt-spb-wrapper`."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from collector.clock import now_ms
from collector.doctor import sparkplug as doctor
from collector.doctor.finding import State
from collector.ingest.raw import unpack
from tests.edge_node import Edge, metric
from tests.integration.doctor_ward import of_broker, patient, states
from tests.servers import Server, mosquitto, wait_for
from tests.spb_edge import EdgeProcess
from tests.world import World

pytestmark = pytest.mark.services

STATE = "spBv1.0/STATE/fieldproof"
STALE = 8


class Party:
    """Another client at the broker: hears all that is said in Sparkplug, and speaks."""

    def __init__(self, port: int) -> None:
        self.heard: list[tuple[str, bytes]] = []
        subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        heard = self.heard
        self.client.on_message = lambda _c, _u, message: heard.append((message.topic, message.payload))
        self.client.on_subscribe = lambda *_: subscribed.set()
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        self.client.subscribe("spBv1.0/#", 1)
        assert subscribed.wait(10)

    def say(self, *messages: tuple[str, bytes]) -> None:
        for topic, payload in messages:
            self.client.publish(topic, payload, 0).wait_for_publish(10)

    @property
    def states(self) -> list[dict[str, Any]]:
        return [orjson.loads(payload) for topic, payload in self.heard if topic == STATE]

    @property
    def requests(self) -> list[str]:
        return [topic for topic, _ in self.heard if "/NCMD/" in topic]

    def await_online(self, online: bool, what: str) -> dict[str, Any]:
        wait_for(lambda: bool(self.states) and self.states[-1]["online"] is online, 20, what)
        return self.states[-1]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def world(tmp_path: Path, broker: Server) -> World:
    world = World(tmp_path, broker, {"FIELDPROOF_SPARKPLUG_HOST": "fieldproof"})
    world.seed()
    return world


@pytest.fixture
def party(broker: Server) -> Iterator[Party]:
    party = Party(broker.port)
    yield party
    # What is retained would meet the next test.
    party.client.publish(STATE, b"", 1, retain=True).wait_for_publish(10)
    party.close()


def start(world: World, shard: str = "0/1") -> Server:
    return world.collector(
        shard, ready_when=f"receiving from the broker: broker=127.0.0.1:{world.broker.port}/sparkplug"
    )


@pytest.fixture
def collector(world: World, party: Party) -> Iterator[Server]:
    server = start(world)
    party.await_online(True, "the host's birth")
    yield server
    server.stop()


def values(world: World, device: str, metric: str) -> list[tuple[float, int]]:
    return world.query(
        "SELECT r.value, r.reasons FROM reading r JOIN series s ON s.id = r.series_id "
        "WHERE s.device=? AND s.metric=? ORDER BY r.observed_at", device, metric,
    )  # fmt: skip


def test_a_public_edge_node_is_followed_through_birth_data_a_lost_message_rebirth_and_death(
    world: World, collector: Server, party: Party
) -> None:
    edge = EdgeProcess(world.broker.port)
    ph = lambda: [value for value, _ in values(world, "plant.plc-1.effluent", "ph")]  # noqa: E731
    try:
        edge.do("birth")
        # This node puts a folder before the names of its births, and none before those of its data.
        wait_for(lambda: values(world, "plant.plc-1.effluent", "data-ph") != [], what="the birth of the device")
        edge.do("device ph 7.1")
        wait_for(lambda: ph() == [7.1], what="the data of the device")
        edge.do("device ph 7.2", "node power_factor 0.95")
        wait_for(lambda: ph() == [7.1, 7.2], what="more data of the device")
        wait_for(lambda: values(world, "plant.plc-1", "power_factor") == [(0.95, 0)], what="the data of the node")
        assert party.requests == []

        edge.do("lose", "device ph 7.3")
        wait_for(lambda: edge.rebirths == 1, what="the request for a rebirth")
        wait_for(lambda: ph() == [7.1, 7.2, 7.3], what="what came after the lost message")
        edge.do("device ph 7.4")
        wait_for(lambda: ph() == [7.1, 7.2, 7.3, 7.4], what="the data after the rebirth")
        assert party.requests == ["spBv1.0/Plant/NCMD/PLC 1"]
        assert world.query("SELECT count(*) FROM dead_letter") == [(0,)]

        edge.do("bye")
        wait_for(lambda: values(world, "plant.plc-1.effluent", "ph")[-1] == (7.4, STALE), what="the death")
        assert values(world, "plant.plc-1", "power_factor")[-1] == (0.95, STALE)
        sql = "SELECT value, quality FROM point WHERE device_id='plant.plc-1.effluent' AND metric='ph'"
        wait_for(lambda: world.site_query(sql) == [(7.4, "uncertain")], what="the stale value in the site database")
    finally:
        edge.kill()


def test_an_edge_node_that_is_killed_is_stale_although_its_will_bears_another_number(
    world: World, collector: Server
) -> None:
    edge = EdgeProcess(world.broker.port)
    edge.do("birth", "node power_factor 0.95")
    wait_for(lambda: values(world, "plant.plc-1", "power_factor") == [(0.95, 0)], what="the data of the node")
    edge.kill()
    wait_for(lambda: len(values(world, "plant.plc-1", "power_factor")) == 2, 30, "the death")
    assert values(world, "plant.plc-1", "power_factor")[-1] == (0.95, STALE)


def test_the_state_is_online_with_one_timestamp_in_will_and_birth_and_offline_after_a_goodbye(
    world: World, party: Party
) -> None:
    before = now_ms()
    collector = start(world)
    online = party.await_online(True, "the host's birth")
    assert before <= online["timestamp"] <= now_ms()
    assert set(online) == {"online", "timestamp"}
    collector.stop()
    offline = party.await_online(False, "the goodbye")
    assert offline["timestamp"] > online["timestamp"]
    assert len(party.states) == 2

    late = Party(world.broker.port)
    late.await_online(False, "the state that the broker kept")
    late.close()


def test_kill_9_tells_edge_nodes_that_we_are_away_and_after_the_restart_a_rebirth_is_asked_for(
    world: World, party: Party
) -> None:
    collector = start(world)
    online = party.await_online(True, "the host's birth")
    edge = Edge("Plant", "PLC 2")
    at = now_ms()
    party.say(edge.birth(metric(7.0, name="ph", alias=1, at=at), at=at))
    wait_for(lambda: len(values(world, "plant.plc-2", "ph")) == 1, what="the birth")

    collector.kill()
    offline = party.await_online(False, "the will")
    assert offline["timestamp"] == online["timestamp"]

    collector = start(world)
    try:
        again = party.await_online(True, "the host's birth after the restart")
        assert again["timestamp"] > online["timestamp"]
        # It has no primary host and was never told: it goes on by alias, which only its birth could explain.
        party.say(edge.data(metric(7.1, None, alias=1, at=at + 1, field="double_value"), at=at + 1))
        wait_for(lambda: party.requests == ["spBv1.0/Plant/NCMD/PLC 2"], what="the request for a rebirth")
        party.say(edge.birth(metric(7.2, name="ph", alias=1, at=at + 2), at=at + 2))
        # With what it kept meanwhile.
        party.say(
            edge.data(metric(7.15, None, alias=1, at=at + 1, field="double_value", is_historical=True), at=at + 3)
        )
        wait_for(lambda: len(values(world, "plant.plc-2", "ph")) == 3, what="all of it")
        assert values(world, "plant.plc-2", "ph") == [(7.0, 0), (7.15, 0), (7.2, 0)]
    finally:
        collector.stop()


def test_what_is_kept_as_raw_can_be_read_again_without_any_birth(world: World, collector: Server, party: Party) -> None:
    edge = Edge("Plant", "PLC 3")
    at = now_ms()
    party.say(edge.birth(metric(2.0, name="flow", alias=2, at=at, properties={"engUnit": "L/s"}), at=at))
    party.say(edge.data(metric(3.0, None, alias=2, at=at + 1, field="double_value"), at=at + 1))
    wait_for(lambda: sum(row[0] for row in world.query("SELECT count FROM raw_block")) == 2, what="two raw messages")
    kept = [message for (body,) in world.query("SELECT body FROM raw_block") for message in unpack(body)]
    topic, payload = kept[1][1:]
    assert topic == "spBv1.0/Plant/NDATA/PLC 3"
    (told,) = orjson.loads(payload)["metrics"]
    assert told == {
        "name": "flow", "dataType": "Double", "value": 3.0, "timestamp": at + 1, "properties": {"engUnit": "L/s"},
    }  # fmt: skip


def test_when_somebody_says_under_our_id_that_we_are_offline_we_say_that_we_are_not(
    world: World, collector: Server, party: Party
) -> None:
    online = party.states[-1]
    wait_for(lambda: now_ms() - online["timestamp"] > 5_500, what="that the birth is some seconds old")
    party.client.publish(STATE, orjson.dumps({"online": False, "timestamp": 1}), 1, retain=True)
    wait_for(lambda: len(party.states) >= 3, what="our word")
    assert party.states[-1] == online


def test_the_ordinary_connection_does_not_ask_for_sparkplug(world: World, collector: Server, party: Party) -> None:
    (filters,) = world.query("SELECT value FROM meta WHERE key=?", f"topic_filters.127.0.0.1:{world.broker.port}")[0]
    assert "spBv1.0" not in filters
    at = now_ms()
    party.say(Edge("Plant", "PLC 4").birth(metric(7.0, name="ph", at=at), at=at))
    wait_for(lambda: len(values(world, "plant.plc-4", "ph")) == 1, what="the birth")
    assert sum(row[0] for row in world.query("SELECT count FROM raw_block")) == 1


def test_of_two_collectors_each_follows_its_own_nodes_and_the_first_speaks_for_both(world: World, party: Party) -> None:
    collectors = [start(world, "0/2"), start(world, "1/2")]
    try:
        party.await_online(True, "the host's birth")
        at = now_ms()
        for number in range(12):
            edge = Edge("Plant", f"N{number}")
            party.say(edge.birth(metric(7.0, name="ph", alias=1, at=at), at=at))
            edge.lose()
            party.say(edge.data(metric(7.1, None, alias=1, at=at + 1, field="double_value"), at=at + 1))
        sql = "SELECT s.device FROM reading r JOIN series s ON s.id = r.series_id WHERE r.value = 7.0"
        files = ("collector.db", "collector-1.db")
        wait_for(lambda: sum(len(world.query(sql, file=file)) for file in files) == 12, what="each birth once")
        wait_for(lambda: len(party.requests) == 12, what="a request for each node, once")
        assert all(world.query(sql, file=file) for file in files)
        assert len(party.states) == 1
    finally:
        for collector in collectors:
            collector.stop()
    assert [state["online"] for state in party.states] == [True, False]


def test_while_nothing_can_be_stored_edge_nodes_are_told_that_we_are_away(
    world: World, collector: Server, party: Party
) -> None:
    edge, at = Edge("Plant", "PLC 7"), now_ms()
    with closing(sqlite3.connect(world.data / "collector.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        party.say(edge.birth(metric(7.0, name="ph", at=at), at=at))
        wait_for(lambda: party.states[-1]["online"] is False, 60, "the host's goodbye")
        assert values(world, "plant.plc-7", "ph") == []
    wait_for(lambda: party.states[-1]["online"] is True, 60, "the host's return")
    wait_for(lambda: values(world, "plant.plc-7", "ph") == [(7.0, 0)], what="what had come before")


def test_what_is_held_back_when_the_collector_is_stopped_is_stored(world: World, party: Party) -> None:
    collector = start(world)
    party.await_online(True, "the host's birth")
    edge, at = Edge("Plant", "PLC 5"), now_ms()
    party.say(edge.birth(metric(7.0, name="ph", alias=1, at=at), at=at))
    wait_for(lambda: len(values(world, "plant.plc-5", "ph")) == 1, what="the birth")
    edge.lose()
    party.say(edge.data(metric(7.1, None, alias=1, at=at + 1, field="double_value"), at=at + 1))
    # What follows it on the same connection is there: so is what it follows.
    party.say(Edge("Plant", "PLC 6").birth(metric(7.0, name="ph", at=at), at=at))
    wait_for(lambda: len(values(world, "plant.plc-6", "ph")) == 1, what="a birth behind it")
    collector.stop()
    assert values(world, "plant.plc-5", "ph") == [(7.0, 0), (7.1, 0)]


def test_a_state_from_the_future_is_outdone_so_that_edge_nodes_hear_us(world: World, party: Party) -> None:
    """As after our clock was set back. They take no word that is older than the last."""
    future = now_ms() + 3_600_000
    party.client.publish(STATE, orjson.dumps({"online": False, "timestamp": future}), 1, retain=True)
    wait_for(lambda: len(party.states) == 1, what="that it is retained")
    collector = start(world)
    try:
        wait_for(lambda: party.states[-1]["timestamp"] > future, 20, "a newer birth")
        assert party.states[-1]["online"] is True
        collector.kill()
        wait_for(lambda: len(party.states) > 3, 60, "the will")
        assert party.states[-1] == {"online": False, "timestamp": party.states[-2]["timestamp"]}
    finally:
        collector.stop()


def test_what_edge_nodes_send_until_they_hear_our_goodbye_is_stored(world: World, party: Party) -> None:
    collector = start(world)
    party.await_online(True, "the host's birth")
    edge, at, sent = Edge("Plant", "PLC 8"), now_ms(), 0
    party.say(edge.birth(metric(0.0, name="ph", alias=1, at=at), at=at))
    wait_for(lambda: len(values(world, "plant.plc-8", "ph")) == 1, what="the birth")
    stopping = threading.Thread(target=collector.stop)
    stopping.start()
    while party.states[-1]["online"]:
        sent += 1
        party.say(edge.data(metric(7.0, None, alias=1, at=at + sent, field="double_value"), at=at + sent))
    stopping.join()
    assert len(values(world, "plant.plc-8", "ph")) == 1 + sent


def test_what_nobody_has_is_told_as_a_possible_loss(world: World, party: Party) -> None:
    sql = "SELECT detail FROM collector_event WHERE kind='possible_loss' ORDER BY ended_at"
    losses = lambda: world.site_query(sql)  # noqa: E731
    collector = start(world)
    party.await_online(True, "the host's birth")
    edge, other, at = Edge("Plant", "PLC 9"), Edge("Plant", "PLC 10"), now_ms()
    party.say(edge.birth(metric(7.0, name="ph", at=at), at=at), other.birth(metric(7.0, name="ph", at=at), at=at))
    edge.lose()
    party.say(edge.data(metric(7.1, name="ph", at=at + 1), at=at + 1))
    wait_for(lambda: len(losses()) == 1, 60, "the loss of the first")
    assert "Plant/PLC 9: messages before others" in losses()[0][0]
    collector.kill()
    collector = start(world)
    party.say(other.data(metric(7.1, name="ph", at=at + 1), at=at + 1))
    wait_for(lambda: len(losses()) == 2, 60, "the loss of the second")
    assert "Plant/PLC 10: went on sending" in losses()[1][0]
    collector.stop()


def test_the_doctor_says_whether_the_broker_takes_us_for_online(world: World, tmp_path: Path, party: Party) -> None:
    who = patient(tmp_path, world.mqtt_url, sparkplug_host="fieldproof")
    assert states(of_broker(doctor.look, who)) == ["unknown"]
    collector = start(world)
    party.await_online(True, "the host's birth")
    assert states(of_broker(doctor.look, who)) == ["ok"]
    collector.kill()
    party.await_online(False, "the will")
    (found,) = of_broker(doctor.look, who)
    assert (found.state, found.what) == (State.WARN, f"{STATE} says offline")
    assert of_broker(doctor.look, patient(tmp_path, world.mqtt_url)) == []


def test_the_doctor_says_which_rights_a_host_lacks(tmp_path: Path) -> None:
    folder = tmp_path / "acl"
    folder.mkdir()
    (folder / "acl").write_text("topic readwrite fieldproof/#\n")
    closed = mosquitto(folder, f"acl_file {folder}/acl\n")
    try:
        who = patient(tmp_path, f"mqtt://127.0.0.1:{closed.port}", sparkplug_host="fieldproof")
        (found,) = of_broker(doctor.look, who)
        # In MQTT 3.1.1 and 5 alike mosquitto grants what it will never deliver.
        assert found.state in (State.BAD, State.UNKNOWN)
        assert "topic readwrite spBv1.0/STATE/fieldproof" in found.change
    finally:
        closed.stop()
