"""A kept session that is read up to a marker, and no further: what stands behind it stays the session's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from collector.ingest.message import Message
from collector.ingest.mqtt.source import MqttSource


class MarkedSource(MqttSource):
    """`done`: everything before the marker was acknowledged, and the broker is known to have taken that.

    An acknowledgement can be lost with its connection. What it was for would come again after the marker, and be
    stored once more by who owns it then. So the marker counts only when the broker has answered something that we
    sent behind the acknowledgements, on one connection; the marker itself is left for the collector to pass over.
    """

    def __init__(self, *args: Any, topic: str, marker: bytes | None = None, **options: Any) -> None:
        """Without a marker nothing is passed on at all."""
        super().__init__(*args, **options)
        self._topic_marked = topic
        self._marker = marker
        self._reached = marker is None
        self._counted_on = self.generation
        self._owed = 0
        self._proof_sent = False
        self.done = False

    def poll(self) -> list[Message]:
        received = super().poll()
        if self.generation != self._counted_on and not self.done:
            self._begin_again()
        self.done = self.done or (self._proof_sent and self.subscribed_at is not None)
        if self._reached:
            self._ask()
            return []
        passed = received[: self._place(received)]
        self._owed += sum(message.qos > 0 for message in passed)
        self._ask()
        return passed

    def acknowledge(self, messages: Iterable[Message]) -> None:
        messages = list(messages)
        super().acknowledge(messages)
        if self.connected:
            self._owed -= sum(
                message.broker == self.broker.name and message.generation == self.generation and message.qos > 0
                for message in messages
            )
        self._ask()

    def away(self, _now: int, _for_ms: int) -> bool:
        """Time does not pass for the limits: what stands behind the marker may deny what the clock would raise."""
        return True

    def _begin_again(self) -> None:
        """A new connection: what was not acknowledged on the old one comes again, the marker with it."""
        self._counted_on = self.generation
        self._reached = self._marker is None
        self._owed = 0
        self._proof_sent = False

    def _place(self, received: list[Message]) -> int:
        for place, message in enumerate(received):
            if message.payload == self._marker and message.topic == self._topic_marked:
                self._reached = True
                return place
        return len(received)

    def _ask(self) -> None:
        """Once all is acknowledged. A broker takes packets in order, and each subscription is answered."""
        if self._proof_sent or self._marker is None or not self._reached or self._owed or self.subscribed_at is None:
            return
        self._proof_sent, self.subscribed_at = True, None
        self._client.subscribe(self._topic_marked, 1)
