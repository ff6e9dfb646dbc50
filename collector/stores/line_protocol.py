"""Readings and alarms as InfluxDB's line protocol. Measurements and tags: CONTRACT, "InfluxDB schema".

Pure, and the readings' part is fast: it runs inside the ingest transaction, once for each reading.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from collector.domain.alarms import state_of
from collector.domain.reading import Quality, Reading

# A device that no site has adopted yet. The tag stands in the identity of a point: it must never be missing.
UNASSIGNED = "unassigned"
_WORDS = {int(quality): quality.word for quality in Quality}
_TAG = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ ", "\n": "_"})

# What stands before the values, for each (site, device, metric): many commits hold one reading of each point.
_prefixes: dict[tuple[str | None, str, str], str] = {}
_PREFIXES_MOST = 100_000


def reading_lines(run: Sequence[Reading], site: str | None) -> list[str]:
    """Readings of one point, a line for each, time in ms: value always a float, quality only when not good."""
    prefix = _prefix(site, run[0].device, run[0].metric)
    return [
        f"{prefix}{_fields(reading.value, reading.quality)} {reading.observed_at}"
        if reading.quality or reading.value is None
        # InfluxDB fixes a field's type by the first value it sees: an integer would refuse every float after it.
        else f"{prefix}value={float(reading.value)!r} {reading.observed_at}"
        for reading in run
    ]


def _prefix(site: str | None, device: str, metric: str) -> str:
    key = (site, device, metric)
    known = _prefixes.get(key)
    if known is None:
        if len(_prefixes) >= _PREFIXES_MOST:
            _prefixes.clear()
        known = f"readings,site={tag(site or UNASSIGNED)},device={tag(device)},metric={tag(metric)} "
        _prefixes[key] = known
    return known


def _fields(value: float | None, quality: int) -> str:
    """A missing value has its quality alone: a line without a field is none."""
    word = f'quality="{_WORDS[quality]}"'
    return word if value is None else f"value={float(value)!r},{word}"


def row_line(row: Sequence[Any]) -> str:
    """One reading as outbox entries of kind `readings` and `latest` hold it."""
    device, metric, site, observed_at, value, quality, _, _ = row
    fields = f"value={float(value)!r}" if quality == Quality.GOOD and value is not None else _fields(value, quality)
    return f"{_prefix(site, device, metric)}{fields} {observed_at}"


def alarm_line(alarm: dict[str, Any]) -> str:
    """An alarm's state at the time it changed, to be drawn beside its readings: measurement `alarms`, time in ns.

    The revision stands in the nanoseconds. So each has an identity of its own, and the last in time is the last that
    happened, whichever of them is written last.
    """
    acknowledged = alarm["acknowledged_at"] is not None
    changed = [alarm[key] for key in ("raised_at", "cleared_at", "acknowledged_at") if alarm[key] is not None]
    fields = {
        "alarm": alarm["id"],
        "level": alarm["level"],
        "state": state_of(alarm["condition"], acknowledged=acknowledged),
    }
    texts = ",".join(f"{name}={_string(text)}" for name, text in fields.items())
    numbers = "".join(f",{name}={float(alarm[name])!r}" for name in ("value", "peak") if alarm[name] is not None)
    tags = ",".join(
        f"{name}={tag(alarm[column] or UNASSIGNED)}"
        for name, column in (("site", "site_id"), ("device", "device_id"), ("metric", "metric"), ("limit", "limit_id"))
    )
    return f"alarms,{tags} {texts}{numbers} {max(changed) * 1_000_000 + alarm['revision'] % 1_000_000}"


def site_of(line: str) -> str | None:
    """The site that a reading's or alarm's line names; None when it names none. Our own lines only: no blanks in it."""
    _, found, rest = line.partition("site=")
    site = rest.split(",", 1)[0]
    return site if found and site not in ("", UNASSIGNED) else None


def tag(text: str) -> str:
    return text.translate(_TAG)


def _string(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
