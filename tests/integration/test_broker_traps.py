"""Traps between a broker and whoever subscribes to it (docs/traps.md), each sprung with a real broker."""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from collector.ingest.mqtt import source
from collector.ingest.mqtt.bulk import BulkClient
from collector.service import CollectorService
from collector.settings import Settings
from tests.conftest import need
from tests.faultproxy import FaultProxy
from tests.integration.mqtt_world import Polled
from tests.servers import Server, answers, find, free_port, mosquitto, wait_for
from tests.world import World, publish

pytestmark = [pytest.mark.services, pytest.mark.timeout(120)]
VERSIONS = pytest.mark.parametrize("v5", [True, False], ids=["v5", "v3.1.1"])
KINDS = pytest.mark.parametrize("kind", [BulkClient, paho.Client], ids=["bulk", "stock"])


def url(server: Server) -> str:
    return f"mqtt://127.0.0.1:{server.port}"


@contextmanager
def collecting(settings: Settings, *, v5: bool = True) -> Iterator[CollectorService]:
    """A collector in this process, subscribed; afterwards it has ended in order."""
    service = CollectorService(settings, lambda: None, durable_broker=v5)
    stop = threading.Event()
    running = threading.Thread(target=service.run, args=(stop,))
    running.start()
    try:
        wait_for(lambda: service._sources[0].subscribed_at is not None, what="the subscription")
        yield service
    finally:
        stop.set()
        running.join(30)


def publish_at_qos_2(port: int, topic: str, payloads: list[bytes]) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="thorough")
    client.connect("127.0.0.1", port)
    client.loop_start()
    for info in [client.publish(topic, payload, qos=2) for payload in payloads]:
        info.wait_for_publish(30)
    client.disconnect()
    client.loop_stop()


# -- what is asked of the broker ---------------------------------------------------------------------------------------


@VERSIONS
@KINDS
def test_what_is_published_at_qos_2_comes_again_until_it_is_acknowledged(
    broker: Server, kind: type[paho.Client], v5: bool
) -> None:
    """Subscribed at QoS 2, what was received and not yet stored when the connection ended would never come again."""
    sent = [b"%d" % number for number in range(50)]
    with FaultProxy(broker.port, http=False) as proxy:
        polled = Polled(f"mqtt://127.0.0.1:{proxy.port}", v5=v5, kind=kind)
        polled.connect()
        polled.acknowledging = False
        publish_at_qos_2(broker.port, "t/x", sent)
        polled.until(lambda: len(polled.received) == len(sent), what="all messages")
        polled.acknowledging = True
        proxy.cut()
        polled.until(lambda: len(polled.received) == 2 * len(sent), what="all of them again")
        polled.source.close()
    again = polled.received[len(sent) :]
    assert [(message.payload, message.qos, message.duplicate) for message in again] == [(one, 1, True) for one in sent]


@VERSIONS
def test_the_session_outlives_our_own_goodbye(broker: Server, v5: bool) -> None:
    """In MQTT 5 it ends with the connection, unless an expiry was asked for."""
    first = Polled(url(broker), v5=v5)
    first.connect()
    first.source.close()
    publish(broker.port, [b"while we were away"], "t/x")
    again = Polled(url(broker), v5=v5)
    again.until(lambda: bool(again.received), what="the message")
    again.connect()
    again.source.close()
    assert [event.session_present for event in again.source.events] == [True]


@VERSIONS
def test_subscriptions_follow_the_profiles_although_the_session_keeps_the_old_ones(broker: Server, v5: bool) -> None:
    """New topics are asked for on every connect, and those that nobody wants any more are given up."""
    first = Polled(url(broker), "before/#", v5=v5)
    first.connect()
    first.source.close()
    second = Polled(url(broker), "after/#", v5=v5, former=["before/#"])
    second.connect()
    publish(broker.port, [b"1"], "before/x")
    publish(broker.port, [b"2"], "after/x")
    second.until(lambda: bool(second.received), what="a message of the new topic")
    second.source.close()
    assert [(message.topic, message.payload) for message in second.received] == [("after/x", b"2")]


def test_a_collector_gives_up_the_topics_of_a_profile_that_was_removed(tmp_path: Path, broker: Server) -> None:
    world = World(tmp_path, broker)
    world.seed()
    folder = tmp_path / "own" / "profiles"
    folder.mkdir(parents=True)
    (folder / "old.yaml").write_text(OWN_PROFILE)
    with_it = Settings(data=world.data, mqtt_url=world.mqtt_url, devices=(tmp_path / "own",))
    with collecting(with_it):
        publish(broker.port, [{"values": {"ph": 7.0}}], "old/plant/effluent")
        wait_for(lambda: world.count("reading") == 1, what="the reading of our own profile")
    with collecting(world.settings) as service:
        publish(broker.port, [{"values": {"ph": 7.0}}] * 10, "old/plant/effluent")
        world.publish([{"values": {"ph": 7.0}}])
        wait_for(lambda: world.count("reading") == 2, what="the reading of a profile that is there")
        assert service._committer.stats.received == 1


OWN_PROFILE = """
schema: 1
id: old
products: [{vendor: Own, model: Old}]
kind: generic
decoder: plain
match: [{topic: "old/{site}/{device}"}]
device_id: "{site}.{device}"
source_name: "{device}"
expect: {every_s: 60, stale_after_s: 300}
examples:
  - description: one value
    topic: old/plant/effluent
    payload: {time: "2026-11-23T10:00:00Z", values: {ph: 7.1}}
    expect: {device: plant.effluent, time: "2026-11-23T10:00:00.000Z", readings: {ph: 7.1}}
"""


def test_a_broker_that_knows_no_v5_is_spoken_to_in_3_1_1(tmp_path: Path) -> None:
    """amqtt, the demo broker: it reads a v5 CONNECT and says nothing that can be understood."""
    port = free_port()
    command = [sys.executable, "-m", "webapp.amqtt_broker", str(port)]
    server = Server(command, port, log=tmp_path / "amqtt.log", ready=lambda: answers(port)).start()
    polled = Polled(url(server), v5=True)
    polled.until(lambda: polled.source.subscribed_at is not None, 40, "the subscription")
    publish(port, [b"1"], "t/x")
    polled.until(lambda: bool(polled.received), what="the message")
    polled.source.close()
    server.stop()
    assert not polled.source.v5


# -- what is acknowledged, and when ------------------------------------------------------------------------------------


@pytest.fixture
def narrow(tmp_path: Path) -> Iterator[World]:
    """A world whose broker has 20 messages in flight: mosquitto's default."""
    folder = tmp_path / "broker"
    folder.mkdir()
    server = mosquitto(folder, "max_inflight_messages 20\n")
    world = World(tmp_path, server)
    world.seed()
    yield world
    server.stop()


def test_more_poison_than_the_broker_has_places_in_flight_holds_nothing_up(narrow: World) -> None:
    """Each message that is never acknowledged takes one of the 20 places away until the next connection."""
    with collecting(narrow.settings, v5=False):
        publish(narrow.broker.port, [b"poison %d" % number for number in range(100)], "fieldproof/plant/x/readings")
        publish(narrow.broker.port, [b'{"method":"NotifyEvent"}'] * 100, "meter/events/rpc")
        publish(narrow.broker.port, [b"", b"[]", b"\xff", b"1"] * 25, "fieldproof//x/readings")
        narrow.publish([{"values": {"ph": 7.0}}])
        wait_for(lambda: narrow.count("reading") == 1, what="the good reading behind 300 that are none")
        assert narrow.query("SELECT count(*) FROM dead_letter WHERE reason='not_json'")[0][0] >= 100


def test_a_backlog_is_stored_in_few_commits(tmp_path: Path, broker: Server) -> None:
    """One durable commit a message would be some thousand messages a second at the best, and a worn-out SD card."""
    world = World(tmp_path, broker)
    world.seed()
    with collecting(world.settings):
        pass
    world.publish([{"values": {"ph": 7.0}}] * 5_000)
    with collecting(world.settings) as service:
        wait_for(lambda: world.count("reading") == 5_000, what="5,000 readings")
        assert service._committer.stats.commits < 100


def test_while_nothing_can_be_stored_the_broker_goes_on_hearing_from_us(
    tmp_path: Path, broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hangs up on whoever is silent for half as long again as was agreed, and sends all of it once more."""
    monkeypatch.setattr(source, "KEEPALIVE_S", 1)
    world = World(tmp_path, broker)
    world.seed()
    with collecting(world.settings) as service:
        service._db.execute("PRAGMA max_page_count=1")
        world.publish([{"values": {"ph": 7.0}}] * 2_000)
        wait_for(lambda: service._committer.stats.commit_failures >= 5, what="five seconds without a commit")
        service._db.execute("PRAGMA max_page_count=1073741823")
        wait_for(lambda: world.count("reading") == 2_000, what="all readings")
        world.publish([{"values": {"ph": 7.0}}])
        wait_for(lambda: world.count("reading") == 2_001, what="one more")
        assert service._committer.stats.redelivered == 0
        assert service._sources[0].generation == 1


def test_what_waits_for_a_commit_is_bounded_in_bytes_and_what_comes_again_is_stored_once(
    tmp_path: Path, broker: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the bound nothing is read, the keep-alive too is not, and the broker hangs up: it may."""
    monkeypatch.setattr(source, "KEEPALIVE_S", 1)
    world = World(tmp_path, broker)
    world.seed()
    padding = "x" * 900_000
    with collecting(world.settings) as service:
        service._db.execute("PRAGMA max_page_count=1")
        world.publish([{"values": {"ph": 7.0}, "number": number, "padding": padding} for number in range(80)])
        wait_for(lambda: service._committer.stats.commit_failures >= 5, what="five seconds without a commit")
        assert 30 < sum(len(message.payload) for message in service._loop._messages) / 1_000_000 < 40
        service._db.execute("PRAGMA max_page_count=1073741823")
        wait_for(lambda: world.count("reading") >= 80, what="all readings")
        world.publish([{"values": {"ph": 7.0}}])
        wait_for(lambda: world.count("reading") > 80, what="one more")
    assert world.count("reading") == 81


# -- connected, and not subscribed -------------------------------------------------------------------------------------


OPERATOR = "operator"
CONTROL = "$CONTROL/dynamic-security/v1"


def rights() -> dict[str, Any]:
    """Nobody may subscribe but to what is `granted`; the operator may change that."""
    salt, iterations = b"twelve bytes", 101
    digest = hashlib.pbkdf2_hmac("sha512", OPERATOR.encode(), salt, iterations)
    person = {"username": OPERATOR, "roles": [{"rolename": OPERATOR}], "iterations": iterations}
    secrets = {"salt": b64encode(salt).decode(), "password": b64encode(digest).decode()}
    return {
        "defaultACLAccess": {
            "publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True,
        },
        "clients": [person | secrets],
        "groups": [{"groupname": "anyone", "roles": [{"rolename": "anyone"}]}],
        "anonymousGroup": "anyone",
        "roles": [role(OPERATOR, "publishClientSend", CONTROL), role("anyone", "subscribePattern", "granted/#")],
    }  # fmt: skip


def role(name: str, kind: str, topic: str) -> dict[str, Any]:
    return {"rolename": name, "acls": [{"acltype": kind, "topic": topic, "priority": 0, "allow": True}]}


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[Server]:
    """A mosquitto that answers subscriptions with a refusal, until it is told otherwise (`allow`)."""
    plugin = next(Path("/usr/lib").glob("*/mosquitto_dynamic_security.so"), None)
    need("mosquitto", plugin is not None and find("mosquitto") is not None)
    folder = tmp_path / "strict"
    folder.mkdir()
    (folder / "rights.json").write_text(json.dumps(rights()))
    server = mosquitto(folder, f"plugin {plugin}\nplugin_opt_config_file {folder}/rights.json\n")
    yield server
    server.stop()


def allow(server: Server) -> None:
    """As an operator would who has looked into the collector's log."""
    command = {"command": "setDefaultACLAccess", "acls": [{"acltype": "subscribe", "allow": True}]}
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=OPERATOR)
    client.username_pw_set(OPERATOR, OPERATOR)
    client.connect("127.0.0.1", server.port)
    client.loop_start()
    wait_for(client.is_connected, what="the operator's connection")
    client.publish(CONTROL, json.dumps({"commands": [command]}), qos=1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


@VERSIONS
@KINDS
def test_refused_subscriptions_are_no_connection_and_are_asked_for_until_they_are_granted(
    strict: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, kind: type[paho.Client], v5: bool
) -> None:
    monkeypatch.setattr(source, "_SUBSCRIBE_AGAIN_S", 0.2)
    polled = Polled(url(strict), v5=v5, kind=kind)
    polled.until(lambda: "refused subscriptions" in caplog.text, what="the refusal")
    until = time.monotonic() + 0.7
    polled.until(lambda: time.monotonic() > until, what="a few more refusals")
    assert polled.source.connected
    assert polled.source.subscribed_at is None
    assert polled.source.events == []
    assert caplog.text.count("refused subscriptions") == 1
    allow(strict)
    polled.connect()
    publish(strict.port, [b"1"], "t/x")
    polled.until(lambda: bool(polled.received), what="the message")
    polled.source.close()
    assert polled.received[0].generation == 1


@VERSIONS
def test_of_several_topics_those_that_are_granted_are_collected_while_the_others_are_asked_for(
    strict: Server, monkeypatch: pytest.MonkeyPatch, v5: bool
) -> None:
    monkeypatch.setattr(source, "_SUBSCRIBE_AGAIN_S", 0.2)
    publish(strict.port, [b"kept by the broker"], "granted/x", retain=True)
    polled = Polled(url(strict), "granted/# t/#", v5=v5)
    polled.until(lambda: bool(polled.received), what="the retained message")
    publish(strict.port, [b"new"], "granted/x")
    polled.until(lambda: len(polled.received) == 2, what="a message of a topic that was granted")
    assert polled.source.subscribed_at is None
    allow(strict)
    polled.connect()
    publish(strict.port, [b"new"], "t/x")
    polled.until(lambda: polled.received[-1].topic == "t/x", what="one of the other topic")
    polled.source.close()
    # What was granted is not asked for again: in 3.1.1 all that is retained would come each time.
    assert [message.retained for message in polled.received] == [True, False, False]


def unready(web: Server) -> list[str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{web.port}/readyz?exclude=disk", timeout=10) as answer:
            checks = json.load(answer)["checks"]
    except urllib.error.HTTPError as error:
        checks = json.load(error)["checks"]
    return [name for name, check in checks.items() if not check["ok"]]


def test_a_collector_that_is_connected_and_not_subscribed_is_not_ready(tmp_path: Path, strict: Server) -> None:
    world = World(tmp_path, strict)
    world.seed()
    collector, web = world.collector(ready_when="refused subscriptions"), world.web()
    wait_for(lambda: unready(web) == ["brokers"], what="not ready for lack of a subscription")
    web.stop()
    collector.stop()
