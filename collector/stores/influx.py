"""InfluxDB as a destination for readings and as a reading store. The only importer of influxdb_client.

One path for 1.6, 1.8, 2.x and 3: lines are written to `/api/v2/write` and, where that answers 404 (1.6, 1.7), to
`/write`; readings are read by InfluxQL from `/query`. Measurement and tags: CONTRACT, "InfluxDB schema".
"""

from __future__ import annotations

import json
from statistics import fmean
from typing import Any

from influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from collector.errors import StoreRejected, StoreUnavailable
from collector.settings import Settings
from collector.stores.base import BucketColumns, RawColumns
from collector.stores.entries import Entry, Kind, halves
from collector.stores.line_protocol import alarm_line, row_line

_TIMEOUT_MS = 10_000
# 5,000 lines a request is near the optimum of 1.x and 2.x.
_BATCH = 5_000
# What says "this content is wrong" (1.x: 400 also for a partial write, 2.x: 400 and 422, 413: too large).
_REFUSED = (400, 413, 422)
# More readings than any one bucket holds.
_RAW_LIMIT = 10_000_000

_Sums = tuple[float, float, float, int]  # mean, min, max, count


class Influx:
    """The connection both sides share."""

    def __init__(self, settings: Settings) -> None:
        token = settings.influx_token or ""
        bucket = settings.influx_bucket or ""
        # 1.x wants Basic authentication for `user:password`; the Token header is not understood there.
        self.client = InfluxDBClient(
            url=settings.influx_url or "",
            token=token,
            org=settings.influx_org or "-",
            timeout=_TIMEOUT_MS,
            auth_basic=":" in token,
        )
        self.api = self.client.api_client
        self.org = settings.influx_org or "-"
        self.bucket = bucket
        self.database, _, self.policy = bucket.partition("/")
        self.v2_write = True

    def write(self, body: bytes, precision: str) -> None:
        """Lines whose times are in `precision`. Raises StoreUnavailable or StoreRejected."""
        if self.v2_write:
            status = self._post(
                "/api/v2/write", [("org", self.org), ("bucket", self.bucket), ("precision", precision)], body
            )
            if status != 404:
                return
            self.v2_write = False
        query = [("db", self.database), ("precision", precision)]
        if self.policy:
            query.append(("rp", self.policy))
        if self._post("/write", query, body) == 404:
            # Something before InfluxDB may have answered, a proxy that restarts: ask anew from the beginning.
            self.v2_write = True
            raise StoreUnavailable("this is no InfluxDB: it knows neither /api/v2/write nor /write")

    def _post(self, path: str, query: list[tuple[str, str]], body: bytes) -> int:
        try:
            self.api.call_api(
                path,
                "POST",
                query_params=query,
                header_params={"Content-Type": "text/plain; charset=utf-8"},
                body=body,
                async_req=False,
            )
        except ApiException as error:
            return _judge(error)
        except (HTTPError, OSError) as error:
            raise StoreUnavailable(f"InfluxDB does not answer: {error}") from error
        return 204

    def query(self, statement: str) -> list[dict[str, Any]]:
        """The series of an InfluxQL answer. Raises StoreUnavailable with what InfluxDB said."""
        query = [("db", self.database), ("epoch", "ms"), ("q", statement)]
        if self.policy:
            query.append(("rp", self.policy))
        try:
            content = self.api.call_api(
                "/query",
                "GET",
                query_params=query,
                header_params={"Accept": "application/json"},
                response_type="object",
                async_req=False,
                _return_http_data_only=True,
            )
        except (ApiException, HTTPError, OSError) as error:
            raise StoreUnavailable(f"InfluxDB does not answer: {error}") from error
        answer = content if isinstance(content, dict) else json.loads(content)
        result = answer.get("results", [{}])[0]
        if "error" in result or "error" in answer:
            raise StoreUnavailable(f"InfluxDB: {result.get('error') or answer.get('error')}")
        series: list[dict[str, Any]] = result.get("series", [])
        return series

    def close(self) -> None:
        self.client.close()


def _judge(error: ApiException) -> int:
    """404 is handed back where the path is unknown; the rest says whether a retry can help."""
    text = str(error.body or error.reason or "")[:500]
    if error.status == 404 and "page not found" in text:
        return 404
    if error.status == 404:
        raise StoreUnavailable(f"InfluxDB: {text.strip()}: create the database or bucket, then all is delivered")
    if error.status in _REFUSED:
        # 1.x stores the rest of a partial write and drops points that are older than its retention: as it was told to.
        raise StoreRejected(f"{error.status}: {text.strip()}")
    raise StoreUnavailable(f"InfluxDB answered {error.status}: {text.strip()}")


class InfluxDestination:
    """Readings go out, and the states of alarms; other kinds of entry are not for InfluxDB."""

    name = "influx"
    batch = _BATCH
    kinds: frozenset[Kind] = frozenset({"lines", "readings", "alarm"})

    def __init__(self, influx: Influx) -> None:
        self._influx = influx

    def deliver(self, entries: list[Entry]) -> None:
        readings, alarms = [], []
        for entry in entries:
            if entry.kind == "lines":
                readings.append(entry.body)
            elif entry.kind == "readings":
                readings += [row_line(row).encode() for row in entry.body]
            else:
                alarms.append(alarm_line(entry.body).encode())
        if readings:
            self._influx.write(b"\n".join(readings), "ms")
        if alarms:
            self._influx.write(b"\n".join(alarms), "ns")

    def parts(self, entries: list[Entry]) -> list[list[Entry]]:
        if len(entries) == 1:
            return [[half] for half in halves(entries[0])]
        middle = len(entries) // 2
        return [entries[:middle], entries[middle:]]


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
    return f'"device" = {_text(device)} AND "metric" = {_text(metric)} AND time >= {start}ms AND time < {end}ms'
