"""The form of a demo site's file. What its keys mean stands in `device_configs/sites/demo.yaml` itself."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validate

SLUG = validate.Regexp(r"^[a-z0-9._-]+$", error="must be of the letters a-z, digits, '.', '_' and '-'")
POINT = validate.Regexp(r"^[a-z0-9._-]+/[a-z0-9_]+$", error="must be of the form device/metric")
LOCAL_TIME = validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d$", error="must be a time of day such as 05:10")
POSITIVE = validate.Range(min=0, min_inclusive=False)
NOT_NEGATIVE = validate.Range(min=0)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValidationError(f"'{name}' is not a time zone of the IANA database, such as Europe/Dublin") from None


def _text(**options: object) -> fields.String:
    return fields.String(required=True, validate=validate.Length(1, 500), **options)  # type: ignore[arg-type]


class SiteSchema(Schema):
    id = fields.String(required=True, validate=SLUG)
    name = _text()
    timezone = fields.String(required=True, validate=_zone)


class LocationSchema(Schema):
    id = fields.String(required=True, validate=SLUG)
    name = _text()
    parent = fields.String(load_default=None)


class AspectSchema(Schema):
    id = fields.String(required=True, validate=SLUG)
    name = _text()
    activity = _text()
    impact = _text()
    condition = fields.String(required=True, validate=validate.OneOf(["normal", "abnormal", "emergency"]))
    significant = fields.Boolean(required=True)
    location = fields.String(required=True)


class DeviceSchema(Schema):
    id = fields.String(required=True, validate=SLUG)
    source_name = _text()
    name = _text()
    profile = fields.String(required=True)
    location = fields.String(required=True)
    aspect = fields.String(required=True)
    aspects = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    stale_after_s = fields.Integer(load_default=300, validate=POSITIVE)
    history_s = fields.Integer(load_default=300, validate=POSITIVE)


class LimitSchema(Schema):
    id = fields.String(required=True, validate=SLUG)
    point = fields.String(required=True, validate=POINT)
    kind = fields.String(required=True, validate=validate.OneOf(["high", "low"]))
    value = fields.Float(required=True)
    level = fields.String(required=True, validate=validate.OneOf(["warning", "action", "permit"]))
    priority = fields.String(required=True, validate=validate.OneOf(["low", "medium", "high", "critical"]))
    deadband = fields.Float(load_default=0.0, validate=NOT_NEGATIVE)
    on_delay_s = fields.Integer(load_default=0, validate=NOT_NEGATIVE)
    off_delay_s = fields.Integer(load_default=0, validate=NOT_NEGATIVE)
    message = _text()


def _day() -> fields.List[float]:
    """One number for each hour."""
    return fields.List(fields.Float(validate=NOT_NEGATIVE), required=True, validate=validate.Length(equal=24))


class RhythmSchema(Schema):
    weekday = _day()
    saturday = _day()
    sunday = _day()


class CleaningSchema(Schema):
    at = fields.List(fields.String(validate=LOCAL_TIME), required=True)
    minutes = fields.Integer(required=True, validate=validate.Range(20, 240))


class CycleSchema(Schema):
    amount = fields.Float(required=True)
    period_min = fields.Float(required=True, validate=POSITIVE)
    duty = fields.Float(required=True, validate=validate.Range(0, 1))


class SignalSchema(Schema):
    base = fields.Float(required=True)
    rhythm = fields.Float(load_default=0.0)
    lag_min = fields.Float(load_default=0.0)
    warmth = fields.Float(load_default=0.0)
    cleaning = fields.Float(load_default=0.0)
    noise = fields.Float(load_default=0.0, validate=NOT_NEGATIVE)
    noise_s = fields.Float(load_default=60.0, validate=POSITIVE)
    jitter = fields.Float(load_default=0.0, validate=NOT_NEGATIVE)
    cycle = fields.Nested(CycleSchema, load_default=None)
    includes = fields.List(fields.String(validate=POINT), load_default=list)


class CounterSchema(Schema):
    of = fields.String(required=True, validate=POINT)
    start = fields.Float(required=True, validate=NOT_NEGATIVE)


class ExceedanceSchema(Schema):
    id = _text()
    point = fields.String(required=True, validate=POINT)
    target = fields.Float(load_default=None)
    add = fields.Float(load_default=None)
    rise_min = fields.Float(required=True, validate=POSITIVE)
    hold_min = fields.Float(required=True, validate=POSITIVE)
    fall_min = fields.Float(required=True, validate=POSITIVE)
    weight = fields.Float(required=True, validate=POSITIVE)
    hours = fields.List(
        fields.Integer(validate=validate.Range(0, 24)),
        load_default=lambda: [0, 24],
        validate=validate.Length(equal=2),
    )
    days = fields.List(fields.String(validate=validate.OneOf(WEEKDAYS)), load_default=lambda: list(WEEKDAYS))
    note = _text()


class WindowSchema(Schema):
    point = fields.String(validate=POINT)
    device = fields.String(validate=SLUG)
    every_days = fields.Integer(required=True, validate=POSITIVE)
    at = fields.String(required=True, validate=LOCAL_TIME)
    minutes = fields.Integer(required=True, validate=validate.Range(1, 720))
    buffer = fields.Float()


class SignalsSchema(Schema):
    seed = fields.Integer(required=True)
    counters_since = fields.AwareDateTime(required=True, format="iso")
    rhythm = fields.Nested(RhythmSchema, required=True)
    cleaning = fields.Nested(CleaningSchema, required=True)
    points = fields.Dict(keys=fields.String(validate=POINT), values=fields.Nested(SignalSchema), required=True)
    counters = fields.Dict(keys=fields.String(validate=POINT), values=fields.Nested(CounterSchema), required=True)
    exceedances = fields.List(fields.Nested(ExceedanceSchema), required=True, validate=validate.Length(min=1))
    stuck = fields.Nested(WindowSchema, required=True)
    dropout = fields.Nested(WindowSchema, required=True)
    calibration = fields.Nested(WindowSchema, required=True)
    units = fields.Dict(keys=fields.String(validate=POINT), values=fields.String(), load_default=dict)


class DemoSchema(Schema):
    schema = fields.Integer(required=True, validate=validate.Equal(1))
    site = fields.Nested(SiteSchema, required=True)
    locations = fields.List(fields.Nested(LocationSchema), required=True)
    aspects = fields.List(fields.Nested(AspectSchema), required=True)
    devices = fields.List(fields.Nested(DeviceSchema), required=True)
    limits = fields.List(fields.Nested(LimitSchema), required=True)
    signals = fields.Nested(SignalsSchema, required=True)


def minutes_of_day(text: str) -> int:
    """Of a local time such as 05:10."""
    hours, minutes = re.split(":", text)
    return int(hours) * 60 + int(minutes)
