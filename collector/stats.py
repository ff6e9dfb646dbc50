"""How long things took, as histograms: what the collector measures, the heartbeat carries and /metrics shows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

# Upper bounds in seconds. Commits take milliseconds; the second half tells how bad a bad day was.
BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
# From a device's own time on: devices send what they kept, hours later.
LAG_BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3_600.0, 86_400.0)

# The key in the heartbeat's `stats.histograms`, and what it is.
HISTOGRAMS = {
    "commit_latency": "Duration of the transaction that makes a batch durable",
    "ack_latency": "From the receipt of a message to its PUBACK being handed to the socket",
    "store_latency": "From the receipt of a message to its commit",
    "lag": "From the device's own time of a reading to its commit",
}


class Histogram:
    """Counts by upper bound. One thread writes; others read a snapshot, at most one observation behind itself."""

    __slots__ = ("_bounds", "_counts", "_sum")

    def __init__(self, bounds: Sequence[float] = BOUNDS) -> None:
        self._bounds = tuple(bounds)
        # The last one counts what is above every bound.
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float, count: int = 1) -> None:
        """`count` things that took as long. A clock that ran ahead or was set back counts as no time at all."""
        if seconds < 0:
            seconds = 0.0
        self._counts[bisect_left(self._bounds, seconds)] += count
        self._sum += seconds * count

    def observe_all(self, seconds: Iterable[float]) -> None:
        """One each, for a whole batch: cheaper than as many calls."""
        bounds, counts, total = self._bounds, self._counts, 0.0
        for value in seconds:
            taken = value if value > 0 else 0.0
            counts[bisect_left(bounds, taken)] += 1
            total += taken
        self._sum += total

    @property
    def count(self) -> int:
        return sum(self._counts)

    def snapshot(self) -> dict[str, Any]:
        """As JSON carries it: `counts` not summed up, one more than `bounds`."""
        return {"bounds": list(self._bounds), "counts": list(self._counts), "sum": round(self._sum, 6)}
