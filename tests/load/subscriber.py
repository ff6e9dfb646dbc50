"""The smallest subscriber that can be: it counts, acknowledges, and is the measure for all others.

It reads in bulk, answers each read with one write of PUBACKs, and lets the kernel's buffer fill for 2 ms after a short
read: fewer wake-ups on both sides, so that the broker is what limits it. `python -m tests.load.subscriber --help`.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from tests.load.connection import open_connection, packet_end
from tests.load.frames import DISCONNECT
from tests.load.payloads import FILTER

_READ = 262_144
_SHORT = _READ // 8
_COALESCE_S = 0.002
_PUBACK = b"\x40\x02"


@dataclass(frozen=True)
class Counted:
    """`seconds` from the first message to the last; `started_at` and `ended_at` are wall-clock seconds of these."""

    count: int
    seconds: float
    rate: float
    cpu_seconds: float
    max_rss: int
    started_at: float
    ended_at: float


class Subscriber:
    """Counts the messages of `topic` until `run` has seen `count` of them."""

    def __init__(
        self, port: int, *, topic: str = FILTER, qos: int = 1, client_id: str | None = None, clean: bool = True,
        v5: bool = False,
    ) -> None:  # fmt: skip
        name = client_id or f"count-{os.urandom(4).hex()}"
        self._link, rest = open_connection(port, name, clean=clean, v5=v5, topic=topic, qos=qos)
        self._buffer = bytearray(rest)

    def run(self, count: int, *, patience_s: float = 60.0, coalesce_s: float = _COALESCE_S) -> Counted:
        """Raises OSError when the connection ends or no message comes for `patience_s`."""
        self._link.settimeout(patience_s)
        cpu, seen, short = cpu_seconds(), 0, False
        started = ended = 0.0
        while True:
            found, acks = self._take()
            if found:
                started = started or time.time()
                self._link.sendall(acks)
                ended = time.time()
                seen += found
            if seen >= count:
                break
            short = self._read(coalesce_s if short else 0.0)
        seconds = max(ended - started, 1e-9)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return Counted(seen, seconds, seen / seconds, cpu_seconds() - cpu, peak, started, ended)

    def _read(self, wait_s: float) -> bool:
        """Appends what is there; whether it was little."""
        if wait_s:
            time.sleep(wait_s)
        data = self._link.recv(_READ)
        if not data:
            raise ConnectionResetError("the broker closed the connection")
        self._buffer += data
        return len(data) < _SHORT

    def _take(self) -> tuple[int, bytes]:
        """Counts the whole packets of the buffer and drops them; the PUBACKs they ask for."""
        end, count, ids = scan(self._buffer)
        del self._buffer[:end]
        return count, _PUBACK + _PUBACK.join(ids) if ids else b""

    def close(self) -> None:
        """When the broker hangs up it has read our last PUBACKs; a successor would take the session before that."""
        with self._link:
            self._link.settimeout(10)
            self._link.sendall(DISCONNECT)
            while self._link.recv(_READ):
                pass


def scan(buffer: bytearray) -> tuple[int, int, list[bytes]]:
    """Where the last whole packet ends, how many are messages, and the packet ids to acknowledge.

    One loop without calls, because it runs once for each message; the rare long packets go the slow way.
    """
    data = bytes(buffer)
    size, position, count = len(data), 0, 0
    ids: list[bytes] = []
    add = ids.append
    while position + 2 < size:
        low = data[position + 1]
        if low < 128:
            body, end = position + 2, position + 2 + low
        elif (high := data[position + 2]) < 128:
            body = position + 3
            end = body + (low & 127) + (high << 7)
        else:
            found = packet_end(data, position)
            if found is None:
                break
            end = found
            body = position + (4 if data[position + 3] < 128 else 5)
        if end > size:
            break
        kind = data[position]
        if kind & 0xF0 == 0x30:
            count += 1
            if kind & 0x06:
                at = body + 2 + (data[body] << 8) + data[body + 1]
                add(data[at : at + 2])
        position = end
    return position, count, ids


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def count_messages(
    port: int, count: int, *, qos: int = 1, client_id: str | None = None, clean: bool = True, v5: bool = False,
    ready: Callable[[], None] = lambda: None,
) -> Counted:  # fmt: skip
    """Subscribes, calls `ready`, counts to `count` and leaves."""
    subscriber = Subscriber(port, qos=qos, client_id=client_id, clean=clean, v5=v5)
    try:
        ready()
        return subscriber.run(count)
    finally:
        subscriber.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--qos", type=int, choices=(0, 1), default=1)
    parser.add_argument("--client-id")
    parser.add_argument("--persistent", action="store_true", help="keep the session on the broker")
    parser.add_argument("--v5", action="store_true", help="MQTT 5 instead of 3.1.1")
    given = parser.parse_args()
    counted = count_messages(
        given.port, given.count, qos=given.qos, client_id=given.client_id, clean=not given.persistent, v5=given.v5,
        ready=lambda: print("READY", flush=True),
    )  # fmt: skip
    print(json.dumps(asdict(counted)), flush=True)


if __name__ == "__main__":
    main()
