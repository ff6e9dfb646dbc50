"""The simulator over real MQTT: what it publishes arrives, also when the broker comes late or goes away."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import orjson
import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from collector.demo.records import DemoSite
from collector.demo.simulator import Pace, run
from collector.demo.site import load_demo_site
from collector.profiles.files import device_configs
from collector.profiles.vocabulary import Vocabulary, load_vocabulary
from tests.servers import Server, wait_for

pytestmark = pytest.mark.services

WAIT_S = 60
BOILER = "fieldproof/dairy/boiler/readings"


@cache
def configs() -> tuple[DemoSite, Vocabulary]:
    vocabulary = load_vocabulary(device_configs())
    return load_demo_site(None, vocabulary), vocabulary


class Listener:
    """Collects the times of the boiler house's readings, and the topics of all messages."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._more = threading.Condition()
        self.times: list[int] = []
        self.topics: set[str] = set()

    @contextmanager
    def connected(self) -> Iterator[Listener]:
        client = Client(CallbackAPIVersion.VERSION2, client_id="listener", clean_session=False)
        subscribed = threading.Event()
        client.on_connect = lambda *_: client.subscribe("#", 1)
        client.on_subscribe = lambda *_: subscribed.set()
        client.on_message = self._message
        client.connect("127.0.0.1", self._port)
        client.loop_start()
        assert subscribed.wait(WAIT_S)
        yield self
        client.disconnect()
        client.loop_stop()

    def _message(self, _client: Client, _user: object, message: MQTTMessage) -> None:
        with self._more:
            self.topics.add(message.topic)
            if message.topic == BOILER:
                self.times.append(orjson.loads(message.payload)["time"])
            self._more.notify()

    def wait_for(self, rounds: int) -> None:
        with self._more:
            assert self._more.wait_for(lambda: len(self.times) >= rounds, WAIT_S)


@contextmanager
def simulating(port: int, pace: Pace) -> Iterator[None]:
    site, vocabulary = configs()
    stop = threading.Event()
    thread = threading.Thread(target=run, args=(site, vocabulary, f"mqtt://127.0.0.1:{port}", stop, pace))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(WAIT_S)
        assert not thread.is_alive()


def test_every_device_of_the_site_is_heard_over_mqtt(broker: Server) -> None:
    with Listener(broker.port).connected() as listener, simulating(broker.port, Pace(interval_s=0.2)):
        listener.wait_for(3)
    assert listener.topics >= {
        "shellypro3em-a8032ab12c34/events/rpc",
        "fieldproof/dairy/chiller/readings",
        BOILER,
        "fieldproof/dairy/blowers/readings",
    }


def test_catching_up_reaches_the_present_without_a_gap(broker: Server) -> None:
    pace = Pace(interval_s=60, since_s=1_800, speed=3_600)
    with Listener(broker.port).connected() as listener, simulating(broker.port, pace):
        listener.wait_for(30)
    assert listener.times == list(range(listener.times[0], listener.times[0] + 60_000 * len(listener.times), 60_000))


def test_rounds_missed_while_the_broker_was_away_are_sent_when_it_is_back(
    broker: Server, caplog: pytest.LogCaptureFixture
) -> None:
    listener = Listener(broker.port)
    with simulating(broker.port, Pace(interval_s=0.5)):
        with listener.connected():
            listener.wait_for(3)
        broker.stop()
        wait_for(lambda: "broker does not take messages" in caplog.text, WAIT_S, "a failed attempt to publish")
        broker.start()
        with listener.connected():
            listener.wait_for(len(listener.times) + 4)
    times = sorted(set(listener.times))
    assert times == list(range(times[0], times[-1] + 500, 500))


def test_a_simulator_that_starts_before_the_broker_waits_for_it(broker: Server) -> None:
    broker.stop()
    with simulating(broker.port, Pace(interval_s=0.2)):
        broker.start()
        with Listener(broker.port).connected() as listener:
            listener.wait_for(2)
