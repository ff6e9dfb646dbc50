"""A socket that has been through CONNECT, and SUBSCRIBE where asked: what a load tool needs of a client."""

from __future__ import annotations

import socket

from tests.load import frames


class RefusedError(OSError):
    """The broker said no to the connection or the subscription."""


def open_connection(
    port: int, client_id: str, *, clean: bool = True, v5: bool = False, topic: str | None = None, qos: int = 1
) -> tuple[socket.socket, bytes]:
    """The socket, and what the broker sent after its last answer: a kept session's messages may already come."""
    link = socket.create_connection(("127.0.0.1", port), timeout=10)
    try:
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link.sendall(frames.connect(client_id, clean=clean, v5=v5))
        body, rest = _answer(link, b"", frames.CONNACK)
        _check("connection", body[1])
        if topic is not None:
            link.sendall(frames.subscribe(topic, qos, v5=v5))
            rest = _subscribed(link, rest)
    except BaseException:
        link.close()
        raise
    return link, rest


def _subscribed(link: socket.socket, rest: bytes) -> bytes:
    """Messages of a kept session may come before the SUBACK: they stay in what is returned."""
    kept = b""
    while True:
        packet, rest = _packet(link, rest)
        if packet[0] & 0xF0 == frames.SUBACK:
            _check("subscription", packet[-1])
            return kept + rest
        kept += packet


def _answer(link: socket.socket, rest: bytes, kind: int) -> tuple[bytes, bytes]:
    """The body of the packet that must come next, and what followed it."""
    packet, rest = _packet(link, rest)
    if packet[0] & 0xF0 != kind:
        raise RefusedError(f"expected a packet of kind {kind:#x}, found {packet[0]:#x}")
    return packet[2:], rest


def _packet(link: socket.socket, rest: bytes) -> tuple[bytes, bytes]:
    while True:
        end = packet_end(rest, 0)
        if end is not None:
            return rest[:end], rest[end:]
        more = link.recv(65_536)
        if not more:
            raise RefusedError("the broker closed the connection")
        rest += more


def packet_end(data: bytes | bytearray, start: int) -> int | None:
    """Where the packet that begins at `start` ends; None when it is not there as a whole."""
    value = 0
    for place in range(4):
        position = start + 1 + place
        if position >= len(data):
            return None
        value |= (data[position] & 127) << (7 * place)
        if data[position] < 128:
            end = position + 1 + value
            return end if end <= len(data) else None
    raise ValueError(f"a remaining length of more than four bytes at {start}")


def _check(what: str, code: int) -> None:
    if code >= 3 or (what == "connection" and code):
        raise RefusedError(f"the broker refused the {what}: code {code}")
