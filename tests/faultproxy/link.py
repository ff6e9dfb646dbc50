"""The line between the two ends: so many bytes a second each way, shared by all connections like a real one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from tests.faultproxy.http import PIECE

# A piece on a slow line takes about this long, so that a change of the speed is felt soon.
_SLICE_S = 0.05
_LEAST = 256


class Lane:
    """One direction. Pieces of different connections go one after the other, in the order in which they came."""

    def __init__(self) -> None:
        self.passed = 0
        self.frozen = False
        self._rate: float | None = None
        self._free_at = 0.0

    def set_rate(self, rate: float | None) -> None:
        """In bytes a second; None is as fast as it goes."""
        self._rate = rate
        self._free_at = 0.0

    def slices(self, piece: bytes) -> Iterator[bytes]:
        start = 0
        while start < len(piece):
            size = PIECE if self._rate is None else max(_LEAST, int(self._rate * _SLICE_S))
            yield piece[start : start + size]
            start += size

    async def carry(self, size: int) -> None:
        """Returns when that many bytes would have arrived at the other end."""
        while self.frozen:
            await asyncio.sleep(_SLICE_S)
        if self._rate is None:
            return
        now = asyncio.get_running_loop().time()
        self._free_at = max(now, self._free_at) + size / self._rate
        await asyncio.sleep(self._free_at - now)
