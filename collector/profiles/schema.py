"""The format of a profile as a marshmallow schema. Every key is described in device_configs/README.md."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from collector.domain.reading import Reason
from collector.profiles.fields import OneOrMany, describe, path_field
from collector.profiles.layout_schema import BlockSchema
from collector.profiles.time_rule import TimeSchema

REASONS = [str(reason.name).lower() for reason in Reason if reason]
KINDS = [
    "air_monitor", "effluent_monitor", "energy_meter", "flow_meter", "gas_meter", "gateway", "generic", "heat_meter",
    "level_monitor", "noise_monitor", "plug", "pulse_counter", "water_meter", "weather_station",
]  # fmt: skip


class WhenSchema(Schema):
    path = path_field(required=True, validate=validate.Length(min=1))
    equals = fields.Raw()
    one_of = fields.List(fields.Raw(), validate=validate.Length(min=1))
    exists = fields.Boolean(load_default=True)

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if "equals" in data and "one_of" in data:
            raise ValidationError("give equals or one_of, not both", "one_of")


class MatchSchema(Schema):
    topic = fields.String(load_default="")
    when = OneOrMany(fields.Nested(WhenSchema), load_default=list)


class MetricSchema(Schema):
    name = fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9_]+$"))
    path = path_field(required=True, validate=validate.Length(min=1))
    unit = fields.String(required=True, metadata=describe("the unit the device sends"))
    kind = fields.String(load_default=None, validate=validate.OneOf(["gauge", "counter"]))
    cast = fields.String(load_default="number", validate=validate.OneOf(["number", "boolean", "hex"]))
    words = fields.Dict(keys=fields.String(), values=fields.Float(), load_default=dict)
    states = fields.Dict(
        keys=fields.String(), values=fields.String(validate=validate.OneOf(REASONS)), load_default=dict
    )
    scale = fields.Float(load_default=1.0)
    offset = fields.Float(load_default=0.0)
    range = fields.List(fields.Float(allow_none=True), validate=validate.Length(equal=2), load_default=[None, None])
    invalid = fields.List(fields.Float(), load_default=list)
    default = fields.Float(load_default=None)
    plus = fields.List(path_field(validate=validate.Length(min=1)), load_default=list)
    minus = fields.List(path_field(validate=validate.Length(min=1)), load_default=list)
    optional = fields.Boolean(load_default=False)
    nullable = fields.Boolean(load_default=False)


class QualitySchema(Schema):
    path = path_field(required=True, validate=validate.Length(min=1))
    nonempty = fields.String(validate=validate.OneOf(["uncertain", "bad"]))
    quality = fields.String(validate=validate.OneOf(["uncertain", "bad"]))
    one_of = fields.List(fields.Raw(), validate=validate.Length(min=1))
    none_of = fields.List(fields.Raw(), validate=validate.Length(min=1))
    bits = fields.List(fields.Integer(strict=True, validate=validate.Range(0, 63)), validate=validate.Length(min=1))
    reason = fields.String(load_default="device_fault", validate=validate.OneOf(REASONS))
    metrics = fields.List(fields.String(), load_default=list)

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if len({"nonempty", "one_of", "none_of", "bits"} & data.keys()) != 1:
            raise ValidationError("give one of nonempty, one_of, none_of and bits", "path")
        if ("quality" in data) == ("nonempty" in data):
            raise ValidationError("goes with one_of, none_of and bits: uncertain or bad", "quality")


class PointsSchema(Schema):
    path = path_field(required=True)
    time = fields.Nested(TimeSchema, load_default=None)


class NamedSchema(Schema):
    path = path_field(required=True)
    by = fields.Raw(required=True, metadata=describe("the key or position of the name in each element"))


class ExpectSchema(Schema):
    every_s = fields.Integer(load_default=60, validate=validate.Range(min=1))
    stale_after_s = fields.Integer(load_default=300, validate=validate.Range(min=1))


class CalibrationSchema(Schema):
    every_days = fields.Integer(required=True, validate=validate.Range(min=1))
    metrics = fields.List(fields.String(), required=True, validate=validate.Length(min=1))


class LimitSchema(Schema):
    metric = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["high", "low"]))
    level = fields.String(load_default="warning", validate=validate.OneOf(["warning", "action", "permit"]))
    value = fields.Float(required=True, metadata=describe("in the unit of the vocabulary"))
    why = fields.String(load_default="")


class ProductSchema(Schema):
    vendor = fields.String(required=True)
    model = fields.String(required=True)
    firmware = fields.String()


class CaveatSchema(Schema):
    text = fields.String(required=True)
    link = fields.String(required=True)


class ExampleSchema(Schema):
    description = fields.String(required=True)
    topic = fields.String(required=True)
    payload = fields.Raw(allow_none=True)
    hex = fields.String(validate=validate.Regexp(r"^([0-9A-Fa-f]{2}\s*)*$", error="pairs of hexadecimal digits"))
    received = fields.String(metadata=describe("when it came, ISO 8601; long after all times of it when left out"))
    expect = fields.Raw(required=True)

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if ("payload" in data) == ("hex" in data):
            raise ValidationError("give the payload, or hex for bytes that are no text", "payload")


class ProfileSchema(Schema):
    schema = fields.Integer(required=True, validate=validate.Equal(1))
    id = fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9-]+$"))
    products = fields.List(fields.Nested(ProductSchema), load_default=list)
    kind = fields.String(load_default="generic", validate=validate.OneOf(KINDS))
    caveats = fields.List(fields.Nested(CaveatSchema), load_default=list)
    decoder = fields.String(required=True)
    match = fields.List(fields.Nested(MatchSchema), required=True, validate=validate.Length(min=1))
    device_id = fields.String(required=True)
    group = fields.String(load_default=None, validate=validate.Length(min=1))
    source_name = fields.String(load_default=None)
    time = fields.Nested(TimeSchema, load_default=None)
    expect = fields.Nested(ExpectSchema, load_default=lambda: {"every_s": 60, "stale_after_s": 300})
    key = fields.String(load_default="")
    batch = fields.List(fields.Nested(PointsSchema), load_default=list)
    history = fields.List(fields.Nested(PointsSchema), load_default=list)
    named = fields.List(fields.Nested(NamedSchema), load_default=list)
    layout = fields.List(fields.Nested(BlockSchema), load_default=list)
    unlisted = fields.String(load_default=None, validate=validate.OneOf(["keep", "ignore"]))
    metrics = fields.List(fields.Nested(MetricSchema), load_default=list)
    quality = fields.List(fields.Nested(QualitySchema), load_default=list)
    calibration = fields.List(fields.Nested(CalibrationSchema), load_default=list)
    limits = fields.List(fields.Nested(LimitSchema), load_default=list)
    examples = fields.List(fields.Nested(ExampleSchema), required=True, validate=validate.Length(min=1))
