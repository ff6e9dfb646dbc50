"""As much of HTTP/1.1 as the proxy needs: where a request begins, what it asks for and where it ends.

Answers need no parsing: no client of ours sends a request before it has the answer to the one before, so that what
comes back until the next request is the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

PIECE = 16 * 1024


@dataclass(frozen=True)
class Head:
    raw: bytes
    method: str
    path: str
    length: int
    chunked: bool

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


async def read_head(reader: asyncio.StreamReader) -> Head | None:
    """None at the end of the connection."""
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    request, *lines = raw.decode("latin-1").split("\r\n")
    method, path, _version = request.split(" ", 2)
    named = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    chunked = "chunked" in named.get("transfer-encoding", "").lower()
    return Head(raw, method, path, int(named.get("content-length", 0)), chunked)


async def read_body(reader: asyncio.StreamReader, head: Head) -> AsyncIterator[bytes]:
    """Piece by piece, framing included. Raises ConnectionError when the client goes away in the middle."""
    if head.chunked:
        async for piece in _chunks(reader):
            yield piece
        return
    left = head.length
    while left:
        piece = await reader.read(min(left, PIECE))
        if not piece:
            raise ConnectionError("the client went away in the middle of a request")
        left -= len(piece)
        yield piece


async def _chunks(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    size = -1
    while size:
        line = await reader.readuntil(b"\r\n")
        yield line
        size = int(line.split(b";")[0], 16)
        yield await reader.readexactly(size + 2)


def canned(status: int, body: bytes, content_type: str, headers: Mapping[str, str]) -> bytes:
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Fault"
    fixed = {"Content-Type": content_type, "Content-Length": str(len(body)), "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in {**fixed, **headers}.items())
    return f"HTTP/1.1 {status} {phrase}\r\n{lines}\r\n".encode() + body
