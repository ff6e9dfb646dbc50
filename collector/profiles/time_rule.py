"""The time rule of a profile: where a message has its time, and what that time means (docs/time.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from collector.domain.times import TimeUnit

# Besides the names of zones.
UTC_ZONE, SITE_ZONE = "utc", "site"


@dataclass(frozen=True, slots=True)
class TimeRule:
    """`path` empty: the format has a place of its own for the time. `zone` None: nothing is known of naive times."""

    path: tuple[str | int, ...] = ()
    unit: TimeUnit = "iso"
    zone: str | None = None
    trust: Literal["device", "receipt"] = "device"

    def fault(self, *, own_time: bool) -> str | None:
        """Whether a decoder can do with this; `own_time`: its format has a place for the time."""
        if own_time and self.path:
            return "the format has a place of its own for the time; give zone and trust only"
        if not own_time and not self.path and self.trust == "device":
            return "missing; where in the payload is the time?"
        return None


def _known_zone(name: str) -> None:
    if name in (UTC_ZONE, SITE_ZONE):
        return
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValidationError(f"'{name}' is no time zone; use utc, site, or a name such as Europe/Dublin") from None


class TimeSchema(Schema):
    path = fields.List(fields.Raw(), validate=validate.Length(min=1), load_default=None)
    unit = fields.String(validate=validate.OneOf(["iso", "s", "ms", "us", "ns"]), load_default=None)
    zone = fields.String(validate=_known_zone, load_default=None)
    trust = fields.String(validate=validate.OneOf(["device", "receipt"]), load_default="device")

    @validates_schema
    def _whole(self, data: dict[str, Any], **_: Any) -> None:
        if (data["path"] is None) != (data["unit"] is None):
            raise ValidationError("path and unit go together", "unit" if data["unit"] is None else "path")


def time_rule(loaded: dict[str, Any] | None) -> TimeRule | None:
    if loaded is None:
        return None
    return TimeRule(tuple(loaded["path"] or ()), loaded["unit"] or "iso", loaded["zone"], loaded["trust"])
