"""One client's connection through the proxy to the server."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable

from tests.faultproxy.http import PIECE, read_body, read_head
from tests.faultproxy.link import Lane
from tests.faultproxy.rules import Rule, Rules

# Closing sends a reset, as when a router forgets a connection.
_RESET = struct.pack("ii", 1, 0)
End = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class CutError(ConnectionError):
    """The connection is to end here, by order."""


class Wire:
    """`budget`: bytes in both directions together after which it is cut, None for never. `seen` gets each request."""

    def __init__(
        self,
        client: End,
        server: End,
        lanes: tuple[Lane, Lane],
        budget: int | None,
        delay: Callable[[], float],
        seen: list[str],
    ) -> None:
        self.was_cut = False
        self._client, self._server = client, server
        self._up, self._down = lanes
        self._budget = budget
        self._answer_budget: int | None = None
        self._instead: bytes | None = None
        self._delay = delay
        self._seen = seen
        self._passed_at: dict[Lane, float] = {}

    async def run(self, rules: Rules | None) -> None:
        """Until one side ends it. `rules` are asked for each request; without them nothing is parsed."""
        up = self._requests(rules) if rules else self._pump(self._client[0], self._up, self._server[1])
        tasks = [asyncio.create_task(up), asyncio.create_task(self._answers())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
        if any(isinstance(error, CutError) for error in ended):
            self.cut()
        elif any(isinstance(error, Exception) for error in ended):
            self._reset()
        for writer in (self._client[1], self._server[1]):
            writer.close()

    def cut(self) -> None:
        self.was_cut = True
        self._reset()

    def _reset(self) -> None:
        for writer in (self._client[1], self._server[1]):
            reset(writer)

    async def _requests(self, rules: Rules) -> None:
        reader = self._client[0]
        while (head := await read_head(reader)) is not None:
            self._seen.append(head.line)
            body = read_body(reader, head)
            if rules.look_inside(head.line):
                known = [piece async for piece in body]
                rule, body = rules.take(head.line, b"".join(known)), _again(known)
            else:
                rule = rules.take(head.line)
            if not await self._request(rules.rewritten(head.raw), body, rule):
                return

    async def _request(self, head: bytes, body: AsyncIterator[bytes], rule: Rule | None) -> bool:
        """Whether another one may follow on this connection."""
        self._answer_budget = rule.after if rule else None
        self._instead = rule.answer if rule else None
        if rule and not rule.carried_out and (rule.hang or rule.answer is not None):
            # Taken to its end first: a client that is still sending would not read the answer.
            async for piece in body:
                await self._wait(piece, self._up)
            if rule.answer is not None:
                await self._pass(rule.answer, self._down, self._client[1])
            else:
                await self._client[0].read(1)
            return False
        await self._pass(head, self._up, self._server[1])
        async for piece in body:
            await self._pass(piece, self._up, self._server[1])
        return True

    async def _answers(self) -> None:
        await self._pump(self._server[0], self._down, self._client[1])

    async def _pump(self, reader: asyncio.StreamReader, lane: Lane, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            if lane is self._down and self._instead is not None:
                # The server has done it: its answer begins. Ours closes the connection behind it.
                await self._pass(self._instead, lane, writer)
                return
            if lane is self._down:
                piece = self._spend_answer(piece)
            await self._pass(piece, lane, writer)
            if self._answer_budget == 0 and lane is self._down:
                raise CutError

    def _spend_answer(self, piece: bytes) -> bytes:
        if self._answer_budget is None:
            return piece
        kept = piece[: self._answer_budget]
        self._answer_budget -= len(kept)
        return kept

    async def _pass(self, piece: bytes, lane: Lane, writer: asyncio.StreamWriter) -> None:
        for part in lane.slices(piece):
            await self._wait(part, lane)
            kept = part if self._budget is None else part[: self._budget]
            # Counted first: who has read the bytes may ask at once how many there were.
            lane.passed += len(kept)
            writer.write(kept)
            await writer.drain()
            if self._budget is not None:
                self._budget -= len(kept)
            if len(kept) < len(part):
                raise CutError

    async def _wait(self, part: bytes, lane: Lane) -> None:
        """The delay is of the way, not of the width: what follows close behind comes close behind."""
        now, delay = asyncio.get_running_loop().time(), self._delay()
        if delay and now - self._passed_at.get(lane, 0) > delay:
            await asyncio.sleep(delay)
        await lane.carry(len(part))
        self._passed_at[lane] = asyncio.get_running_loop().time()


async def _again(pieces: list[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def reset(writer: asyncio.StreamWriter) -> None:
    found = writer.get_extra_info("socket")
    if found is not None and found.fileno() >= 0:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
