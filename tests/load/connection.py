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
        body, rest = _answer(link, frames.CONNACK)
        _check("connection", body[1])
        if topic is not None:
            link.sendall(frames.subscribe(topic, qos, v5=v5))
            rest = _subscribed(link, rest)
    except BaseException:
        link.close()
        raise
    return link, rest


def _subscribed(link: socket.socket, data: bytes) -> bytes:
    """A kept session may send its messages before the SUBACK: they stay in what is returned."""
    found, start = bytearray(data), 0
    while True:
        end = _await_packet(link, found, start)
        if found[start] & 0xF0 == frames.SUBACK:
            _check("subscription", found[end - 1])
            return bytes(found[:start] + found[end:])
        start = end


def _answer(link: socket.socket, kind: int) -> tuple[bytes, bytes]:
    """The body of the packet that must come next, and what followed it."""
    found = bytearray()
    end = _await_packet(link, found, 0)
    if found[0] & 0xF0 != kind:
        raise RefusedError(f"expected a packet of kind {kind:#x}, found {found[0]:#x}")
    return bytes(found[2:end]), bytes(found[end:])


def _await_packet(link: socket.socket, found: bytearray, start: int) -> int:
    """Reads until the packet that begins at `start` is whole; where it ends."""
    while (end := packet_end(found, start)) is None:
        more = link.recv(65_536)
        if not more:
            raise RefusedError("the broker closed the connection")
        found += more
    return end


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
