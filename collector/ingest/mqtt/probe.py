"""A client that tries a broker out. It has an id and topics of its own: the collector's session is never touched."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from collector.ingest.mqtt.client import KEEPALIVE_S, Broker, new_client
from collector.settings import Settings

ANSWER_S = 5.0
# The reason code of a CONNACK that refuses the protocol version.
UNSUPPORTED_VERSION = 132
_AT_ONCE = 5_000
_TAKEN_S = 20.0


@dataclass(frozen=True, slots=True)
class Answer:
    """A broker's CONNACK. `properties` are those that MQTT v5 brokers tell, by paho's names."""

    accepted: bool
    reason: str
    code: int
    session_present: bool
    properties: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Arrived:
    topic: str
    payload: bytes
    qos: int
    retained: bool


def new_id() -> str:
    """A client id that nobody has."""
    return f"fieldproof-doctor-{secrets.token_hex(4)}"


@dataclass(slots=True)
class Probe:
    """One connection. Every wait is bounded; `TimeoutError` says that the broker did not answer in time."""

    broker: Broker
    settings: Settings
    v5: bool = True
    client_id: str = field(default_factory=new_id)
    # With a session that lives on for `expiry_s` after the connection; 3.1.1 knows no end of a kept session.
    clean: bool = True
    expiry_s: int = 0
    receive_maximum: int | None = None
    acknowledge: bool = True
    # What may wait to be taken; what comes beyond that is let go. None: everything is kept.
    most_waiting: int | None = None
    arrived: list[Arrived] = field(default_factory=list)
    # The network connection was made, whatever was said on it.
    reached: bool = False
    _client: paho.Client = field(init=False)
    _news: threading.Condition = field(default_factory=threading.Condition)
    _answers: list[Answer] = field(default_factory=list)
    _granted: list[ReasonCode] | None = None
    _sent: int = 0
    _accepted: int = 0
    _refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        protocol = MQTTProtocolVersion.MQTTv5 if self.v5 else MQTTProtocolVersion.MQTTv311
        options: dict[str, Any] = {} if self.v5 else {"clean_session": self.clean}
        client = new_client(
            self.broker,
            self.client_id,
            protocol,
            self.settings,
            manual_ack=not self.acknowledge,
            reconnect_on_failure=False,
            **options,
        )
        client.connect_timeout = ANSWER_S
        client.max_inflight_messages_set(500)
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_publish = self._on_publish
        self._client = client

    def __enter__(self) -> Probe:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def connect(self) -> Answer:
        """Raises OSError when the broker cannot be reached, TimeoutError when it does not answer."""
        properties: dict[str, Any] = {}
        if self.v5:
            asked = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            asked.SessionExpiryInterval = self.expiry_s
            if self.receive_maximum is not None:
                asked.ReceiveMaximum = self.receive_maximum
            properties = {"clean_start": self.clean, "properties": asked}
        self._client.connect(self.broker.host, self.broker.port, KEEPALIVE_S, **properties)
        self.reached = True
        self._client.loop_start()
        self._wait(lambda: bool(self._answers), "the broker did not answer the connection")
        return self._answers[0]

    def subscribe(self, topics: Sequence[str]) -> list[str]:
        """At QoS 1, without what is retained; returns the topics that were refused."""
        self._granted = None
        if self.v5:
            new_only = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
            self._client.subscribe([(topic, new_only) for topic in topics])
        else:
            self._client.subscribe([(topic, 1) for topic in topics])
        return self._refused_of(topics)

    def subscribe_with_retained(self, topic: str) -> list[str]:
        self._granted = None
        self._client.subscribe(topic, 1)
        return self._refused_of([topic])

    def _refused_of(self, topics: Sequence[str]) -> list[str]:
        self._wait(lambda: self._granted is not None, "the broker did not answer the subscription")
        return [topic for topic, code in zip(topics, self._granted or (), strict=False) if code.is_failure]

    def publish(self, topic: str, payloads: Iterable[bytes]) -> str | None:
        """At QoS 1; returns when all were answered: why some were refused, or None. Raises TimeoutError."""
        self._accepted, self._refused = 0, []
        for sent, payload in enumerate(payloads):
            if sent % _AT_ONCE == 0:
                self._wait_for_answers(sent)
            self._client.publish(topic, payload, 1)
            self._sent = sent + 1
        self._wait_for_answers(self._sent)
        return self._refused[0] if self._refused else None

    def _wait_for_answers(self, sent: int) -> None:
        """Packet ids end at 65,535: so many may not be under way at once."""
        self._wait(
            lambda: self._accepted + len(self._refused) >= sent, "the broker did not take all messages", _TAKEN_S
        )

    def settle(self, *, most: int, quiet_s: float, seconds: float) -> list[Arrived]:
        """What has come once there are `most`, or nothing came for `quiet_s`, or `seconds` are over."""
        deadline = time.monotonic() + seconds
        with self._news:
            while len(self.arrived) < most and (left := deadline - time.monotonic()) > 0:
                before = len(self.arrived)
                self._news.wait(min(quiet_s, left))
                if len(self.arrived) == before:
                    break
            return list(self.arrived)

    def take(self, seconds: float) -> list[Arrived]:
        """What has come since the last time, as soon as there is something, or nothing when the time is over."""
        with self._news:
            self._news.wait_for(lambda: bool(self.arrived) or not self.connected, seconds)
            taken = list(self.arrived)
            self.arrived.clear()
            return taken

    @property
    def connected(self) -> bool:
        return self._client.is_connected()

    def close(self) -> None:
        if self._client.is_connected():
            self._client.disconnect()
        self._client.loop_stop()

    def _wait(self, condition: Callable[[], bool], what: str, seconds: float | None = None) -> None:
        seconds = ANSWER_S if seconds is None else seconds
        with self._news:
            if not self._news.wait_for(condition, seconds):
                raise TimeoutError(f"{what} within {seconds:.0f} s")

    # -- paho's thread -----------------------------------------------------------------------------------------------

    def _on_connect(
        self, _: Any, __: Any, flags: paho.ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        told = vars(properties) if properties is not None else {}
        names = {name: value for name, value in told.items() if name[0].isupper()}
        with self._news:
            self._answers.append(
                Answer(not reason.is_failure, str(reason), int(reason.value), bool(flags.session_present), names)
            )
            self._news.notify_all()

    def _on_subscribe(self, _: Any, __: Any, ___: Any, reasons: list[ReasonCode], ____: Any) -> None:
        with self._news:
            self._granted = list(reasons)
            self._news.notify_all()

    def _on_message(self, _: Any, __: Any, message: paho.MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        with self._news:
            if self.most_waiting is not None and len(self.arrived) >= self.most_waiting:
                return
            self.arrived.append(Arrived(topic, bytes(message.payload), message.qos, bool(message.retain)))
            self._news.notify_all()

    def _on_publish(self, _: Any, __: Any, ___: Any, reason: ReasonCode, ____: Any) -> None:
        with self._news:
            if reason.is_failure:
                self._refused.append(str(reason))
            else:
                self._accepted += 1
            self._news.notify_all()
