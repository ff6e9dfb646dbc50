"""Fieldproof's own plain format: one object or a list of them, `{"time", "values", "quality", "units"}` (CONTRACT)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from collector.domain.devices import slug
from collector.domain.reading import stated_quality
from collector.domain.times import parse_time
from collector.errors import MessageError
from collector.profiles.decoder import Decoded, Decoder, Decoding
from collector.profiles.measured import GOOD, Measured, make_measured, number
from collector.profiles.profile import Names, Profile

# No unit and no word for a quality is longer.
_MAX_TEXT = 40


class PlainDecoder(Decoder):
    own_time = True
    open_names = True

    def decode(self, profile: Profile, parts: dict[str, str], content: Any) -> Decoding:
        """A fault in one object of a list leaves the others usable."""
        names = profile.names(parts, content)
        if not names.device or not parts.get("site") or not parts.get("device"):
            raise MessageError("no_device", "the topic names no site or no device")
        by_receipt = profile.time is not None and profile.time.trust == "receipt"
        if not isinstance(content, list):
            try:
                return Decoding((_object(content, names, by_receipt),))
            except ValueError as error:
                raise MessageError("bad_format", str(error)) from None
        return _list(content, names, by_receipt)


DECODER = PlainDecoder()


def _list(objects: list[Any], names: Names, by_receipt: bool) -> Decoding:
    decoded, faults = [], []
    for position, entry in enumerate(objects):
        try:
            decoded.append(_object(entry, names, by_receipt))
        except ValueError as error:
            faults.append(f"object {position + 1} of {len(objects)}: {error}")
    if not objects:
        raise MessageError("empty", "the list holds no objects")
    if not decoded:
        raise MessageError("bad_format", "; ".join(faults[:5]))
    return Decoding(decoded, faults)


def _object(entry: Any, names: Names, by_receipt: bool) -> Decoded:
    if not isinstance(entry, dict):
        raise ValueError(f"expected an object with 'values', found {type(entry).__name__}")  # noqa: TRY004 - one kind of refusal
    values = entry.get("values")
    if not isinstance(values, dict) or not values:
        raise ValueError("'values' must be an object such as {\"ph\": 7.1}")
    sent = None if by_receipt else entry.get("time")
    time, certain = (None, True) if sent is None else parse_time(sent)
    if "quality" not in entry and "units" not in entry:
        measured = [make_measured((_metric(name), number(value), None, GOOD)) for name, value in values.items()]
    else:
        measured = _described(values, _texts(entry, "quality"), _texts(entry, "units"))
    return Decoded(names.source, names.device, names.site, time, certain, measured)


def _described(values: dict[str, Any], qualities: dict[str, str], units: dict[str, str]) -> list[Measured]:
    return [
        Measured(_metric(name), number(value), units.get(name), stated_quality(qualities.get(name, "good")))
        for name, value in values.items()
    ]


def _texts(entry: dict[str, Any], key: str) -> dict[str, str]:
    found = entry.get(key) or {}
    if not isinstance(found, dict):
        raise ValueError(f"'{key}' must be an object with a text for each metric")  # noqa: TRY004
    for name, text in found.items():
        if not isinstance(text, str) or len(text) > _MAX_TEXT:
            raise ValueError(f"'{key}' of {name[:40]} must be a text of at most {_MAX_TEXT} characters")
    return dict(found)


# The same few names come again with every message.
@lru_cache(maxsize=10_000)
def _metric(name: str) -> str:
    metric = slug(name)[:64]
    if not metric:
        raise ValueError(f"metric name '{name[:40]}' has no letter or digit")
    return metric
