"""The connection to InfluxDB, and InfluxDB as a destination. The only importer of influxdb_client.

One path for 1.6, 1.8, 2.x and 3: lines are written to `/api/v2/write` and, where that answers 404 (1.6, 1.7), to
`/write`; readings are read by InfluxQL from `/query` (collector/stores/influx_readings.py).
"""

from __future__ import annotations

import ipaddress
import json
import time
import zlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from influxdb_client import InfluxDBClient
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from collector.errors import StoreRejected, StoreUnavailable
from collector.settings import Settings
from collector.stores.entries import Entry, Kind
from collector.stores.influx_answers import Generation, generation_of, judge
from collector.stores.line_protocol import alarm_line, row_line

_TIMEOUT_MS = 10_000
# To connect, and until something comes back: together no longer than a shutdown may take.
_WRITE_TIMEOUT_MS = (3_000, 7_000)
_PING_TIMEOUT_MS = (2_000, 2_000)
# A server that does not tell its version is asked again, but not with each batch.
_ASK_AGAIN_S = 60.0
# For so long after /ping a refusal is believed to be of the version that answered it: one batch may be refused often.
_BELIEVED_S = 1.0
# Measured against 1.6.7 on one machine (tests/bench/outbox.py): more lines a request bring nothing.
_BATCH = 5_000
# Shorter bodies travel in one packet anyway.
_COMPRESS_FROM = 1_000


class Influx:
    """The connection that both sides share. `generation` and `version` are what /ping said last."""

    def __init__(self, settings: Settings) -> None:
        token = settings.influx_token or ""
        # No error text can then hold a password.
        url = settings.influx_address
        # 1.x wants Basic authentication for `user:password`; the Token header is not understood there.
        self.client = InfluxDBClient(
            url=url,
            token=token,
            org=settings.influx_org or "-",
            timeout=_TIMEOUT_MS,
            auth_basic=":" in token,
        )
        self.api = self.client.api_client
        self.org = settings.influx_org or "-"
        self.bucket = settings.influx_bucket or ""
        self.database, _, self.policy = self.bucket.partition("/")
        self.generation = Generation.UNKNOWN
        self.version: str | None = None
        self._v2_write = True
        self._ask_at = 0.0
        self._known_at = -_BELIEVED_S
        # On the loopback it costs a sixth of the speed and saves nothing.
        self._compress = not _loopback(url)

    def identify(self) -> Generation:
        """Ask /ping who this is. Raises StoreUnavailable when nobody answers."""
        try:
            _, _, headers = self.api.call_api(
                "/ping", "GET", async_req=False, _return_http_data_only=False, _request_timeout=_PING_TIMEOUT_MS
            )
        except ApiException as error:
            # 3 Core wants a token here. Whatever the answer, its headers may tell.
            headers = error.headers or {}
        except (HTTPError, OSError, ValueError) as error:
            raise StoreUnavailable(f"InfluxDB does not answer: {error}") from error
        self.version = _header(headers, "X-Influxdb-Version")
        self.generation = generation_of(self.version)
        self._known_at = time.monotonic()
        return self.generation

    def write(self, body: bytes, precision: str) -> None:
        """Lines whose times are in `precision`. Raises StoreUnavailable or StoreRejected."""
        try:
            if self.generation is Generation.UNKNOWN and time.monotonic() >= self._ask_at:
                self.identify()
                self._ask_at = time.monotonic() + _ASK_AGAIN_S
            self._write(body, precision)
        except StoreRejected:
            self._stay_the_same()
            raise
        except StoreUnavailable:
            self._forget()
            raise

    def _forget(self) -> None:
        """What comes back may be another version, which knows other paths."""
        self.generation, self._ask_at, self._v2_write = Generation.UNKNOWN, 0.0, True

    def _stay_the_same(self) -> None:
        """Before a refusal is believed: an upgrade between two writes changes what it means."""
        if time.monotonic() - self._known_at < _BELIEVED_S:
            return
        known = self.generation
        try:
            changed = self.identify() is not known
        except StoreUnavailable:
            self._forget()
            raise
        if changed:
            self._forget()
            raise StoreUnavailable("another version of InfluxDB answers now: all is sent again")

    def _write(self, body: bytes, precision: str) -> None:
        if self._v2_write:
            query = [("org", self.org), ("bucket", self.bucket), ("precision", precision)]
            if self._post("/api/v2/write", query, body):
                return
            self._v2_write = False
        query = [("db", self.database), ("precision", precision)]
        if self.policy:
            query.append(("rp", self.policy))
        if not self._post("/write", query, body):
            # Something before InfluxDB may have answered, a proxy that restarts: ask anew from the beginning.
            self._v2_write = True
            raise StoreUnavailable("this is no InfluxDB: it knows neither /api/v2/write nor /write")

    def _post(self, path: str, query: list[tuple[str, str]], body: bytes) -> bool:
        """False when the server does not know this path."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        sent = body
        if self._compress and len(body) >= _COMPRESS_FROM:
            # The client would compress for /api/v2/write only, and at a level that takes longer than the way.
            headers["Content-Encoding"] = "gzip"
            sent = _gzip(body)
        try:
            _, status, _ = self.api.call_api(
                path,
                "POST",
                query_params=query,
                header_params=headers,
                body=sent,
                async_req=False,
                _return_http_data_only=False,
                _request_timeout=_WRITE_TIMEOUT_MS,
            )
        except ApiException as error:
            text = str(error.body or error.reason or "")
            if error.status == 404 and "page not found" in text:
                return False
            raise judge(self.generation, error.status, text, error.headers or {}, body.count(b"\n") + 1) from error
        except (HTTPError, OSError, ValueError) as error:
            # It may have stored them: they are written again, and that changes nothing.
            raise StoreUnavailable(f"InfluxDB does not answer: {error}") from error
        if status != 204:
            # A sign-in page of a network answers 200 to everything.
            raise StoreUnavailable(f"answered {status} to a write, where InfluxDB says 204: is the address right?")
        return True

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
            answer = content if isinstance(content, dict) else json.loads(content)
        except (ApiException, HTTPError, OSError, ValueError) as error:
            raise StoreUnavailable(f"InfluxDB does not answer: {error}") from error
        result = answer.get("results", [{}])[0]
        if "error" in result or "error" in answer:
            raise StoreUnavailable(f"InfluxDB: {result.get('error') or answer.get('error')}")
        series: list[dict[str, Any]] = result.get("series", [])
        return series

    def close(self) -> None:
        self.client.close()


def _header(headers: Mapping[str, str], name: str) -> str | None:
    return next((value for key, value in headers.items() if key.lower() == name.lower()), None)


def _gzip(body: bytes) -> bytes:
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    return packer.compress(body) + packer.flush()


def _loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class InfluxDestination:
    """Readings go out, and the states of alarms; other kinds of entry are not for InfluxDB."""

    name = "influx"
    batch = _BATCH
    kinds: frozenset[Kind] = frozenset({"lines", "readings", "alarm"})
    lazy: frozenset[Kind] = frozenset()

    def __init__(self, influx: Influx) -> None:
        self.influx = influx

    @property
    def version(self) -> str | None:
        return self.influx.version

    def deliver(self, entries: list[Entry]) -> None:
        readings: list[bytes] = []
        alarms: list[bytes] = []
        for entry in entries:
            if entry.kind == "lines":
                readings.append(entry.body)
            elif entry.kind == "readings":
                readings += [row_line(row).encode() for row in entry.body]
            else:
                alarms.append(alarm_line(entry.body).encode())
        if readings:
            self._write(b"\n".join(readings), "ms", alone=not alarms)
        if alarms:
            self._write(b"\n".join(alarms), "ns", alone=not readings)

    def _write(self, body: bytes, precision: str, *, alone: bool) -> None:
        """`alone`: this is all of the batch. Else a refusal of every line in it does not mean every entry."""
        try:
            self.influx.write(body, precision)
        except StoreRejected as error:
            error.every = error.every and alone
            raise
