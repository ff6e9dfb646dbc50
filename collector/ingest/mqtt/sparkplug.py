"""The connection of a Sparkplug B host: clean session, a STATE of its own as birth and will (specification 3.0, 5.7).

What edge nodes say goes through the host (`collector.ingest.sparkplug`), and leaves it as messages that can be read by
themselves. An acknowledgement would protect nothing, for the session ends with the connection: it is sent at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson

from collector.clock import Clock
from collector.ingest.message import Message
from collector.ingest.mqtt.bulk import client_class
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.frames import LARGEST_PAYLOAD
from collector.ingest.mqtt.source import MqttSource
from collector.ingest.sparkplug.host import Host
from collector.ingest.sparkplug.node import Told
from collector.ingest.sparkplug.topics import EVERYTHING, state_topic
from collector.profiles.sparkplug.document import as_json
from collector.profiles.sparkplug.payload import rebirth_command
from collector.settings import Settings

log = logging.getLogger(__name__)

# What the connection is called beside the ordinary one.
SPARKPLUG = "sparkplug"
# So often we say again that we are online, where somebody says under our id that we are not.
_CONTRADICT_S = 5.0
# How long the goodbye may take.
_GOODBYE_S = 2.0


class SparkplugSource(MqttSource):
    """`mine`: of several collectors, what this one owns. `speaks`: whether it says when the host is online."""

    keeps_session = False

    def __init__(
        self,
        settings: Settings,
        broker: Broker,
        client_id: str,
        host_id: str,
        clock: Clock,
        *,
        mine: Callable[[list[Message]], list[Message]],
        speaks: bool = True,
        **options: Any,
    ) -> None:
        self._host = Host()
        self._mine = mine
        self._speaks = speaks
        self._state = state_topic(host_id)
        self._born_at = 0
        self._announced = 0.0
        self._seen = 0
        self._holds_off = False
        super().__init__(settings, broker.on(SPARKPLUG), client_id, [EVERYTHING], clock, **options)

    def poll(self) -> list[Message]:
        received = [] if self._holds_off else super().poll()
        now = _monotonic_ms()
        if self.generation != self._seen:
            self._seen = self.generation
            self._host.lose_sight(now)
        super().acknowledge(received)
        for message in received:
            if message.topic == self._state:
                self._hear_state(message)
        found: list[Message] = []
        for message in self._mine(received):
            told = self._host.take(
                message.topic, message.payload, message.received_at, now, retained=message.retained
            )  # fmt: skip
            found += self._messages(told, message.payload)
        found += self._messages(self._host.tick(now))
        self._ask()
        return found

    def hold_off(self) -> None:
        """Nobody keeps for us what comes while it cannot be stored, but edge nodes that are told that we are away."""
        if not self._holds_off:
            log.warning("saying offline to edge nodes, for nothing can be stored: broker=%s", self.broker.name)
            self._holds_off = True
            self.close()

    def go_on(self) -> None:
        self._holds_off = False

    def rest(self) -> list[Message]:
        """What was held back: nothing that it waits for comes any more."""
        return list(self._messages(self._host.release(_monotonic_ms())))

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """It was, when it came."""

    def use(self, filters: Iterable[str]) -> None:
        """Whatever profiles ask for, edge nodes say all they have to say here."""

    def close(self) -> None:
        if self.receiving_since is not None and self._speaks:
            # Not by the will: a goodbye takes that back.
            said = self._client.publish(self._state, _state(self._clock(), online=False), 1, retain=True)
            until = time.monotonic() + _GOODBYE_S
            while self.connected and not said.is_published() and time.monotonic() < until:
                self._client.loop(0.05)
        super().close()

    def _before_connect(self, now: int) -> None:
        # Edge nodes take no word of ours that is older than the last: a clock that was set back must not silence us.
        self._born_at = max(now, self._born_at + 1)
        if self._speaks:
            self._client.will_set(self._state, _state(self._born_at, online=False), 1, retain=True)

    def _receives(self) -> None:
        first = self.receiving_since is None
        super()._receives()
        # A clean session is nothing that could be lost.
        self.events.clear()
        if first:
            self._announce()

    def _announce(self) -> None:
        if self._speaks:
            self._announced = time.monotonic()
            self._client.publish(self._state, _state(self._born_at, online=True), 1, retain=True)

    def _hear_state(self, message: Message) -> None:
        """The will of an earlier connection may come late; or another host was given our id."""
        if not self._speaks or message.retained or time.monotonic() - self._announced < _CONTRADICT_S:
            return
        try:
            said = orjson.loads(message.payload)
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict) or said.get("online") is not True:
            log.warning("said to be offline under our Sparkplug host id, saying online again: topic=%s", self._state)
            self._announce()

    def _ask(self) -> None:
        requests = self._host.requests()
        if requests and self.connected:
            log.info("asking edge nodes for a rebirth: nodes=%d broker=%s", len(requests), self.broker.name)
            for topic in requests:
                self._client.publish(topic, rebirth_command(self._clock()), 0)

    def _messages(self, told: Iterable[Told], came: bytes = b"") -> Iterator[Message]:
        for one in told:
            for payload in (came,) if one.content is None else as_json(one.content, LARGEST_PAYLOAD):
                yield Message(
                    one.topic, payload, 0, 0, False, False, self.generation, one.received_at, self.broker.name
                )  # fmt: skip


def sparkplug_sources(
    settings: Settings,
    brokers: Iterable[Broker],
    client_id: str,
    clock: Clock,
    *,
    mine: Callable[[list[Message]], list[Message]],
    speaks: bool,
    **options: Any,
) -> list[SparkplugSource]:
    """One for each broker; none unless the installation has a host id."""
    if settings.sparkplug_host is None:
        return []
    return [
        SparkplugSource(
            settings, broker, f"{client_id}-sparkplug", settings.sparkplug_host, clock,
            mine=mine, speaks=speaks, kind=client_class(), **options,
        )
        for broker in brokers
    ]  # fmt: skip


def _state(timestamp: int, *, online: bool) -> bytes:
    return orjson.dumps({"online": online, "timestamp": timestamp})


def _monotonic_ms() -> int:
    return int(time.monotonic() * 1000)
