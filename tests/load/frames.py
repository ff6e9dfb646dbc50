"""MQTT packets as bytes, encoded ahead so that sending costs nothing but the send (3.1.1, and 5 where told).

The layouts are those of the OASIS specifications, MQTT 3.1.1 §2-3 and MQTT 5.0 §2-3.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

CONNACK, PUBLISH, PUBACK, SUBACK = 0x20, 0x30, 0x40, 0x90
DISCONNECT = b"\xe0\x00"
DUP = 0x08
# Packet ids run from 1; 0 is forbidden.
MAX_PACKET_ID = 65_535
_CLEAN = 0x02


def length(value: int) -> bytes:
    """The remaining length: seven bits a byte, the lowest first."""
    out = bytearray()
    while True:
        value, low = divmod(value, 128)
        out.append(low | (128 if value else 0))
        if not value:
            return bytes(out)


def text(value: str) -> bytes:
    encoded = value.encode()
    return len(encoded).to_bytes(2, "big") + encoded


def connect(client_id: str, *, clean: bool = True, v5: bool = False, receive_maximum: int = 65_535) -> bytes:
    """Without keep-alive: a load tool may fall silent. A v5 session that is not clean is kept for an hour."""
    properties = b""
    if v5:
        expiry = 0 if clean else 3_600
        found = b"\x11" + expiry.to_bytes(4, "big") + b"\x21" + receive_maximum.to_bytes(2, "big")
        properties = length(len(found)) + found
    flags = _CLEAN if clean else 0
    body = text("MQTT") + bytes((5 if v5 else 4, flags, 0, 0)) + properties + text(client_id)
    return b"\x10" + length(len(body)) + body


def subscribe(topic: str, qos: int, *, packet_id: int = 1, v5: bool = False) -> bytes:
    body = packet_id.to_bytes(2, "big") + (b"\0" if v5 else b"") + text(topic) + bytes((qos,))
    return b"\x82" + length(len(body)) + body


def publish(topic: str, payload: bytes, *, packet_id: int = 0) -> bytes:
    """QoS 1 with a packet id, QoS 0 without."""
    body = text(topic) + (packet_id.to_bytes(2, "big") if packet_id else b"") + payload
    return bytes((PUBLISH | (0x02 if packet_id else 0),)) + length(len(body)) + body


def puback(packet_id: int) -> bytes:
    return b"\x40\x02" + packet_id.to_bytes(2, "big")


def packet_id_of(position: int) -> int:
    """Of the message at this position of a publication: the ids go round."""
    return position % MAX_PACKET_ID + 1


@dataclass(frozen=True)
class Frames:
    """PUBLISH packets one after another; packet `i` is `data[starts[i]:starts[i + 1]]`."""

    data: bytearray
    starts: array[int]
    qos: int

    def __len__(self) -> int:
        return len(self.starts) - 1

    def whole(self, sent_bytes: int) -> int:
        """How many packets these many bytes complete."""
        return bisect_right(self.starts, sent_bytes) - 1

    def mark_duplicates(self, begin: int, end: int) -> None:
        """Packets that are sent once more carry the DUP flag."""
        for start in self.starts[begin:end]:
            self.data[start] |= DUP


def encode(messages: Iterable[tuple[str, bytes]], qos: int = 1) -> Frames:
    """Topics and payloads to packets."""
    data, starts = bytearray(), array("Q", (0,))
    for position, (topic, payload) in enumerate(messages):
        data += publish(topic, payload, packet_id=packet_id_of(position) if qos else 0)
        starts.append(len(data))
    return Frames(data, starts, qos)
