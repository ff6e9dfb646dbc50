"""A message as the broker delivered it."""

from __future__ import annotations

from hashlib import blake2b
from typing import NamedTuple


class Message(NamedTuple):
    """`generation` counts the connections of this process to `broker`: a packet id means something only on its own.

    A tuple, because tens of thousands are made each second.
    """

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    duplicate: bool
    retained: bool
    generation: int
    received_at: int
    broker: str = ""

    @property
    def digest(self) -> bytes:
        """What tells a redelivery from another message that was given the same packet id."""
        return blake2b(self.topic.encode() + b"\0" + self.payload, digest_size=16).digest()
