"""deploy/mosquitto/mosquitto.conf keeps what it promises, shown with a real broker."""

from __future__ import annotations

import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, ConnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from deploy import check
from tests import servers
from tests.conftest import need

pytestmark = pytest.mark.services

PASSWORD = "between test and broker"
FILTER = "fieldproof/+/+/readings"
TOPIC = "fieldproof/dairy/effluent/readings"
WAIT_S = 60


class Broker:
    """A throw-away broker that runs our own configuration."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = check.free_port()
        self._config = check.broker_config(folder, self.port)
        for user in ("collector", "dairy", "meter"):
            check.add_user(folder, user, PASSWORD)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = check.start_broker(self._config, self.port)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=WAIT_S)
            self.process = None

    def save(self) -> None:
        """What autosave_interval does: SIGUSR1 writes everything to disk now."""
        store = self.folder / "mosquitto.db"
        before = store.stat().st_mtime_ns if store.exists() else 0
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: store.exists() and store.stat().st_mtime_ns > before)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    need("mosquitto", servers.find("mosquitto") is not None)
    broker = Broker(tmp_path)
    broker.start()
    yield broker
    broker.stop(signal.SIGKILL)


class Session:
    """A client with a kept session, as the collector has one."""

    def __init__(self, broker: Broker, version: MQTTProtocolVersion) -> None:
        kept: dict[str, Any] = {} if version is MQTTProtocolVersion.MQTTv5 else {"clean_session": False}
        self._client = Client(CallbackAPIVersion.VERSION2, client_id="collector-1", protocol=version, **kept)
        self._client.username_pw_set("collector", PASSWORD)
        self._client.on_connect = self._connected
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._message
        self._version = version
        self._broker = broker
        self._subscribed = threading.Event()
        self._more = threading.Condition()
        self.session_present = False
        self.numbers: set[int] = set()

    def __enter__(self) -> Session:
        properties: dict[str, Any] = {}
        if self._version is MQTTProtocolVersion.MQTTv5:
            options = Properties(1)  # CONNECT
            options.SessionExpiryInterval = 7 * 86_400
            properties = {"clean_start": False, "properties": options}
        self._client.connect("127.0.0.1", self._broker.port, **properties)
        self._client.loop_start()
        assert self._subscribed.wait(WAIT_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _connected(self, client: Client, _user: object, flags: ConnectFlags, *_: object) -> None:
        self.session_present = flags.session_present
        client.subscribe(FILTER, 1)

    def _message(self, _client: Client, _user: object, message: MQTTMessage) -> None:
        with self._more:
            self.numbers.add(int(message.payload[:10]))
            self._more.notify()

    def wait_for(self, count: int) -> None:
        with self._more:
            self._more.wait_for(lambda: len(self.numbers) >= count, WAIT_S)


def publish(broker: Broker, numbers: range, qos: int = 1) -> None:
    """Returns when the broker has accepted every message."""
    client = Client(CallbackAPIVersion.VERSION2, client_id="gateway")
    client.username_pw_set("dairy", PASSWORD)
    client.max_inflight_messages_set(500)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    for number in numbers:
        # 300 bytes of topic and payload: the size that the configuration counts with.
        info = client.publish(TOPIC, f"{number:<266}".encode(), qos)
        # Packet ids end at 65535 and the client's own queue there too.
        if number % 5_000 == 4_999:
            info.wait_for_publish(WAIT_S)
    if qos == 0:
        # Nobody confirms these. A last one at QoS 1 on the same connection: when that is accepted, all were read.
        info = client.publish(TOPIC, f"{numbers.stop:<266}".encode(), 1)
    info.wait_for_publish(WAIT_S)
    assert info.is_published()
    client.disconnect()
    client.loop_stop()


@pytest.mark.parametrize("version", [MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311])
def test_20000_messages_wait_for_a_collector_that_is_away(own_broker: Broker, version: MQTTProtocolVersion) -> None:
    with Session(own_broker, version):
        pass
    publish(own_broker, range(20_000))
    with Session(own_broker, version) as back:
        back.wait_for(20_000)
    assert back.session_present
    assert back.numbers == set(range(20_000))


@pytest.mark.parametrize("version", [MQTTProtocolVersion.MQTTv5, MQTTProtocolVersion.MQTTv311])
def test_they_also_wait_across_a_restart_of_the_broker(own_broker: Broker, version: MQTTProtocolVersion) -> None:
    with Session(own_broker, version):
        pass
    publish(own_broker, range(10_000))
    own_broker.stop()
    own_broker.start()
    publish(own_broker, range(10_000, 20_000))
    own_broker.stop()
    own_broker.start()
    with Session(own_broker, version) as back:
        back.wait_for(20_000)
    assert back.session_present
    assert back.numbers == set(range(20_000))


def test_many_messages_share_a_packet() -> None:
    """`set_tcp_nodelay true` would make each of them a packet, and nearly halve what the broker can send."""
    text = (Path(check.__file__).parent / "mosquitto" / "mosquitto.conf").read_text()
    assert not re.search(r"^\s*set_tcp_nodelay\s+true", text, re.MULTILINE)


def test_messages_at_qos_0_wait_too(own_broker: Broker) -> None:
    with Session(own_broker, MQTTProtocolVersion.MQTTv5):
        pass
    publish(own_broker, range(500), qos=0)
    with Session(own_broker, MQTTProtocolVersion.MQTTv5) as back:
        back.wait_for(501)
    assert back.numbers == set(range(501))


def test_a_broker_that_is_killed_keeps_what_it_had_saved(own_broker: Broker) -> None:
    with Session(own_broker, MQTTProtocolVersion.MQTTv5):
        pass
    publish(own_broker, range(1_000))
    own_broker.save()
    publish(own_broker, range(1_000, 1_500))
    own_broker.stop(signal.SIGKILL)
    own_broker.start()
    with Session(own_broker, MQTTProtocolVersion.MQTTv5) as back:
        back.wait_for(1_000)
    assert back.session_present
    # As the configuration says: what came after the last save is gone, what came before it is all there.
    assert back.numbers == set(range(1_000))


def connect_code(broker: Broker, user: str | None, password: str) -> str:
    answered = threading.Event()
    codes: list[ReasonCode] = []

    def connected(_client: Client, _user: object, _flags: object, code: ReasonCode, _properties: object) -> None:
        codes.append(code)
        answered.set()

    client = Client(CallbackAPIVersion.VERSION2, client_id="x")
    if user is not None:
        client.username_pw_set(user, password)
    client.on_connect = connected
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert answered.wait(WAIT_S)
    client.disconnect()
    client.loop_stop()
    return str(codes[0])


@pytest.mark.parametrize(
    ("user", "password", "code"),
    [
        (None, "", "Not authorized"),
        ("collector", "wrong", "Not authorized"),
        ("collector", PASSWORD, "Success"),
    ],
)
def test_nobody_connects_without_a_password(own_broker: Broker, user: str | None, password: str, code: str) -> None:
    assert connect_code(own_broker, user, password) == code


def test_a_user_publishes_for_its_own_site_and_its_own_device_only(own_broker: Broker) -> None:
    allowed = {
        ("dairy", "gateway", "fieldproof/dairy/effluent/readings"),
        ("meter", "shellypro3em-1", "shellypro3em-1/events/rpc"),
    }
    forbidden = {
        ("dairy", "gateway", "fieldproof/bakery/effluent/readings"),
        ("meter", "shellypro3em-1", "shellypro3em-2/events/rpc"),
        ("collector", "collector-2", "fieldproof/dairy/effluent/readings"),
    }
    accepted = {entry for entry in allowed | forbidden if publish_accepted(own_broker, *entry)}
    assert accepted == allowed


def publish_accepted(broker: Broker, user: str, client_id: str, topic: str) -> bool:
    """MQTT 5 tells a publisher whether it was allowed to."""
    answered = threading.Event()
    codes: list[ReasonCode] = []

    def published(_client: Client, _user: object, _mid: int, code: ReasonCode, _properties: object) -> None:
        codes.append(code)
        answered.set()

    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5)
    client.username_pw_set(user, PASSWORD)
    client.on_publish = published
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    client.publish(topic, b"{}", 1)
    assert answered.wait(WAIT_S)
    client.disconnect()
    client.loop_stop()
    return not codes[0].is_failure
