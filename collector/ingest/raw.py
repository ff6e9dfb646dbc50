"""Raw messages as they came, packed and compressed, so that a corrected profile can read them again.

A block holds the messages of one commit: one after the other the header (received_at in ms, topic length, payload
length; big-endian), the topic in UTF-8, the payload; the whole compressed by zlib. Packing before compressing lets
the repetition between messages count: a block of a hundred messages takes about a tenth of their size.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

_HEADER = struct.Struct(">qHI")

RawMessage = tuple[int, str, bytes]  # received_at, topic, payload


def pack(messages: Iterable[RawMessage]) -> bytes:
    parts: list[bytes] = []
    for received_at, topic, payload in messages:
        # A topic has at most 65,535 bytes, but one that was no UTF-8 grew on being read.
        name = topic.encode()[:65_535]
        parts += (_HEADER.pack(received_at, len(name), len(payload)), name, payload)
    return zlib.compress(b"".join(parts), 1)


def unpack(block: bytes) -> list[RawMessage]:
    """Raises ValueError when the block is not whole."""
    try:
        content = zlib.decompress(block)
    except zlib.error as error:
        raise ValueError(f"raw block is damaged: {error}") from None
    messages: list[RawMessage] = []
    place = 0
    while place < len(content):
        if place + _HEADER.size > len(content):
            raise ValueError("raw block ends inside a header")
        received_at, topic_length, payload_length = _HEADER.unpack_from(content, place)
        start = place + _HEADER.size
        middle, place = start + topic_length, start + topic_length + payload_length
        if place > len(content):
            raise ValueError("raw block ends inside a message")
        messages.append((received_at, content[start:middle].decode(), content[middle:place]))
    return messages
