"""InfluxDB as a reading store: InfluxQL, which every generation answers at `/query`."""

from __future__ import annotations

from statistics import fmean
from typing import Any

from collector.stores.base import BucketColumns, RawColumns
from collector.stores.influx import Influx

# More readings than any one bucket holds.
_RAW_LIMIT = 10_000_000

_Sums = tuple[float, float, float, int]  # mean, min, max, count


def _text(value: str) -> str:
    """A string literal of InfluxQL."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class InfluxReadingStore:
    def __init__(self, influx: Influx) -> None:
        self._influx = influx

    def check(self) -> None:
        self._influx.query("SHOW MEASUREMENTS LIMIT 1")

    def raw(self, device: str, metric: str, start: int, end: int, limit: int) -> RawColumns:
        columns = RawColumns()
        where = _where(device, metric, start, end)
        for t, value, quality in self._rows(f'SELECT "value", "quality" FROM "readings" WHERE {where} LIMIT {limit}'):
            columns.t.append(int(t))
            columns.value.append(None if value is None else float(value))
            columns.quality.append(quality or "good")
        return columns

    def buckets(self, device: str, metric: str, start: int, end: int, resolution_s: int) -> BucketColumns:
        """InfluxQL cannot ask for rows that lack a field, and a good reading is one without `quality`.

        So all readings are summed up there, and the buckets that hold bad ones are summed up again here.
        """
        step = resolution_s * 1000
        where = _where(device, metric, start, end)
        every = f'SELECT mean("value"), min("value"), max("value"), count("value") FROM "readings" WHERE {where}'
        found: dict[int, _Sums] = {}
        for t, *sums in self._rows(f"{every} GROUP BY time({resolution_s}s) fill(none)"):
            if sums[3]:
                found[int(t)] = (float(sums[0]), float(sums[1]), float(sums[2]), int(sums[3]))
        bad = f'SELECT count("quality") FROM "readings" WHERE {where} AND "quality" = \'bad\''
        for t, count in self._rows(f"{bad} GROUP BY time({resolution_s}s) fill(none)"):
            if count:
                found.pop(int(t), None)
                found.update(self._without_bad(device, metric, max(start, int(t)), min(end, int(t) + step), int(t)))
        return _columns(resolution_s, found)

    def heard(self, device: str, start: int, end: int, resolution_s: int) -> list[int]:
        """A reading without a value has its quality alone."""
        where = f'"device" = {_text(device)} AND {_within(start, end)}'
        counts = f'SELECT count("value"), count("quality") FROM "readings" WHERE {where}'
        rows = self._rows(f"{counts} GROUP BY time({resolution_s}s) fill(none)")
        return sorted({int(t) for t, *counted in rows if any(counted)})

    def _without_bad(self, device: str, metric: str, start: int, end: int, t: int) -> dict[int, _Sums]:
        raw = self.raw(device, metric, start, end, _RAW_LIMIT)
        values = [v for v, quality in zip(raw.value, raw.quality, strict=True) if v is not None and quality != "bad"]
        return {t: (fmean(values), min(values), max(values), len(values))} if values else {}

    def _rows(self, statement: str) -> list[list[Any]]:
        return [row for series in self._influx.query(statement) for row in series["values"]]


def _columns(resolution_s: int, found: dict[int, _Sums]) -> BucketColumns:
    columns = BucketColumns(resolution_s)
    for t in sorted(found):
        mean, low, high, count = found[t]
        columns.t.append(t)
        columns.mean.append(mean)
        columns.min.append(low)
        columns.max.append(high)
        columns.count.append(count)
    return columns


def _where(device: str, metric: str, start: int, end: int) -> str:
    return f'"device" = {_text(device)} AND "metric" = {_text(metric)} AND {_within(start, end)}'


def _within(start: int, end: int) -> str:
    return f"time >= {start}ms AND time < {end}ms"
