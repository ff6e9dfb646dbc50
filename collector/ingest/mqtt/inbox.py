"""What one broker has sent and nobody has taken yet: frames made into messages."""

from __future__ import annotations

import paho.mqtt.client as paho

from collector.clock import Clock
from collector.domain.devices import LONGEST_REMEMBERED
from collector.ingest.message import Message
from collector.ingest.mqtt.frames import DUPLICATE, RETAINED, Frame

# Topics as bytes -> text, so that each is decoded once. Bounded: a topic may hold anything, and be 65,535 bytes long.
_TOPICS = 20_000


class Inbox:
    """`generation` counts the connections; each message is given that of its own."""

    def __init__(self, broker: str, clock: Clock) -> None:
        self.generation = 0
        self._broker = broker
        self._clock = clock
        self._received: list[Message] = []
        self._topics: dict[bytes, str] = {}

    def put(self, frames: list[Frame]) -> None:
        now, generation, broker = self._clock(), self.generation, self._broker
        topics = self._topics
        self._received += [
            Message(
                topics.get(topic) or self._topic(topic),
                payload,
                1 if packet_id else 0,
                packet_id,
                header & DUPLICATE != 0,
                header & RETAINED != 0,
                generation,
                now,
                broker,
            )
            for topic, payload, packet_id, header in frames
        ]

    def put_message(self, message: paho.MQTTMessage) -> None:
        """By paho's own path: where the bulk client is not in use."""
        header = DUPLICATE * message.dup | RETAINED * message.retain
        packet_id = message.mid if message.qos else 0
        self.put([(message._topic, bytes(message.payload), packet_id, header)])

    def take(self) -> list[Message]:
        """Everything, oldest first."""
        received, self._received = self._received, []
        return received

    def _topic(self, raw: bytes) -> str:
        """A topic that is no UTF-8 is forbidden by the protocol; the payload still gets its dead letter."""
        text = raw.decode("utf-8", "replace")
        if len(raw) <= LONGEST_REMEMBERED:
            if len(self._topics) >= _TOPICS:
                self._topics.clear()
            self._topics[raw] = text
        return text
