"""Sensor Measurement Lists, in JSON (`senml`) and in CBOR (`senml_cbor`): RFC 8428, and RFC 8798 for secondary units.

A message is a pack, a list of records. Base fields (`bn`, `bt`, `bu`, `bv`, `bs`) hold for their record and all after
it, until given again. A record's name is `bn` + `n`; it is read as `<device>/<metric>`, see `split_name`.

Times: what is 2^28 or more counts seconds since 1970. Less counts from "roughly now", mostly into the past; as the RFC
proposes, that becomes the time of receipt and so many seconds.

Values: `v`, and `vb` as 0 or 1. A text (`vs`) is a value only for a metric that the profile names with `words` or
`states`; data (`vd`) is none. A sum (`s`, the integral over time) stands beside them under `<metric>_sum`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from math import isfinite
from typing import Any, ClassVar, NamedTuple

import cbor2

from collector.errors import MessageError
from collector.profiles.decoder import Decoder, Record, Unreadable, named, parse_json
from collector.profiles.profile import MAX_NAME, Profile

# RFC 8428 §4.5.3: less is relative to now.
_ABSOLUTE_FROM = 2**28
# What a clock can mean at all: a span of 30 years. More is refused, so that no arithmetic overflows.
_LONGEST_AGO_S = 1_000_000_000
# RFC 8428 §4.4 and RFC 9100: version 10, to which bit 4 adds secondary units. Drafts before the RFC bore smaller ones.
_VERSION, _SECONDARY_UNITS = 10, 16

# RFC 8428 table 4: the integers that stand for labels in CBOR.
_LABELS = {-1: "bver", -2: "bn", -3: "bt", -4: "bu", -5: "bv", -6: "bs", 0: "n", 1: "u", 2: "v", 3: "vs", 4: "vb",
           5: "s", 6: "t", 7: "ut", 8: "vd"}  # fmt: skip
_BASE = ("bn", "bt", "bu", "bv", "bs", "bver")
_DEEPEST = 8
# No gateway gathers more before it sends, and a pack of a megabyte of nothing but values is no stall.
_MOST_RECORDS = 50_000

# RFC 9039: a device's URN is one whole, such as urn:dev:ow:10e2073a01080063; behind it `_`, `:` or `/` and a part.
_URN = re.compile(r"urn:dev:[a-z0-9]{1,32}:[^/:_;]{1,200}", re.IGNORECASE)

# Symbols of the IANA registry "SenML Units" that the vocabulary spells otherwise; the others are the same.
# `ppm` of SenML is a bare ratio: read as one of a gas, so that it is never taken for mg/L.
_UNITS = {"Cel": "degC", "%RH": "%", "%EL": "%", "EL": "s", "/": "dimensionless", "/100": "%", "/1000": "permille",
          "l": "L", "l/s": "L/s", "m2": "m**2", "m/s2": "m/s**2", "cd/m2": "cd/m**2", "kg/m3": "kg/m**3",
          "C": "coulomb", "F": "farad", "Ohm": "ohm", "B": "byte", "lat": "deg", "lon": "deg", "beats": "count",
          "VAs": "VA*s", "vars": "VA*s", "kVAh": "kVA*h", "KiB": "kibibyte", "GB": "gigabyte", "Wh/km": "W*h/km",
          "ppm": "ppm_gas"}  # fmt: skip
# A sum is in the unit times seconds.
_SUMS = {"W": "W*s", "A": "A*s", "m3/s": "m3", "l/s": "L", "kg/s": "kg", "m/s": "m", "B/s": "byte"}
# What is measured, of a sensor whose name is a device's URN and nothing else.
_BY_UNIT = {"Cel": "temperature", "%RH": "humidity", "W": "active_power", "Wh": "energy_import", "V": "voltage",
            "A": "current", "pH": "ph", "lx": "illuminance", "%EL": "battery", "Hz": "frequency"}  # fmt: skip


class Point(NamedTuple):
    """One resolved record. `time` None: `offset` milliseconds from the receipt."""

    device: str
    metric: str
    time: float | None
    offset: int
    values: Mapping[str, float | bool | str]
    units: Mapping[str, str]


@dataclass
class _Base:
    """The base fields as they stand."""

    fields: dict[str, Any] = field(default_factory=dict)

    def number(self, label: str) -> float:
        return float(self.fields.get(label, 0.0))

    def text(self, label: str) -> str:
        return str(self.fields.get(label, ""))


class SenmlDecoder(Decoder):
    own_time = True
    open_names = True
    defaults: ClassVar[Mapping[str, Any]] = {"device_id": "{point:device}", "source_name": "{point:device}"}

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:  # noqa: ARG002
        """Raises MessageError for what is no pack, or one that must not be used."""
        return _checked(self.parse(payload))

    def parse(self, payload: bytes) -> Any:
        return parse_json(payload)

    def records(self, profile: Profile, parts: Mapping[str, str], content: Any) -> Iterable[Record | Unreadable]:
        """One for each device and moment. A device that no name tells is that of the topic's `{device}`."""
        found = list(_resolved(content, named(profile)))
        yield from (one for one in found if isinstance(one, Unreadable))
        yield from _together((one for one in found if isinstance(one, Point)), parts.get("device", ""))


class SenmlCborDecoder(SenmlDecoder):
    def parse(self, payload: bytes) -> Any:
        """With the labels of JSON."""
        try:
            pack = cbor2.loads(payload, max_depth=_DEEPEST, semantic_decoders=_NO_TAGS, tag_hook=_tag)
        # A bad date or text within raises what its own reader raises; the library wraps most of it, not all.
        except (cbor2.CBORError, ValueError, TypeError, ArithmeticError, UnicodeError) as error:
            raise MessageError("bad_format", f"not CBOR: {error}") from None
        if not isinstance(pack, list):
            return pack
        return [_labelled(record) if isinstance(record, dict) else record for record in pack]


DECODER = SenmlDecoder()
CBOR_DECODER = SenmlCborDecoder()


def _refuse_tag(*_: Any) -> Any:
    raise cbor2.CBORDecodeError("this tag is not of SenML")


def _tag(decoder: Any, tag: Any, *_: Any) -> Any:  # noqa: ARG001
    return _refuse_tag()


# Of the tags only decimal fractions belong to SenML (RFC 8428 §6). The others would make dates, regular expressions,
# fractions or references to what contains them of a device's bytes.
_NO_TAGS = dict.fromkeys(
    (0, 1, 2, 3, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43_000), _refuse_tag
)


def _labelled(record: dict[Any, Any]) -> dict[str, Any]:
    fields = {}
    for label, value in record.items():
        name = _LABELS.get(label) if type(label) is int else label
        if isinstance(name, str):
            fields[name] = float(value) if isinstance(value, Decimal) else value
    return fields


def _checked(pack: Any) -> list[dict[str, Any]]:
    """Raises MessageError for what is no list of records, and for a pack that says it needs more than we know."""
    if not isinstance(pack, list):
        raise MessageError("bad_format", f"a SenML pack is a list of records, found {type(pack).__name__}")
    if not pack:
        raise MessageError("empty", "the pack holds no records")
    version = None
    for position, record in enumerate(pack, 1):
        if not isinstance(record, dict):
            raise MessageError("bad_format", f"record {position} is no object")
        for label, value in record.items():
            if label.endswith("_"):
                raise MessageError("bad_format", f"record {position} has {label[:40]!r}, which must be understood")
            if label in _BASE and (fault := _base_fault(label, value)):
                raise MessageError("bad_format", f"record {position}: {fault}")
        if version is not None and record.get("bver", version) != version:
            raise MessageError("bad_format", f"record {position} is of another version than the first")
        version = record.get("bver", version)
    return pack


def _base_fault(label: str, value: Any) -> str | None:
    if label in ("bn", "bu"):
        return None if isinstance(value, str) and len(value) <= MAX_NAME else f"{label} must be a short text"
    if label == "bver":
        known = isinstance(value, int | float) and (1 <= value <= _VERSION or value == _VERSION + _SECONDARY_UNITS)
        return None if known else f"version {value!r:.20} of SenML is not known here; up to {_VERSION} is"
    return None if _is_number(value) else f"{label} must be a number"


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return isfinite(value)
    except OverflowError:
        return False


def _resolved(pack: list[dict[str, Any]], texts: set[str]) -> Iterator[Point | Unreadable]:
    """Each record with the base fields applied, as RFC 8428 §4.6 has it."""
    base = _Base()
    for position, record in enumerate(pack, 1):
        if position > _MOST_RECORDS:
            yield Unreadable(f"only the first {_MOST_RECORDS} records of a pack are taken")
            return
        base.fields.update((label, record[label]) for label in _BASE if label in record)
        if record.keys() <= {*_BASE, "ut"}:
            continue
        try:
            point = _point(base, record, texts)
        except ValueError as error:
            yield Unreadable(f"record {position}: {error}")
            continue
        if point is not None:
            yield point


def _point(base: _Base, record: dict[str, Any], texts: set[str]) -> Point | None:
    """None for a record of which nothing is a number. Raises ValueError with what is wrong."""
    own = record.get("n", "")
    if not isinstance(own, str) or len(own) > MAX_NAME:
        raise ValueError("n must be a short text")
    if not (name := base.text("bn") + own):
        raise ValueError("it has no name")
    unit = record.get("u", base.text("bu"))
    if not isinstance(unit, str):
        raise ValueError("u must be a text")  # noqa: TRY004 - one kind of refusal
    device, metric = split_name(name)
    metric = metric or _BY_UNIT.get(unit, "value")
    values, units = _values(base, record, metric, unit)
    values = {key: value for key, value in values.items() if not isinstance(value, str) or key in texts}
    time, offset = _time(base.number("bt"), record.get("t", 0.0))
    return Point(device, metric, time, offset, values, units) if values else None


def split_name(name: str) -> tuple[str, str]:
    """Device and metric: what stands before and behind the last `/` or `:`; behind a URN of a device also `_`.

    `plant/et1/ph` -> plant/et1 and ph. Without any, the name is the metric's and the device is not told; when nothing
    but a device's URN stands there, or the name ends with a separator, the metric is not told.
    """
    urn = _URN.match(name)
    head, rest = (urn[0], name[urn.end() :]) if urn else ("", name)
    at = max(rest.rfind("/"), rest.rfind(":"), rest.rfind("_") if urn and not {"/", ":"} & set(rest) else -1)
    if at < 0:
        return (head, "") if urn else ("", name)
    return head + rest[:at], rest[at + 1 :]


def _time(base: float, own: Any) -> tuple[float | None, int]:
    if not _is_number(own):
        raise ValueError("t must be a number")
    time = base + own
    if time >= _ABSOLUTE_FROM:
        return time, 0
    if time < -_LONGEST_AGO_S:
        raise ValueError(f"t, {time:g} seconds from now, is no time")
    return None, round(time * 1000)


def _values(
    base: _Base, record: dict[str, Any], metric: str, unit: str
) -> tuple[dict[str, float | bool | str], dict[str, str]]:
    """The value and the sum, by the names under which they stand, and their units in our spelling."""
    values: dict[str, float | bool | str] = {}
    units: dict[str, str] = {}
    if "vb" in record or "vs" in record:
        values[metric] = _word(record)
    elif "v" in record or ("bv" in base.fields and "s" not in record and "vd" not in record):
        values[metric] = _sum(base.number("bv"), record.get("v", 0.0), "v")
    if "s" in record or ("bs" in base.fields and "vd" not in record):
        values[f"{metric}_sum"] = _sum(base.number("bs"), record.get("s", 0.0), "s")
    if not values and "vd" not in record:
        raise ValueError("it has no value")
    if unit:
        units = {metric: _UNITS.get(unit, unit), f"{metric}_sum": _SUMS.get(unit, f"{_UNITS.get(unit, unit)}*s")}
    return values, units


def _word(record: dict[str, Any]) -> bool | str:
    value = record.get("vb", record.get("vs"))
    if isinstance(value, bool) if "vb" in record else isinstance(value, str):
        return value  # type: ignore[return-value] # just asked
    raise ValueError("vb must be true or false, and vs a text")


def _sum(base: float, own: Any, label: str) -> float:
    if not _is_number(own) or not isfinite(total := base + own):
        raise ValueError(f"{label} must be a number")
    return float(total)


def _together(points: Iterable[Point], device: str) -> Iterator[Record]:
    """Points of one device and moment as one record; a metric that comes twice begins another."""
    open_: dict[tuple[str, float | None, int], Record] = {}
    for point in points:
        key = (point.device or device, point.time, point.offset)
        record = open_.get(key)
        if record is not None and record.content.keys().isdisjoint(point.values):
            record.content.update(point.values)
            record.units.update(point.units)  # type: ignore[union-attr] # made below
            continue
        if record is not None:
            yield record
        names = {"device": key[0]}
        open_[key] = Record(dict(point.values), point.time, "s", names, dict(point.units), None, point.offset)
    yield from open_.values()
