"""A publisher that sends packets encoded ahead, many on their way at a time: `python -m tests.load.publisher --help`.

It counts PUBACKs exactly: a QoS 1 broker answers each packet once and in order (MQTT 3.1.1 §4.6).
"""

from __future__ import annotations

import argparse
import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from tests.load.connection import open_connection
from tests.load.frames import DISCONNECT, MAX_PACKET_ID, Frames, encode, puback
from tests.load.payloads import SHAPES

WINDOW = 20_000
_CHUNK = 65_536
_PUBACK_BYTES = 4
# The acknowledgements of all packet ids in turn, twice: any piece of the stream is a slice of it.
_ACKS = b"".join(puback(ident) for ident in range(1, MAX_PACKET_ID + 1)) * 2
_ACKS_ROUND = MAX_PACKET_ID * _PUBACK_BYTES
# Nothing moves for this long: the broker is gone or stuck.
_STALLED_S = 20.0


@dataclass(frozen=True)
class Published:
    """`sent` and `acked` are messages; `started_at` and `ended_at` are seconds of the wall clock."""

    sent: int
    acked: int
    seconds: float
    rate: float
    started_at: float
    ended_at: float


class CutError(OSError):
    """The connection ended before all was acknowledged. The broker has taken `acked` messages for sure."""

    def __init__(self, acked: int, sent: int, reason: str) -> None:
        super().__init__(f"cut after {acked} of {sent} sent messages were acknowledged: {reason}")
        self.acked = acked
        self.sent = sent


class Acks:
    """Counts PUBACKs that must come in the order of the packets. One may come in pieces."""

    def __init__(self) -> None:
        self.count = 0
        self._partial = 0

    def take(self, data: bytes) -> None:
        begin = self.count * _PUBACK_BYTES % _ACKS_ROUND + self._partial
        if _ACKS[begin : begin + len(data)] != data:
            raise ValueError(f"not the PUBACKs that follow on message {self.count}: {data[:16].hex()}")
        whole, self._partial = divmod(self._partial + len(data), _PUBACK_BYTES)
        self.count += whole

    def connection_ended(self) -> None:
        """The rest of a piece will not come any more."""
        self._partial = 0


class Publication:
    """All packets of `frames`, in order, with at most `window` unacknowledged and at most `rate` a second.

    After a `CutError`, `run` again connects anew and sends what was not acknowledged once more, with the DUP flag.
    `on_send` is told, after each write, the number of whole packets sent and when the write began (wall clock).
    """

    def __init__(
        self,
        port: int,
        frames: Frames,
        *,
        window: int = WINDOW,
        rate: float | None = None,
        on_send: Callable[[int, float], None] | None = None,
    ) -> None:
        if not 0 < window <= MAX_PACKET_ID:
            raise ValueError(f"a window of {window}: packet ids allow 1 to {MAX_PACKET_ID}")
        self.port = port
        self.frames = frames
        self.window = window
        self.rate = rate
        self.on_send = on_send
        self._acks = Acks()
        self._client_id = f"load-{os.urandom(4).hex()}"
        self._link: socket.socket | None = None
        self._sent_bytes = 0
        self._highest = 0

    @property
    def acked(self) -> int:
        return self._acks.count

    @property
    def sent(self) -> int:
        return self.frames.whole(self._sent_bytes)

    def connect(self) -> None:
        """Ahead of `run`, where connecting must not be part of what is measured."""
        if self._link is not None:
            return
        self._link, _ = open_connection(self.port, self._client_id, clean=False)
        self._link.setblocking(False)
        self._highest = max(self._highest, self.sent)
        if self.frames.qos:
            self.frames.mark_duplicates(self.acked, self._highest)
            self._sent_bytes = self.frames.starts[self.acked]
        else:
            self._sent_bytes = self.frames.starts[self._highest]
        self._acks.connection_ended()

    def run(self) -> Published:
        """Until all is sent and (QoS 1) acknowledged. Raises CutError."""
        began_at, before = time.time(), self.sent
        try:
            self.connect()
            began_at, began = time.time(), time.perf_counter()
            before = self.sent
            self._pump(began, before)
            seconds = time.perf_counter() - began
            self._leave()
        except OSError as error:
            raise CutError(self.acked, max(self.sent, self._highest), f"{error}") from error
        finally:
            self._drop()
        rate = (self.sent - before) / seconds if seconds else 0.0
        return Published(self.sent, self.acked, seconds, rate, began_at, began_at + seconds)

    def run_through(self, seconds: float = 120.0, retry_s: float = 0.1) -> Published:
        """Survives cuts and a broker that is away, for at most `seconds`; raises the last CutError then."""
        began, began_at = time.perf_counter(), time.time()
        while True:
            try:
                self.run()
            except CutError:
                if time.perf_counter() - began > seconds:
                    raise
                time.sleep(retry_s)
                continue
            spent = time.perf_counter() - began
            return Published(self.sent, self.acked, spent, self.sent / spent, began_at, began_at + spent)

    def _pump(self, began: float, before: int) -> None:
        link = self._socket()
        poll = select.poll()
        total, view, starts = len(self.frames), memoryview(self.frames.data), self.frames.starts
        moved = began
        while self._sent_bytes < starts[total] or (self.frames.qos and self.acked < total):
            now = time.perf_counter()
            if now - moved > _STALLED_S:
                raise TimeoutError(f"nothing moved for {_STALLED_S:.0f} s")
            until = starts[self._allowed(now - began, before)]
            poll.register(link, select.POLLIN | (select.POLLOUT if self._sent_bytes < until else 0))
            events = poll.poll(1 if self.rate else 1_000)
            flags = events[0][1] if events else 0
            if flags & ~select.POLLOUT:
                self._read(link)
                moved = now
            if flags & select.POLLOUT:
                self._write(link, view, until)
                moved = now

    def _allowed(self, elapsed: float, before: int) -> int:
        """How many messages may have been sent by now."""
        allowed = len(self.frames)
        if self.frames.qos:
            allowed = min(allowed, self.acked + self.window)
        if self.rate:
            allowed = min(allowed, before + int(elapsed * self.rate) + 1)
        return max(allowed, self.acked)

    def _read(self, link: socket.socket) -> None:
        data = link.recv(_CHUNK)
        if not data:
            raise ConnectionResetError("the broker closed the connection")
        self._acks.take(data)

    def _write(self, link: socket.socket, view: memoryview, until: int) -> None:
        began = time.time()
        try:
            self._sent_bytes += link.send(view[self._sent_bytes : min(until, self._sent_bytes + _CHUNK)])
        except BlockingIOError:
            return
        if self.on_send is not None:
            self.on_send(self.sent, began)

    def _socket(self) -> socket.socket:
        assert self._link is not None
        return self._link

    def _leave(self) -> None:
        """DISCONNECT, then wait until the broker hangs up: at QoS 0 it has read everything only then."""
        link = self._socket()
        link.settimeout(10)
        link.sendall(DISCONNECT)
        while link.recv(_CHUNK):
            pass

    def _drop(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


def publish_frames(port: int, frames: Frames, *, window: int = WINDOW, rate: float | None = None) -> Published:
    """Sends all and waits for all PUBACKs. Survives nothing: raises CutError with how many were acknowledged."""
    return Publication(port, frames, window=window, rate=rate).run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--shape", choices=sorted(SHAPES), default="one")
    parser.add_argument("--qos", type=int, choices=(0, 1), default=1)
    parser.add_argument("--window", type=int, default=WINDOW)
    parser.add_argument("--rate", type=float, help="messages a second; as fast as it goes without")
    parser.add_argument("--first", type=int, default=0, help="number of the first message")
    parser.add_argument("--start", type=int, help="time of message 0, epoch ms; without, the last one is of now")
    parser.add_argument("--wait", action="store_true", help="print READY and wait for a line before sending")
    given = parser.parse_args()
    packets = encode(SHAPES[given.shape](given.count, given.devices, given.first, given.start), given.qos)
    publication = Publication(given.port, packets, window=given.window, rate=given.rate)
    publication.connect()
    if given.wait:
        print("READY", flush=True)
        sys.stdin.readline()
    print(json.dumps(asdict(publication.run())), flush=True)


if __name__ == "__main__":
    main()
