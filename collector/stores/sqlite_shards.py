"""The embedded readings of several collectors as one store: a device's are in one file, and rarely in more.

In more they are while `reshard` moves them, and of a device that came to belong to another collector without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import fmean

from collector.stores.base import BucketColumns, RawColumns
from collector.stores.sqlite_readings import SqliteReadingStore

# More readings than any one bucket holds.
_RAW_LIMIT = 10_000_000


class ShardedReadingStore:
    """`files` is asked at each question: `reshard` makes new ones and sets others aside while the web app runs."""

    def __init__(self, files: Callable[[], Iterable[Path]]) -> None:
        self._files = files

    def check(self) -> None:
        for store in self._stores():
            store.check()

    def raw(self, device: str, metric: str, start: int, end: int, limit: int) -> RawColumns:
        return _merged([store.raw(device, metric, start, end, limit) for store in self._stores()], limit)

    def buckets(self, device: str, metric: str, start: int, end: int, resolution_s: int) -> BucketColumns:
        found = [store.buckets(device, metric, start, end, resolution_s) for store in self._stores()]
        filled = [columns for columns in found if columns.t]
        if len(filled) <= 1:
            return filled[0] if filled else BucketColumns(resolution_s)
        # What stands in two files must not count twice: summed up from the readings themselves.
        return _summed(self.raw(device, metric, start, end, _RAW_LIMIT), resolution_s)

    def heard(self, device: str, start: int, end: int, resolution_s: int) -> list[int]:
        return sorted({t for store in self._stores() for t in store.heard(device, start, end, resolution_s)})

    def _stores(self) -> list[SqliteReadingStore]:
        return [SqliteReadingStore(path) for path in self._files()]


def _merged(found: Sequence[RawColumns], limit: int) -> RawColumns:
    """By time; of an identity that several have the first file's stands."""
    filled = [columns for columns in found if columns.t]
    if len(filled) <= 1:
        return filled[0] if filled else RawColumns()
    rows: dict[int, tuple[float | None, str]] = {}
    for columns in filled:
        for t, value, quality in zip(columns.t, columns.value, columns.quality, strict=True):
            rows.setdefault(t, (value, quality))
    merged = RawColumns()
    for t in sorted(rows)[:limit]:
        merged.t.append(t)
        merged.value.append(rows[t][0])
        merged.quality.append(rows[t][1])
    return merged


def _summed(raw: RawColumns, resolution_s: int) -> BucketColumns:
    step = resolution_s * 1000
    buckets: dict[int, list[float]] = {}
    for t, value, quality in zip(raw.t, raw.value, raw.quality, strict=True):
        if value is not None and quality != "bad":
            buckets.setdefault(t // step * step, []).append(value)
    columns = BucketColumns(resolution_s)
    for t, values in buckets.items():
        columns.t.append(t)
        columns.mean.append(fmean(values))
        columns.min.append(min(values))
        columns.max.append(max(values))
        columns.count.append(len(values))
    return columns
