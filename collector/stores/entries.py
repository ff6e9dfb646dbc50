"""What travels through the outbox: entries of a kind, their bodies as JSON.

Kinds and bodies:
`readings`   list of [device, metric, site or null, observed_at, value, quality, reasons, received_at]
`device`     columns of the device table that a collector observes
`alarm`      columns of the site database's alarm table
`transition` columns of alarm_transition
`dead_letter` columns of dead_letter, payload in base64
`event`      columns of collector_event
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import orjson

from collector.domain.alarms import Alarm, Transition
from collector.domain.reading import Reading

Kind = Literal["readings", "device", "alarm", "transition", "dead_letter", "event"]

# One reading of a `readings` body, in this order.
ReadingRow = tuple[str, str, str | None, int, float | None, int, int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """`seq` grows with time and is the order in which things happened here."""

    seq: int
    kind: Kind
    body: Any


@dataclass(frozen=True, slots=True)
class NewEntry:
    kind: Kind
    count: int
    body: bytes


def readings_entry(readings: Sequence[Reading], sites: dict[str, str | None]) -> NewEntry:
    rows: list[ReadingRow] = [
        (
            r.device,
            r.metric,
            sites.get(r.device),
            r.observed_at,
            r.value,
            int(r.quality),
            int(r.reasons),
            r.received_at,
        )
        for r in readings
    ]
    return NewEntry("readings", len(rows), orjson.dumps(rows))


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
