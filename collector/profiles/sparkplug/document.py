"""From a Sparkplug B payload to a document that needs no birth to be read: names for aliases, types, units.

It has the form in which the specification itself shows payloads (chapter 6.4.2):
`{"timestamp", "seq", "metrics": [{"name", "timestamp", "dataType", "value", "isNull", "isHistorical", "properties"}]}`.
A metric that can never become a reading has `refused`, the reason; what lacks only its birth keeps its value beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from math import isfinite
from typing import Any, NamedTuple

import orjson

from collector.profiles.sparkplug.payload import Metric, Payload

# By number: chapter 6.4.16, Datatype Details.
TYPES = (
    "Unknown", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32", "UInt64", "Float", "Double", "Boolean",
    "String", "DateTime", "Text", "UUID", "DataSet", "Bytes", "File", "Template", "PropertySet", "PropertySetList",
    "Int8Array", "Int16Array", "Int32Array", "Int64Array", "UInt8Array", "UInt16Array", "UInt32Array", "UInt64Array",
    "FloatArray", "DoubleArray", "BooleanArray", "StringArray", "DateTimeArray",
)  # fmt: skip
_BITS = {1: 8, 2: 16, 3: 32, 4: 64, 5: 8, 6: 16, 7: 32, 8: 64}
_SIGNED = {1, 2, 3, 4}
_FLOATS = {9, 10}
_BOOLEAN, _DATETIME = 11, 13
_TEXTS = {12, 14, 15}
# A text becomes a number by the words of a profile; longer ones are none.
_LONGEST_TEXT = 500
# Where edge nodes put the unit. The specification leaves it open: `engUnit` is what Ignition's tags call it.
_UNITS = ("engUnit", "Engineering Units", "EngUnit", "unit", "Unit")
_LONGEST_UNIT = 40
# What stands in a message without a type can be told where it means the same in every type.
_PLAIN = {
    "float_value": 9, "double_value": 10, "boolean_value": 11, "string_value": 12, "dataset_value": 16,
    "template_value": 19,
}  # fmt: skip


class Known(NamedTuple):
    """What a birth says of a metric."""

    name: str
    datatype: int
    unit: str | None = None


def birth(metric: Metric) -> Known | None:
    """What this metric of a birth tells of later messages; None when that is nothing."""
    if metric.name is None or metric.fault is not None:
        return None
    datatype = metric.datatype or _PLAIN.get(metric.field or "", 0)
    return Known(metric.name, datatype, unit_of(metric))


def document(payload: Payload, find: Callable[[Metric], Known | None]) -> dict[str, Any]:
    """`find`: what is known of a metric by its alias or name. What nobody knows is refused."""
    metrics = (resolved(metric, find(metric)) for metric in payload.metrics)
    return written(payload.timestamp, payload.seq, (entry for entry in metrics if entry is not None))


def written(timestamp: int | None, seq: int | None, metrics: Iterable[dict[str, Any]]) -> dict[str, Any]:
    head = {"timestamp": timestamp, "seq": seq}
    return {key: value for key, value in head.items() if value is not None} | {"metrics": list(metrics)}


def as_json(content: dict[str, Any], largest: int) -> Iterator[bytes]:
    """In parts of no more than so many bytes, each a document: a birth may have tens of thousands of metrics."""
    made, metrics = orjson.dumps(content), content["metrics"]
    if len(made) <= largest or len(metrics) < 2:
        yield made
        return
    half = len(metrics) // 2
    for part in (metrics[:half], metrics[half:]):
        yield from as_json(content | {"metrics": part}, largest)


def needs_birth(metric: Metric) -> bool:
    """Whether it cannot be read by itself: it names itself by an alias, or leaves a type out that matters."""
    return metric.fault is None and (metric.name is None or (_datatype(metric, None) is None and not metric.null))


def resolved(metric: Metric, known: Known | None) -> dict[str, Any] | None:
    """The metric by name and type, or refused; None for what a historian is asked not to keep (`is_transient`)."""
    if metric.transient:
        return None
    name = metric.name or (known.name if known else None)
    named: dict[str, Any] = {"alias": metric.alias} if name is None else {"name": name}
    if metric.fault is not None:
        return named | {"refused": metric.fault}
    if name is None:
        why = "no birth that is still valid tells what this alias stands for" if metric.alias is not None else "no name"
        return named | _as_it_came(metric) | {"refused": why}
    datatype = _datatype(metric, known)
    if datatype is not None and datatype >= len(TYPES):
        return named | {"refused": f"Sparkplug 3.0 knows no type {datatype}"}
    if datatype is None and not metric.null:
        return named | _as_it_came(metric) | {"refused": "no birth that is still valid tells its type"}
    try:
        value = None if metric.null or metric.field is None else _value(datatype or 0, metric)
    except ValueError as error:
        return named | {"refused": str(error)}
    return named | _described(metric, known, datatype or 0, value)


def _as_it_came(metric: Metric) -> dict[str, Any]:
    """Of what only a birth could tell the meaning: a person may still know it. Whole numbers as in the message."""
    value = metric.value[:_LONGEST_TEXT] if isinstance(metric.value, str) else metric.value
    came = {"timestamp": metric.timestamp, "value": None if isinstance(value, bytes) else value}
    return {key: value for key, value in came.items() if value is not None}


def _described(metric: Metric, known: Known | None, datatype: int, value: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"dataType": TYPES[datatype], "value": value}
    if metric.timestamp is not None:
        entry["timestamp"] = metric.timestamp
    if value is None:
        entry["isNull"] = True
    if metric.historical:
        entry["isHistorical"] = True
    properties: dict[str, Any] = {}
    if isinstance(metric.properties.get("Quality"), int):
        properties["Quality"] = metric.properties["Quality"]
    if unit := unit_of(metric) or (known.unit if known else None):
        properties["engUnit"] = unit
    if properties:
        entry["properties"] = properties
    return entry


def unit_of(metric: Metric) -> str | None:
    found = (metric.properties.get(key) for key in _UNITS)
    return next(
        (unit.strip() for unit in found if isinstance(unit, str) and 0 < len(unit.strip()) <= _LONGEST_UNIT), None
    )


def _datatype(metric: Metric, known: Known | None) -> int | None:
    """None: it is not known, and matters."""
    return metric.datatype or (known.datatype if known else None) or _PLAIN.get(metric.field or "")


def _value(datatype: int, metric: Metric) -> Any:
    """Raises ValueError with the reason when it can be no reading."""
    value = metric.value
    if datatype in _BITS:
        return _integer(datatype, value)
    if datatype in _FLOATS:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"a {TYPES[datatype]} that holds no number")
        # Not a number is how many PLCs say that they have none.
        return float(value) if isfinite(value) else None
    if datatype == _BOOLEAN and isinstance(value, bool | int):
        return bool(value)
    if datatype == _DATETIME and type(value) is int:
        return _moment(value)
    if datatype in _TEXTS and isinstance(value, str):
        return value[:_LONGEST_TEXT]
    raise ValueError(f"a {TYPES[datatype]} is no value of one point")


def _integer(datatype: int, value: Any) -> int:
    """Signed ones are sent as two's complement in an unsigned field, with or without the sign in the bits above."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"a {TYPES[datatype]} that holds no whole number")  # noqa: TRY004 - one kind of refusal
    bits = _BITS[datatype]
    low = value & ((1 << bits) - 1)
    negative = datatype in _SIGNED and low >> (bits - 1)
    meant = low - (1 << bits) if negative else low
    if value != low and not (negative and value in (meant + (1 << 32), meant + (1 << 64))):
        raise ValueError(f"{value} does not fit into a {TYPES[datatype]}")
    return meant


def _moment(value: int) -> str:
    try:
        return datetime.fromtimestamp(value / 1000, UTC).isoformat(timespec="milliseconds")
    except (OverflowError, ValueError, OSError):
        raise ValueError(f"a DateTime of {value} ms is none") from None
