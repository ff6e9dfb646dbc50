"""Sparkplug B (https://sparkplug.eclipse.org/specification/): PLC gateways, edge nodes and the devices behind them.

What the host of `collector.ingest.sparkplug` passes on is JSON with names, types and units put in
(`collector/profiles/sparkplug/document.py`). A payload as an edge node sent it is read too, as far as it speaks for
itself: a birth does, and data without aliases that state their types.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from collector.domain.devices import slug
from collector.domain.reading import Quality, Reason
from collector.errors import MessageError
from collector.profiles.decoder import Decoder, Record, Unreadable, parse_json
from collector.profiles.measured import GOOD, Measured, Stated, number, worse
from collector.profiles.profile import Profile
from collector.profiles.sparkplug.document import birth, document
from collector.profiles.sparkplug.payload import parse

# The property `Quality` of a metric: chapter 6.4.11. The specification knows three.
_QUALITY: dict[int, Stated] = {
    192: GOOD,
    500: (Quality.UNCERTAIN, Reason.STALE),
    0: (Quality.BAD, Reason.DEVICE_FAULT),
}
# A code of another scheme: what it means is not known, but that it is not 192 is.
_OTHER: Stated = (Quality.UNCERTAIN, Reason.DEVICE_FAULT)
# A value that came without a birth: the unit, which only a birth states, is not known.
_NO_BIRTH: Stated = (Quality.UNCERTAIN, Reason.UNIT)
_NO_VALUE: Stated = (Quality.BAD, Reason.NO_VALUE)
_NUMERIC = ("Int", "UInt", "Float", "Double", "Boolean")
# What an edge node says of itself and lets be set: no readings (chapters 4.3, 5.16).
_CONTROL = ("Node Control/", "Device Control/")


class SparkplugDecoder(Decoder):
    defaults: ClassVar[Mapping[str, Any]] = {
        "match": [{"topic": "spBv1.0/{group}/{type}/{node}"}, {"topic": "spBv1.0/{group}/{type}/{node}/{device}"}],
        "device_id": "{group}.{payload:source}",
        "group": "{group}.{node}",
    }
    own_time = True
    open_names = True
    own_connection = True

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:
        """The document; `source` in it is `node` or `node.device`, from the topic."""
        content = parse_json(payload) if payload[:1] == b"{" else document(parse(payload), birth)
        if not isinstance(content, dict) or not isinstance(content.get("metrics"), list):
            raise MessageError("bad_format", "no list of metrics")
        if "node" in parts:
            named = [parts[name] for name in ("node", "device") if name in parts]
            # A name of which no letter is left would make one device of the node and all that bear such names.
            content["source"] = ".".join(named) if all(map(slug, named)) else ""
        return content

    def records(
        self, profile: Profile, parts: Mapping[str, str], content: Any  # noqa: ARG002
    ) -> Iterable[Record | Unreadable]:  # fmt: skip
        """Metrics of one moment together: each has a time of its own, that of the message where it has none."""
        moments: dict[int | None, _Moment] = {}
        for entry in content["metrics"]:
            if not isinstance(entry, dict):
                yield Unreadable("a metric that is no object")
                continue
            if refused := entry.get("refused"):
                yield Unreadable(f"{_called(entry)}: {str(refused)[:200]}")
                continue
            name, time = entry.get("name"), entry.get("timestamp", content.get("timestamp"))
            if not isinstance(name, str) or name == "bdSeq" or any(folder in name for folder in _CONTROL):
                continue
            if time is not None and type(time) is not int:
                yield Unreadable(f"{_called(entry)}: its time is no number")
                continue
            moment = moments.setdefault(time, _Moment(time))
            if name in moment.values:
                # Two values of one moment contradict each other: that is to be seen.
                yield moment.record()
                moment = moments[time] = _Moment(time)
            moment.add(name, entry)
        yield from (moment.record() for moment in moments.values())

    def unlisted(self, profile: Profile, record: Record) -> list[Measured]:
        """Numbers, and numbers that are missing. A text is none here, whatever stands in it: types are stated."""
        known = {rule.path[0] for rule in profile.metrics}
        units, stated = record.units or {}, record.stated or {}
        return [
            Measured(metric, number(value), units.get(name, profile.unlisted_unit), stated.get(name, GOOD))
            for name, value in record.content.items()
            if name not in known and not isinstance(value, str) and (metric := slug(name)[:64])
        ]


DECODER = SparkplugDecoder()


@dataclass(slots=True)
class _Moment:
    time: int | None
    values: dict[str, Any] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    stated: dict[str, Stated] = field(default_factory=dict)

    def record(self) -> Record:
        return Record(self.values, self.time, "ms", units=self.units, stated=self.stated)

    def add(self, name: str, entry: Mapping[str, Any]) -> None:
        value, properties = entry.get("value"), entry.get("properties")
        if isinstance(value, list | dict) or (value is None and not _numeric(entry.get("dataType"))):
            return
        self.values[name] = value
        if isinstance(properties, dict) and isinstance(unit := properties.get("engUnit"), str):
            self.units[name] = unit
        if (stated := _stated(entry, properties)) is not GOOD:
            self.stated[name] = stated


def _called(entry: Mapping[str, Any]) -> str:
    return str(entry["name"])[:100] if "name" in entry else f"alias {str(entry.get('alias'))[:20]}"


def _stated(entry: Mapping[str, Any], properties: Any) -> Stated:
    quality = properties.get("Quality") if isinstance(properties, dict) else None
    stated = _QUALITY.get(quality, _OTHER) if type(quality) is int else GOOD
    if entry.get("noBirth"):
        stated = worse(stated, _NO_BIRTH)
    return worse(stated, _NO_VALUE) if entry.get("value") is None else stated


def _numeric(datatype: Any) -> bool:
    return isinstance(datatype, str) and datatype.startswith(_NUMERIC) and not datatype.endswith("Array")
