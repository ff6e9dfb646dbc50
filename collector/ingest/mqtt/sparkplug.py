"""The connection of a Sparkplug B host: clean session, a STATE of its own as birth and will (specification 3.0, 5.7).

What edge nodes say goes through the host (`collector.ingest.sparkplug`), and leaves it as messages that can be read by
themselves. An acknowledgement would protect nothing, for the session ends with the connection: it is sent at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from collector.clock import Clock
from collector.ingest.message import Message
from collector.ingest.mqtt.bulk import client_class
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.frames import LARGEST_PAYLOAD
from collector.ingest.mqtt.host_state import HostState, Todo
from collector.ingest.mqtt.source import MqttSource
from collector.ingest.sparkplug.host import Host
from collector.ingest.sparkplug.node import BIRTH_MS, REORDER_MS, Told
from collector.ingest.sparkplug.topics import EVERYTHING, state_topic
from collector.profiles.sparkplug.document import as_json
from collector.profiles.sparkplug.payload import rebirth_command
from collector.settings import Settings

log = logging.getLogger(__name__)

# What the connection is called beside the ordinary one.
SPARKPLUG = "sparkplug"
# How long the goodbye may take, how much may come meanwhile, and how long after it something may be on its way.
_GOODBYE_S = 2.0
_GOODBYE_BYTES = 32 * 1024 * 1024
_LINGER_S = 0.2


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
        heard_until: int | None = None,
        **options: Any,
    ) -> None:
        """`heard_until`: when the last message that is stored was received, epoch ms."""
        self._host = Host()
        self._mine = mine
        self._speaks = speaks
        self._state = HostState(state_topic(host_id))
        self._seen = 0
        self._holds_off = False
        # What came while we said goodbye.
        self._ready: list[Message] = []
        # What is in memory only when a process ends may be as old as this.
        self._whole_until = None if heard_until is None else heard_until - REORDER_MS - BIRTH_MS
        self._last: int | None = None
        super().__init__(settings, broker.on(SPARKPLUG), client_id, [EVERYTHING], clock, **options)

    def poll(self) -> list[Message]:
        received = [] if self._holds_off else super().poll()
        now = _monotonic_ms()
        if self.generation != self._seen:
            self._seen = self.generation
            self._ready += self._messages(self._host.lose_sight(now))
            self._whole_until = self._last or self._whole_until
        super().acknowledge(received)
        found, self._ready = self._ready + self._take(received), []
        found += self._messages(self._host.tick(now))
        self._ask()
        self._tell_losses(now)
        self._set_state_right()
        return found

    def _take(self, received: list[Message]) -> list[Message]:
        now = _monotonic_ms()
        found: list[Message] = []
        for message in received:
            if message.topic == self._state.topic and self._speaks and self.connected:
                self._state.hear(message.payload, time.monotonic(), retained=message.retained)
        for message in self._mine(received):
            self._last = message.received_at
            told = self._host.take(
                message.topic, message.payload, message.received_at, now, retained=message.retained
            )  # fmt: skip
            found += self._messages(told, message.payload)
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
        """What came until edge nodes knew that we leave, and what was held back: what it waits for comes no more."""
        self.close()
        ready, self._ready = self._ready, []
        return ready + list(self._messages(self._host.release(_monotonic_ms())))

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """It was, when it came."""

    def use(self, filters: Iterable[str]) -> None:
        """Whatever profiles ask for, edge nodes say all they have to say here."""

    def close(self) -> None:
        if self.receiving_since is not None and self._speaks:
            self._say_goodbye()
        super().close()
        self._ready += self._take(self._inbox.take())

    def _say_goodbye(self) -> None:
        """Not by the will: a goodbye takes that back. Edge nodes hear it a moment after the broker has it."""
        said = self._client.publish(self._state.topic, self._state.goodbye(self._clock()), 1, retain=True)
        until = time.monotonic() + _GOODBYE_S
        heard, came = False, 0
        while self.connected and time.monotonic() < until and came < _GOODBYE_BYTES:
            self._client.loop(0.05)
            received = self._inbox.take()
            came += sum(len(message.payload) for message in received)
            self._ready += self._take([message for message in received if message.topic != self._state.topic])
            if said.is_published() and not heard:
                heard, until = True, time.monotonic() + _LINGER_S

    def _before_connect(self, now: int) -> None:
        # A new client: the former would say once more what it could not, such as an earlier birth, before the new one.
        self._client = self._make_client()
        if self._speaks:
            self._client.will_set(self._state.topic, self._state.begin(now), 1, retain=True)

    def _receives(self) -> None:
        first = self.receiving_since is None
        super()._receives()
        # A clean session is nothing that could be lost: edge nodes keep what they send meanwhile, or `losses` tells.
        self.events.clear()
        if first:
            self._announce()

    def _announce(self) -> None:
        if self._speaks:
            self._client.publish(self._state.topic, self._state.birth(time.monotonic()), 1, retain=True)

    def _set_state_right(self) -> None:
        if self.receiving_since is None or (todo := self._state.todo(time.monotonic())) is Todo.NOTHING:
            return
        log.warning("said to be offline under our Sparkplug host id, saying online again: topic=%s", self._state.topic)
        if todo is Todo.ANNOUNCE:
            self._announce()
        else:
            super().close()
            self._ready += self._take(self._inbox.take())

    def _tell_losses(self, now: int) -> None:
        for loss in self._host.losses(now):
            since = loss.gap.since or self._whole_until
            # Those met for the first time ever, with nothing before, lost nothing.
            if since is not None:
                self.losses.append(loss._replace(gap=replace(loss.gap, since=since)))

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
    heard: Callable[[str], int | None],
    **options: Any,
) -> list[SparkplugSource]:
    """One for each broker; none unless the installation has a host id.

    `heard`: for a broker's name, when the last message that is stored was received.
    """
    if settings.sparkplug_host is None:
        return []
    return [
        SparkplugSource(
            settings, broker, f"{client_id}-sparkplug", settings.sparkplug_host, clock,
            mine=mine, speaks=speaks, heard_until=heard(broker.on(SPARKPLUG).name), kind=client_class(), **options,
        )
        for broker in brokers
    ]  # fmt: skip


def _monotonic_ms() -> int:
    return int(time.monotonic() * 1000)
