"""What a store of readings can do, and the shapes it answers in. Stores live beside this file, one file each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(slots=True)
class RawColumns:
    """Readings as they were stored, oldest first: three columns of one length. `t` in epoch ms."""

    t: list[int] = field(default_factory=list)
    value: list[float | None] = field(default_factory=list)
    quality: list[str] = field(default_factory=list)


@dataclass(slots=True)
class BucketColumns:
    """Good and uncertain readings summed up per bucket, oldest first; `t` is the bucket's start in epoch ms.

    Buckets are aligned to multiples of the resolution since the epoch. Empty buckets are left out.
    """

    resolution_s: int
    t: list[int] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    min: list[float] = field(default_factory=list)
    max: list[float] = field(default_factory=list)
    count: list[int] = field(default_factory=list)


class ReadingStore(Protocol):
    """Reads stored readings. Raises `StoreUnavailable` when the store cannot answer now."""

    def raw(self, device: str, metric: str, start: int, end: int, limit: int) -> RawColumns:
        """At most `limit` readings with start ≤ t < end (epoch ms)."""
        ...

    def buckets(self, device: str, metric: str, start: int, end: int, resolution_s: int) -> BucketColumns:
        """Bad readings are left out: they are kept out of figures until a person reviews them."""
        ...

    def heard(self, device: str, start: int, end: int, resolution_s: int) -> list[int]:
        """Starts (epoch ms, ascending) of the buckets in which anything of the device was observed, good or bad."""
        ...

    def check(self) -> None:
        """Returns when the store can answer; raises `StoreUnavailable` with the reason when it cannot."""
        ...


def resolution_for(start: int, end: int, buckets: int) -> int:
    """The round resolution in seconds at which `start`..`end` (ms) needs no more than about `buckets` buckets."""
    wanted = max(1.0, (end - start) / 1000 / max(1, buckets))
    for step in (1, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200):
        if wanted <= step:
            return step
    days = -(-int(wanted) // 86400)
    return days * 86400
