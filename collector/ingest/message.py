"""A message as the broker delivered it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b


@dataclass(frozen=True, slots=True)
class Message:
    """`generation` counts the connections of this process: a packet id means something only on its own connection."""

    topic: str
    payload: bytes
    qos: int
    packet_id: int
    duplicate: bool
    retained: bool
    generation: int
    received_at: int

    @property
    def digest(self) -> bytes:
        """What tells a redelivery from another message that was given the same packet id."""
        return blake2b(self.topic.encode() + b"\0" + self.payload, digest_size=16).digest()
