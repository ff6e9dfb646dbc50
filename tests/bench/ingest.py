"""Durable ingest against a stock paho subscriber that only counts: same broker, QoS 1, same payload, in turns."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.report import Row, row
from tests.servers import Server, mosquitto, wait_for
from tests.world import World

MESSAGES = 20_000
RUNS = 5
TOPIC = "fieldproof/plant/meter/readings"
PAYLOAD = b'{"values": {"active_power": 12.5, "energy_import": 1045.2, "voltage_l1": 231.4, "current_l1": 18.2}}'


def measure() -> list[Row]:
    durable, counting = [], []
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as folder:
            broker = mosquitto(Path(folder))
            try:
                counting.append(_counting(broker))
                durable.append(_durable(Path(folder), broker))
            finally:
                broker.stop()
    return [
        row("stock paho subscriber, only counting", counting, "msg/s"),
        row("durable ingest, 4 values a message", durable, "msg/s", counting, "counting subscriber"),
    ]


def _fill(broker: Server) -> None:
    """All messages wait in the broker before the subscriber comes: the publisher is not measured."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"fill-{os.urandom(4).hex()}")
    client.max_inflight_messages_set(1000)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for info in [client.publish(TOPIC, PAYLOAD, qos=1) for _ in range(MESSAGES)]:
        info.wait_for_publish(60)
    client.disconnect()
    client.loop_stop()


def _counting(broker: Server) -> float:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="counting", clean_session=False)
    client.connect("127.0.0.1", broker.port)
    client.on_connect = lambda c, *_: c.subscribe(TOPIC, 1)
    subscribed: list[int] = []
    client.on_subscribe = lambda *_: subscribed.append(1)
    while not subscribed:
        client.loop(0.05)
    client.disconnect()
    client.loop(0.05)
    _fill(broker)
    count = 0

    def on_message(*_: object) -> None:
        nonlocal count
        count += 1

    client.on_message = on_message
    started = time.perf_counter()
    client.reconnect()
    while count < MESSAGES:
        client.loop(0.05)
    rate = MESSAGES / (time.perf_counter() - started)
    client.unsubscribe(TOPIC)
    client.disconnect()
    client.loop(0.05)
    return rate


def _durable(folder: Path, broker: Server) -> float:
    world = World(folder, broker)
    world.seed()
    world.collector().stop()
    _fill(broker)
    collector = world.collector()
    started = time.perf_counter()
    try:
        wait_for(lambda: world.count("reading") >= MESSAGES * 4, 120, "all readings")
        return MESSAGES / (time.perf_counter() - started)
    finally:
        collector.stop()
