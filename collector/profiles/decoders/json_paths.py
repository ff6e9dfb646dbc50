"""Metrics found at fixed paths of a JSON payload, as the profile lists them."""

from __future__ import annotations

from typing import Any

from collector.domain.reading import Quality, Reason
from collector.domain.times import parse_time
from collector.errors import MessageError
from collector.profiles.decoders.base import Decoded, Decoding, Measured, number, parse_json
from collector.profiles.profile import Profile, walk

_ABSENT = object()


def decode(profile: Profile, parts: dict[str, str], payload: bytes) -> Decoding:
    """A payload may hold any part of the metrics: many devices send only what changed."""
    content = parse_json(payload)
    names = profile.names(parts, content)
    if not names.device:
        raise MessageError("no_device", f"nothing found for the device id '{profile.device_id}'")
    measured = _measured(profile, content)
    if not measured:
        return Decoding()
    time, certain = _time(profile, content)
    return Decoding([Decoded(names.source, names.device, names.site, time, certain, measured)])


def _measured(profile: Profile, content: Any) -> tuple[Measured, ...]:
    stated = _stated(profile, content)
    found = []
    for rule in profile.metrics:
        value = walk(content, rule.path, _ABSENT)
        if value is not _ABSENT:
            found.append(Measured(rule.name, number(value), rule.unit, stated))
    return tuple(found)


def _stated(profile: Profile, content: Any) -> tuple[Quality, Reason]:
    """The worst of what the device reports about itself, with all its reasons."""
    quality, reasons = Quality.GOOD, Reason.NONE
    for rule in profile.quality:
        if walk(content, rule.path):
            quality, reasons = max(quality, rule.quality), reasons | rule.reason
    return quality, reasons


def _time(profile: Profile, content: Any) -> tuple[int | None, bool]:
    rule = profile.time
    found = None if rule is None or rule.trust == "receipt" else walk(content, rule.path)
    if rule is None or found is None:
        return None, True
    try:
        return parse_time(found, rule.unit)
    except ValueError as error:
        raise MessageError("bad_time", str(error)) from None
