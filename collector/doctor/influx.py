"""InfluxDB: which one it is, what our token may do there, and how long it keeps things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from collector.doctor.finding import Finding, bad, duration, ok, unknown, warn
from collector.doctor.patient import Patient
from collector.errors import StoreRejected, StoreUnavailable
from collector.stores.housekeeping import BUFFER_DAYS
from collector.stores.influx_answers import MEANINGS, Generation, Refusal

if TYPE_CHECKING:
    from collector.stores.influx import Influx

CHECK = "InfluxDB"
_DAY_S = 86_400
# A comment in line protocol: rights and database are looked at, and nothing is written (tried on 1.6.7).
_NOTHING = b"# fieldproof doctor\n"
_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_WAITS = "Readings wait in collector.db until then; history on the screens is empty meanwhile."


def look(patient: Patient) -> Iterator[Finding]:
    if not patient.settings.influx_url:
        yield ok(CHECK, "not configured: collector.db keeps all readings")
        return
    # Imported here: who has no InfluxDB need not wait for its client.
    from collector.stores.influx import Influx

    influx = Influx(patient.settings)
    try:
        generation = influx.identify()
        yield _who(influx, generation, patient.settings.influx_address)
        yield _may_write(influx)
        yield from _may_read(influx, generation)
    except StoreUnavailable as error:
        yield bad(CHECK, str(error), _WAITS, "Start InfluxDB, or correct FIELDPROOF_INFLUX_URL.")
    finally:
        influx.close()


def _who(influx: Influx, generation: Generation, url: str) -> Finding:
    if generation is Generation.UNKNOWN:
        return warn(
            CHECK,
            f"{url} answers and does not say which InfluxDB it is (version: {influx.version or 'none'})",
            "What its refusals mean differs by version; the collector then takes the most careful meaning.",
            "See that this is InfluxDB itself; a proxy before it should pass on the header X-Influxdb-Version.",
        )
    if generation is Generation.V3:
        return warn(
            CHECK,
            f"InfluxDB {influx.version} at {url}",
            "3 Core refuses queries over more than about 3 days, so long histories stay empty.",
            "Start it with a larger --query-file-limit, or use InfluxDB 2 or 3 Enterprise.",
        )
    return ok(CHECK, f"InfluxDB {influx.version} at {url}")


def _may_write(influx: Influx) -> Finding:
    told = ok(CHECK, f"we may write to '{influx.bucket}'; whether it stores what it gets: see 'outbox' below")
    try:
        influx.write(_NOTHING, "ms")
    except StoreRejected as error:
        if MEANINGS.get((influx.generation, 400)) in (None, Refusal.PERHAPS_ITS_OWN):
            return _perhaps(influx, error)
        # Rights are looked at before the content: an InfluxDB that takes no empty batch has let us in.
        return told
    except StoreUnavailable as error:
        return _no_right(influx, error, "write")
    return told


def _perhaps(influx: Influx, error: StoreRejected) -> Finding:
    """3 answers 400 to a batch that it does not like, and just so when it can write nothing at all."""
    return unknown(
        CHECK,
        f"whether we may write to '{influx.bucket}': it answered an empty batch with {error}",
        "See 'outbox' below for what becomes of readings. If it does not take them: InfluxDB's log, and its disk.",
    )


def _may_read(influx: Influx, generation: Generation) -> Iterator[Finding]:
    try:
        influx.query("SHOW MEASUREMENTS LIMIT 1")
    except StoreUnavailable as error:
        yield _no_right(influx, error, "read")
        return
    yield ok(CHECK, f"we may read from '{influx.bucket}'")
    if generation is not Generation.V3:
        yield _retention(influx)


def _no_right(influx: Influx, error: StoreUnavailable, right: str) -> Finding:
    """The client's own exception is the cause: it carries the status."""
    status = getattr(error.__cause__, "status", None)
    said = str(getattr(error.__cause__, "body", None) or error).strip()
    if status == 401:
        change = "Correct FIELDPROOF_INFLUX_TOKEN; for InfluxDB 1.x it is 'user:password'."
    elif status == 403:
        grant = f'GRANT ALL ON "{influx.database}" TO <user>'
        change = f"Give the token read and write rights to the bucket; for InfluxDB 1.x: {grant}."
    elif status == 404 or "not found" in said:
        create = f'CREATE DATABASE "{influx.database}"'
        change = f"Create the bucket, or correct FIELDPROOF_INFLUX_BUCKET; for InfluxDB 1.x: {create}."
    else:
        change = "See InfluxDB's log."
    return bad(CHECK, f"we cannot {right} '{influx.bucket}': {said}", _WAITS, change)


def _retention(influx: Influx) -> Finding:
    try:
        policy = _policy(influx)
    except StoreUnavailable as error:
        return unknown(CHECK, f"how long it keeps readings cannot be read: {error}")
    if policy is None:
        return unknown(CHECK, f"how long '{influx.bucket}' keeps readings cannot be seen over InfluxQL")
    name, kept_s = policy
    if kept_s == 0:
        return ok(CHECK, f"'{name}' keeps readings for ever")
    if kept_s >= BUFFER_DAYS * _DAY_S:
        return ok(CHECK, f"'{name}' keeps readings for {duration(kept_s)}")
    return warn(
        CHECK,
        f"'{name}' keeps readings for {duration(kept_s)}, which is shorter than the collector's buffer of"
        f" {BUFFER_DAYS} days",
        "What comes after a longer outage is refused as too old, and what auditors ask for is gone soon.",
        "Lengthen its retention: permits mostly ask for years.",
    )


def _policy(influx: Influx) -> tuple[str, int] | None:
    """Name and seconds kept (0: for ever) of the policy that our readings go to."""
    for series in influx.query(f'SHOW RETENTION POLICIES ON "{influx.database}"'):
        for row in series["values"]:
            told: dict[str, Any] = dict(zip(series["columns"], row, strict=False))
            if told.get("name") == influx.policy or (not influx.policy and told.get("default")):
                return str(told["name"]), _seconds(str(told.get("duration", "0s")))
    return None


def _seconds(text: str) -> int:
    """Of Go's notation, such as '168h0m0s'."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([wdhms])", text))
