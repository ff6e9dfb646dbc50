"""What travels through the outbox: entries of a kind, their bodies as JSON, but for `lines`.

Kinds and bodies:
`latest`     list of [device, metric, site or null, observed_at, value, quality, reasons, received_at]: of each point
             its newest reading in one commit, for the site database
`lines`      line protocol, UTF-8, ms: every reading of one commit, for InfluxDB; only where it is configured
`readings`   every reading of one commit in the shape of `latest`, for both: from earlier versions, still delivered
`device`     columns of the device table that a collector observes, `last_payload` in base64; from earlier versions
             without the last message
`alarm`      columns of the site database's alarm table
`transition` columns of alarm_transition
`dead_letter` columns of dead_letter, payload in base64
`event`      columns of collector_event
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import orjson

from collector.domain.alarms import Alarm, Transition
from collector.domain.reading import Reading
from collector.stores.line_protocol import reading_lines

Kind = Literal["latest", "lines", "readings", "device", "alarm", "transition", "dead_letter", "event"]

# Lines of one entry. An entry is the least that is sent at once, and on a slow line that must be little.
LINES_EACH = 1_000

# One reading of a `latest` or `readings` body, in this order.
ReadingRow = tuple[str, str, str | None, int, float | None, int, int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """`seq` grows with time and is the order in which things happened here. The body of `lines` is bytes."""

    seq: int
    kind: Kind
    body: Any


@dataclass(frozen=True, slots=True)
class NewEntry:
    kind: Kind
    count: int
    body: bytes


def decode(seq: int, kind: Kind, body: bytes) -> Entry:
    return Entry(seq, kind, body if kind == "lines" else orjson.loads(body))


def encode(entry: Entry) -> bytes:
    return bytes(entry.body) if entry.kind == "lines" else orjson.dumps(entry.body)


def halves(entry: Entry) -> list[Entry]:
    """An entry of many rows or lines cut in two; alone when it cannot be cut."""
    rows = _rows(entry)
    if len(rows) < 2:
        return [entry]
    middle = len(rows) // 2
    return [_of_rows(entry, rows[:middle]), _of_rows(entry, rows[middle:])]


def singles(entry: Entry) -> list[Entry]:
    """Each row or line of an entry alone."""
    rows = _rows(entry)
    return [entry] if len(rows) < 2 else [_of_rows(entry, [row]) for row in rows]


def _rows(entry: Entry) -> list[Any]:
    if entry.kind == "lines":
        return list(entry.body.split(b"\n"))
    return entry.body if entry.kind in ("latest", "readings") else [entry.body]


def _of_rows(entry: Entry, rows: list[Any]) -> Entry:
    return Entry(entry.seq, entry.kind, b"\n".join(rows) if entry.kind == "lines" else rows)


def reading_entries(
    runs: Sequence[Sequence[Reading]], sites: Mapping[str, str | None], long_term: bool = True
) -> list[NewEntry]:
    """What one commit has for the site database and, with `long_term`, for InfluxDB.

    `runs` are the readings of each point, by `observed_at` ascending.
    """
    entries = [latest_entry((run[-1] for run in runs), sites)]
    if long_term:
        lines = [line for run in runs for line in reading_lines(run, sites.get(run[0].device))]
        for start in range(0, len(lines), LINES_EACH):
            part = lines[start : start + LINES_EACH]
            entries.append(NewEntry("lines", len(part), "\n".join(part).encode()))
    return entries


def latest_entry(readings: Iterable[Reading], sites: Mapping[str, str | None]) -> NewEntry:
    """The newest reading of each point: the site database shows the latest value."""
    newest: dict[tuple[str, str], Reading] = {}
    for reading in readings:
        key = (reading.device, reading.metric)
        known = newest.get(key)
        if known is None or reading.observed_at >= known.observed_at:
            newest[key] = reading
    rows = [_row(reading, sites) for reading in newest.values()]
    return NewEntry("latest", len(rows), orjson.dumps(rows))


def _row(r: Reading, sites: Mapping[str, str | None]) -> ReadingRow:
    site = sites.get(r.device)
    return (r.device, r.metric, site, r.observed_at, r.value, int(r.quality), int(r.reasons), r.received_at)


def record_entry(kind: Kind, record: dict[str, Any]) -> NewEntry:
    return NewEntry(kind, 1, orjson.dumps(record))


def alarm_record(alarm: Alarm) -> dict[str, Any]:
    """The alarm as the site database's row, without `source` and `forwarded_at`, which the forwarder adds."""
    limit = alarm.limit
    return {
        "id": alarm.id,
        "limit_id": limit.id,
        "limit_version": limit.version,
        "site_id": limit.site,
        "device_id": limit.device,
        "metric": limit.metric,
        "kind": limit.kind,
        "level": limit.level,
        "priority": limit.priority,
        "threshold": limit.value,
        "aspect_id": limit.aspect,
        "message": limit.message,
        "condition": alarm.condition,
        "raised_at": alarm.raised_at,
        "cleared_at": alarm.cleared_at,
        "acknowledged_at": alarm.acknowledged_at,
        "acknowledged_by": alarm.acknowledged_by,
        "value": alarm.value,
        "peak": alarm.peak,
        "revision": alarm.revision,
    }


def transition_record(transition: Transition) -> dict[str, Any]:
    record = asdict(transition)
    record["alarm_id"] = record.pop("alarm")
    return record
