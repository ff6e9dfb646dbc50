"""The proxy: a thread with a loop of its own, and the switches that a test turns."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Mapping
from types import TracebackType

from tests.faultproxy.http import PIECE, canned
from tests.faultproxy.link import Lane
from tests.faultproxy.rules import Rule, Rules
from tests.faultproxy.wire import End, Wire, reset

# Small, so that a slow line is slow for the sender too, and what is cut off was not already "sent" into our memory.
_BUFFER = 32 * 1024


class FaultProxy:
    """Listens on `port`, a free one of `host`, and carries everything to `target_port` of the loopback."""

    def __init__(self, target_port: int, *, http: bool = True, host: str = "127.0.0.1", seed: int = 1) -> None:
        self.target_port = target_port
        self.refusing = False
        self.delay_s = 0.0
        self.connections = 0
        self.cuts = 0
        # "METHOD path" of every request, also of those that never came to the server.
        self.requests: list[str] = []
        self._http = http
        self._random = random.Random(seed)
        self._cut_share, self._cut_between = 0.0, (0, 1)
        self._up, self._down = Lane(), Lane()
        self._rules = Rules()
        self._wires: set[Wire] = set()
        self._serving: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server((host, 0), backlog=100)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self.port = int(self._listener.getsockname()[1])
        self._loop: asyncio.AbstractEventLoop
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="fault-proxy")

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        self._started.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    # -- switches ----------------------------------------------------------------------------------------------------

    @property
    def bytes_up(self) -> int:
        return self._up.passed

    @property
    def bytes_down(self) -> int:
        return self._down.passed

    @property
    def faults(self) -> int:
        """Requests that were answered by us, halved, lost or left to hang."""
        return self._rules.applied

    def throttle(self, up: float | None = None, down: float | None = None) -> None:
        """Bytes a second towards the server and back; None is as fast as it goes."""
        self._up.set_rate(up)
        self._down.set_rate(down)

    def cut(self) -> int:
        """Resets every connection that is open now; how many."""
        return asyncio.run_coroutine_threadsafe(self._cut(), self._loop).result(10)

    def go_down(self) -> None:
        """No network: open connections are reset and new ones are refused, until `come_up`."""
        self.refusing = True
        self.cut()

    def come_up(self) -> None:
        self.refusing = False

    def fall_silent(self) -> None:
        """Nothing passes any more and nobody is told, as when a cable is pulled further on; until `heal`."""
        self._up.frozen = self._down.frozen = True

    def cut_share(self, share: float, between: tuple[int, int] = (0, 100_000)) -> None:
        """That share of the new connections is reset after a random number of bytes."""
        self._cut_share, self._cut_between = share, between

    def answer(
        self,
        request: str,
        status: int,
        body: bytes = b"",
        *,
        times: int | None = 1,
        kind: str = "text/html",
        headers: Mapping[str, str] | None = None,
        holding: bytes | None = None,
        carried_out: bool = False,
    ) -> None:
        """In place of the server, which does not see the request. `request` is the beginning of "METHOD path".

        With `holding` only requests whose body, unpacked, holds these bytes are meant. With `carried_out` the server
        does what it is asked, and this comes back in place of what it answers.
        """
        told = canned(status, body, kind, headers or {})
        self._rules.add(Rule(request, times, answer=told, carried_out=carried_out, holding=holding))

    def rewrite(self, path: str, to: str) -> None:
        """Requests for what begins with `path` reach the server as if for `to`. Rules are asked with what was sent."""
        self._rules.rewrite(path, to)

    def hang(self, request: str, *, times: int | None = 1) -> None:
        """The request is taken and never answered; the server does not see it. Until the client goes, or `cut`."""
        self._rules.add(Rule(request, times, hang=True))

    def halve(self, request: str, after: int, *, times: int | None = 1) -> None:
        """The server carries the request out; its answer is cut off after so many bytes."""
        self._rules.add(Rule(request, times, after=after))

    def lose(self, request: str, *, times: int | None = 1) -> None:
        """The server carries the request out, and the client never hears of it."""
        self.halve(request, 0, times=times)

    def heal(self) -> None:
        """Everything as it was at the start; what was counted stays."""
        self._rules.clear()
        self.throttle()
        self.refusing, self.delay_s, self._cut_share = False, 0.0, 0.0
        self._up.frozen = self._down.frozen = False

    # -- in the proxy's thread ---------------------------------------------------------------------------------------

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        server = await asyncio.start_server(self._serve, sock=self._listener, limit=_BUFFER)
        self._started.set()
        await self._ended.wait()
        server.close()
        await self._cut()
        if self._serving:
            await asyncio.wait(self._serving, timeout=5)

    async def _cut(self) -> int:
        wires = list(self._wires)
        for wire in wires:
            wire.cut()
        return len(wires)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        if task := asyncio.current_task():
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        if self.refusing:
            reset(writer)
            return
        try:
            server = await asyncio.open_connection("127.0.0.1", self.target_port, limit=PIECE)
        except OSError:
            reset(writer)
            return
        await self._carry((reader, writer), server)

    async def _carry(self, client: End, server: End) -> None:
        wire = Wire(client, server, (self._up, self._down), self._budget(), lambda: self.delay_s, self.requests)
        self._wires.add(wire)
        try:
            await wire.run(self._rules if self._http else None)
        finally:
            self._wires.discard(wire)
            self.cuts += wire.was_cut

    def _budget(self) -> int | None:
        if self._random.random() >= self._cut_share:
            return None
        return self._random.randint(*self._cut_between)
