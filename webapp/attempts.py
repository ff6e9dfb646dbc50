"""Slows down guessing of passwords: after some failures a name has to wait, from the address that failed."""

from __future__ import annotations

import threading
from collections import OrderedDict

from collector.clock import Clock

MAX_FAILURES = 10
WAIT_MS = 60_000
# Bounded, because anybody can make up names: the oldest are forgotten.
_REMEMBERED = 10_000


class Attempts:
    """Failures by (name, address) in this process's memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failures: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, username: str, address: str) -> int:
        """Seconds until the next attempt is looked at; 0 when it may be made now."""
        with self._lock:
            count, last = self._failures.get((username, address), (0, 0))
        left = last + WAIT_MS - self._clock()
        return max(1, left // 1000) if count >= MAX_FAILURES and left > 0 else 0

    def failed(self, username: str, address: str) -> None:
        now = self._clock()
        with self._lock:
            count, last = self._failures.pop((username, address), (0, 0))
            # After a quiet minute the count starts anew.
            self._failures[username, address] = (1 if now - last > WAIT_MS else count + 1, now)
            if len(self._failures) > _REMEMBERED:
                self._failures.popitem(last=False)

    def succeeded(self, username: str, address: str) -> None:
        with self._lock:
            self._failures.pop((username, address), None)
