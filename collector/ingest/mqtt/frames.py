"""MQTT PUBLISH frames taken out of a buffer in bulk (MQTT 3.1.1 §3.3, MQTT 5.0 §3.3). Pure: bytes in, frames out."""

from __future__ import annotations

from enum import Enum
from struct import Struct
from typing import TypeAlias

# A PUBLISH whose fixed header announces more than this is not gathered in memory: see `Oversize`.
MAX_FRAME = 2 * 1024 * 1024
# What is read of a device's payload at most; and what is kept of a longer frame: its topic, and more than that.
LARGEST_PAYLOAD = 1_000_000
KEEP_OF_OVERSIZE = 1_200_000

_PUBLISH = 0x30
_TYPE = 0xF0
_QOS_2 = 0x04
_QOS_1 = 0x02
DUPLICATE = 0x08
RETAINED = 0x01


# Topic, payload, packet id (0 at QoS 0), and the first byte of the frame: type, DUP, QoS, RETAIN. A bare tuple, because
# one is made for each message and taken apart at once.
Frame: TypeAlias = tuple[bytes, bytes, int, int]


class Stop(Enum):
    """Why parsing ended where it did."""

    MORE = "the rest of a frame has not come yet"
    OTHER = "a packet that is no PUBLISH of QoS 0 or 1"
    OVERSIZE = "a PUBLISH longer than MAX_FRAME"


class MalformedFrame(ValueError):  # noqa: N818 - named as MQTT 5.0 names it
    """The bytes are not MQTT: there is no telling where the next packet begins, so the connection must end."""


def parse(buffer: bytes, start: int, *, v5: bool) -> tuple[list[Frame], int, Stop]:
    """The whole PUBLISH frames from `start` on, where the first byte stands that was not used, and why it stands there.

    Raises MalformedFrame.
    """
    frames: list[Frame] = []
    add = frames.append
    place, end = start, len(buffer)
    while end - place >= 2:
        header = buffer[place]
        if header & _TYPE != _PUBLISH or header & _QOS_2:
            return frames, place, Stop.OTHER
        # The common case in one step: a remaining length of one or two bytes.
        length = buffer[place + 1]
        body = place + 2
        if length & 0x80 and end - place > 2 and not buffer[body] & 0x80:
            length = length & 0x7F | buffer[body] << 7
            body += 1
        elif length & 0x80:
            found = _remaining_length(buffer, place + 1, end)
            if found is None:
                break
            length, body = found
            if length > MAX_FRAME:
                return frames, place, Stop.OVERSIZE
        after = body + length
        if after > end:
            break
        add(_frame(buffer, body, after, header, v5))
        place = after
    return frames, place, Stop.MORE


def _remaining_length(buffer: bytes, at: int, end: int) -> tuple[int, int] | None:
    """The variable byte integer at `at`, and where it ends; None when it has not come whole before `end`."""
    value = shift = 0
    for position in range(at, min(at + 4, end)):
        byte = buffer[position]
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, position + 1
        shift += 7
    if end - at >= 4:
        raise MalformedFrame("a length of more than four bytes")
    return None


def _frame(buffer: bytes, body: int, after: int, header: int, v5: bool, *, clipped: bool = False) -> Frame:
    """`clipped`: the frame goes on after `after`, where it was not kept."""
    if after - body < 2:
        raise MalformedFrame("a PUBLISH without a topic")
    topic_end = body + 2 + (buffer[body] << 8 | buffer[body + 1])
    place, packet_id = topic_end, 0
    if header & _QOS_1:
        place += 2
    if place + v5 > after:
        raise MalformedFrame("a PUBLISH that ends inside its header")
    if header & _QOS_1:
        packet_id = buffer[topic_end] << 8 | buffer[topic_end + 1]
    if v5:
        # Of the properties none concerns us: brokers send no topic aliases to who did not offer to keep any.
        properties = buffer[place]
        place += 1
        if properties & 0x80:
            found = _remaining_length(buffer, place - 1, after)
            if found is None:
                raise MalformedFrame("a PUBLISH that ends inside the length of its properties")
            properties, place = found
        place += properties
        if place > after and not clipped:
            raise MalformedFrame("a PUBLISH that ends inside its properties")
    return buffer[body + 2 : topic_end], buffer[place:after], packet_id, header


class Oversize:
    """A PUBLISH too long to be gathered: its beginning is kept, the rest is counted and dropped as it comes.

    So a message of any size becomes one dead letter, and memory stays bounded.
    """

    def __init__(self, buffer: bytes, place: int) -> None:
        found = _remaining_length(buffer, place + 1, len(buffer))
        if found is None:
            raise MalformedFrame("no length where an oversized PUBLISH was seen")
        self.header = buffer[place]
        length, self.start = found
        self._left = length
        self._kept = bytearray()

    def take(self, buffer: bytes, place: int) -> int:
        """Use up what belongs to this frame from `place` on; returns where the next packet begins."""
        used = min(self._left, len(buffer) - place)
        self._kept += buffer[place : place + min(used, KEEP_OF_OVERSIZE - len(self._kept))]
        self._left -= used
        return place + used

    @property
    def whole(self) -> bool:
        return self._left == 0

    def frame(self, *, v5: bool) -> Frame:
        """With the beginning of its payload, or none where its properties left little room. Raises MalformedFrame.

        Whatever it is, it is to be acknowledged: it would come again for ever, and hold back what is behind it.
        """
        topic, payload, packet_id, header = _frame(bytes(self._kept), 0, len(self._kept), self.header, v5, clipped=True)
        # A part that is short enough to be read would be read as the whole.
        return topic, payload if len(payload) > LARGEST_PAYLOAD else b"", packet_id, header


def pubacks(packet_ids: list[int]) -> bytes:
    """One PUBACK (type 4, length 2, the packet id) for each, to be sent in one write. Success needs no reason code."""
    return Struct(f">{len(packet_ids)}I").pack(*[0x40020000 | packet_id for packet_id in packet_ids])
