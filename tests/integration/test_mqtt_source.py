"""The receive path against a real mosquitto: nothing lost, doubled or changed, whatever the line and the broker do."""

from __future__ import annotations

import gc
import logging
import random
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from collector.ingest.mqtt import bulk
from collector.ingest.mqtt.bulk import BulkClient, client_class
from collector.ingest.mqtt.source import RECEIVE_MAXIMUM
from collector.service import CollectorService
from collector.settings import Settings
from tests.faultproxy import FaultProxy
from tests.integration.mqtt_world import Polled, make_certificates
from tests.load.frames import encode
from tests.load.payloads import numbered_without_time
from tests.load.publisher import publish_frames
from tests.processes import peak_memory
from tests.servers import Server, free_port, mosquitto, wait_for
from tests.world import World, publish

pytestmark = pytest.mark.services
KINDS = [BulkClient, paho.Client]
VERSIONS = [True, False]


def payloads(count: int) -> list[bytes]:
    """Of all sizes, so that frames have lengths of one, two and three bytes and end anywhere in a read."""
    chance = random.Random(4)
    return [chance.randbytes(chance.choice([0, 1, 20, 118, 119, 120, 300, 5_000, 40_000])) for _ in range(count)]


@pytest.mark.parametrize("v5", VERSIONS, ids=["v5", "v3.1.1"])
@pytest.mark.parametrize("kind", KINDS, ids=["bulk", "stock"])
def test_messages_arrive_once_in_order_and_unchanged_over_a_line_that_cuts_frames_anywhere(
    broker: Server, kind: type[paho.Client], v5: bool
) -> None:
    sent = payloads(400)
    with FaultProxy(broker.port, http=False) as proxy:
        polled = Polled(f"mqtt://127.0.0.1:{proxy.port}", v5=v5, kind=kind)
        polled.connect()
        proxy.throttle(down=2_000_000)
        publisher = threading.Thread(target=publish, args=(broker.port, sent, "t/x"))
        publisher.start()
        polled.until(lambda: len(polled.received) >= len(sent), 60, "all messages")
        publisher.join()
        polled.source.close()
    assert [message.payload for message in polled.received] == sent
    assert {(message.topic, message.qos, message.duplicate) for message in polled.received} == {("t/x", 1, False)}


@pytest.mark.parametrize("kind", KINDS, ids=["bulk", "stock"])
def test_after_a_cut_what_was_not_acknowledged_comes_again_marked_and_what_was_does_not(
    broker: Server, kind: type[paho.Client]
) -> None:
    with FaultProxy(broker.port, http=False) as proxy:
        polled = Polled(f"mqtt://127.0.0.1:{proxy.port}", kind=kind)
        polled.connect()
        publish(broker.port, [b"1", b"2"], "t/x")
        polled.until(lambda: len(polled.received) == 2, what="two acknowledged messages")
        polled.acknowledging = False
        publish(broker.port, [b"3", b"4"], "t/x")
        polled.until(lambda: len(polled.received) == 4, what="two that are not")
        # The acknowledgements of the first two must have passed the proxy before it cuts.
        publish(broker.port, [b"5"], "t/x")
        polled.until(lambda: len(polled.received) == 5, what="the fifth")
        proxy.cut()
        polled.until(lambda: len(polled.received) == 8, what="the redelivery")
        polled.source.close()
    assert [(m.payload, m.duplicate, m.generation) for m in polled.received[5:]] == [
        (b"3", True, 2),
        (b"4", True, 2),
        (b"5", True, 2),
    ]


def test_acknowledgements_of_an_older_connection_are_never_sent_on_a_new_one(broker: Server) -> None:
    """Packet ids are used again: an old acknowledgement could take another message away."""
    with FaultProxy(broker.port, http=False) as proxy:
        polled = Polled(f"mqtt://127.0.0.1:{proxy.port}")
        polled.connect()
        polled.acknowledging = False
        publish(broker.port, [b"1"], "t/x")
        polled.until(lambda: len(polled.received) == 1, what="the message")
        proxy.cut()
        polled.until(lambda: len(polled.received) == 2, what="its redelivery")
        polled.source.acknowledge(polled.received[:1])
        # An acknowledgement would have passed the proxy by the time that this has come.
        publish(broker.port, [b"2"], "t/x")
        polled.until(lambda: len(polled.received) == 3, what="the second message")
        proxy.cut()
        polled.until(lambda: len(polled.received) == 5, what="both again, for nothing was acknowledged")
        polled.source.close()


def test_a_v5_broker_sends_no_more_than_we_let_it_and_goes_on_when_acknowledged(broker: Server) -> None:
    polled = Polled(f"mqtt://127.0.0.1:{broker.port}")
    polled.connect()
    polled.acknowledging = False
    publish(broker.port, [b"%d" % number for number in range(RECEIVE_MAXIMUM + 500)], "t/x")
    polled.until(lambda: len(polled.received) == RECEIVE_MAXIMUM, what="as many as we let it send")
    for _ in range(10):
        polled.step()
    assert len(polled.received) == RECEIVE_MAXIMUM
    polled.acknowledging = True
    polled.source.acknowledge(polled.received)
    polled.until(lambda: len(polled.received) == RECEIVE_MAXIMUM + 500, what="the rest")
    polled.source.close()


def test_a_3_1_1_broker_with_20_in_flight_neither_stalls_nor_crawls(tmp_path: Path) -> None:
    """Mosquitto's default. A rule "every 500" would wait for ever, one "every 50 ms" would take 400 a second."""
    folder = tmp_path / "broker"
    folder.mkdir()
    server = mosquitto(folder, "max_inflight_messages 20\n")
    world = World(tmp_path, server)
    world.seed()
    service = CollectorService(world.settings, lambda: None, durable_broker=False)
    stop = threading.Event()
    running = threading.Thread(target=service.run, args=(stop,))
    running.start()
    wait_for(lambda: service._sources[0].subscribed_at is not None, what="the subscription")
    began = time.monotonic()
    world.publish([{"values": {"ph": 7.0}}] * 2_000)
    wait_for(lambda: world.count("reading") == 2_000, 30, "2,000 readings")
    seconds = time.monotonic() - began
    stop.set()
    running.join(30)
    server.stop()
    # By age alone it would be 5 s; the bound is loose because this machine does other things too.
    assert seconds < 4.5


@pytest.mark.slow
def test_with_3_1_1_a_delay_runs_out_although_another_device_never_pauses(tmp_path: Path, broker: Server) -> None:
    """There is always something to read then; but not more than the broker has let out before."""
    world = World(tmp_path, broker)
    world.seed(on_delay_s=1)
    service = CollectorService(world.settings, lambda: None, durable_broker=False)
    stop = threading.Event()
    running = threading.Thread(target=service.run, args=(stop,))
    running.start()
    wait_for(lambda: world.count("config_snapshot") == 1, what="the configuration")
    world.publish([{"values": {"ph": 9.4}}])
    steady = list(numbered_without_time(100 * 30, devices=1))
    publisher = threading.Thread(target=publish_frames, args=(broker.port, encode(steady)), kwargs={"rate": 100})
    publisher.start()
    wait_for(lambda: world.count("alarm") == 1, 20, "the alarm")
    stored = world.count("reading")
    stop.set()
    running.join(30)
    publisher.join(60)
    # It was raised while the other device spoke, not in a pause after it.
    assert stored < len(steady)


def test_a_message_of_any_size_becomes_one_dead_letter_and_memory_stays_bounded(tmp_path: Path, broker: Server) -> None:
    world = World(tmp_path, broker)
    world.seed()
    collector = world.collector()
    assert collector.process is not None
    before = peak_memory(collector.process.pid)
    world.publish([bytes(100_000_000), {"values": {"ph": 7.0}}])
    wait_for(lambda: world.count("reading") == 1, 60, "the message after it")
    ((reason, size),) = world.query("SELECT reason, length(payload) FROM dead_letter")
    grown = peak_memory(collector.process.pid) - before
    collector.stop()
    assert (reason, size) == ("too_large", 1_000_000)
    assert grown < 50_000_000


def test_with_a_paho_that_was_not_tested_the_stock_path_is_used_and_said(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert client_class() is BulkClient
    monkeypatch.setattr(bulk, "TESTED_VERSIONS", frozenset({"1.0"}))
    with caplog.at_level(logging.WARNING):
        assert client_class() is paho.Client
    assert "receiving slowly: paho-mqtt" in caplog.text


@pytest.mark.parametrize("v5", VERSIONS, ids=["v5", "v3.1.1"])
def test_tls_with_a_client_certificate_reads_many_messages_at_a_time(tmp_path: Path, v5: bool) -> None:
    """A broker makes a TLS record of each message; one record a read would be some hundred messages a second."""
    folder = tmp_path / "broker"
    folder.mkdir()
    make_certificates(folder)
    plain = free_port()
    server = mosquitto(
        folder,
        f"cafile {folder}/ca.pem\ncertfile {folder}/server.pem\nkeyfile {folder}/server.key\n"
        f"require_certificate true\nlistener {plain} 127.0.0.1\n",
    )
    settings = Settings(mqtt_ca=folder / "ca.pem", mqtt_cert=folder / "client.pem", mqtt_key=folder / "client.key")
    polled = Polled(f"mqtts://127.0.0.1:{server.port}", settings=settings, v5=v5)
    polled.connect()
    polled.source.close()
    sent = payloads(1_000)
    publish(plain, sent, "t/x")
    again = Polled(f"mqtts://127.0.0.1:{server.port}", settings=settings, v5=v5)
    again.until(lambda: len(again.received) == len(sent), what="all messages")
    again.source.close()
    server.stop()
    assert [message.payload for message in again.received] == sent
    assert again.reads < len(sent) / 2


# paho leaves the socket of a failed handshake to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_broker_with_an_unknown_certificate_is_not_spoken_to(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    make_certificates(folder)
    server = mosquitto(folder, f"certfile {folder}/server.pem\nkeyfile {folder}/server.key\n")
    polled = Polled(f"mqtts://127.0.0.1:{server.port}")
    polled.until(lambda: "CERTIFICATE_VERIFY_FAILED" in caplog.text, what="the refusal")
    assert not polled.source.connected
    server.stop()
    gc.collect()


def test_two_brokers_are_collected_as_one_and_one_that_dies_does_not_hold_the_other(tmp_path: Path) -> None:
    """Both count their packet ids from one: equal ids and payloads of two brokers are two messages."""
    servers = []
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        servers.append(mosquitto(tmp_path / name))
    first, second = servers
    url = f"mqtt://127.0.0.1:{first.port}?site=plant,mqtt://127.0.0.1:{second.port}?site=annexe"
    world = World(tmp_path, first, {"FIELDPROOF_MQTT_URL": url})
    world.seed()
    collector = world.collector()
    log = tmp_path / "collector.log"
    wait_for(lambda: log.read_text().count(" connected to the broker") == 2, what="both")
    for server in servers:
        publish(server.port, [{"values": {"ph": 7.0}}] * 50)
    wait_for(lambda: world.count("reading") == 100, what="100 readings")
    first.kill()
    publish(second.port, [{"values": {"ph": 7.0}}] * 50)
    wait_for(lambda: world.count("reading") == 150, what="those of the broker that lives")
    first.start()
    wait_for(lambda: log.read_text().count(" connected to the broker") == 3, 60, "the first one again")
    publish(first.port, [{"values": {"ph": 7.0}}] * 50)
    wait_for(lambda: world.count("reading") == 200, 60, "those of the broker that came back")
    collector.stop()
    second.stop()
    first.stop()
