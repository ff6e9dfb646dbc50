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
    equals = fields.Raw(metadata=describe("what must stand at the path"))
    one_of = fields.List(
        fields.Raw(), validate=validate.Length(min=1), metadata=describe("one of these must stand at the path")
    )
    exists = fields.Boolean(
        load_default=True, metadata=describe("true: something stands at the path; false: nothing does")
    )

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if "equals" in data and "one_of" in data:
            raise ValidationError("give equals or one_of, not both", "one_of")


class MatchSchema(Schema):
    topic = fields.String(load_default="")
    when = OneOrMany(fields.Nested(WhenSchema), load_default=list)


class MetricSchema(Schema):
    name = fields.String(
        required=True, validate=validate.Regexp(r"^[a-z0-9_]+$", error="small letters, digits and _ only")
    )
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
    nonempty = fields.String(
        validate=validate.OneOf(["uncertain", "bad"]),
        metadata=describe("what it makes of the values when something stands there that is not empty, 0 or false"),
    )
    quality = fields.String(
        validate=validate.OneOf(["uncertain", "bad"]),
        metadata=describe("what it makes of the values; goes with one_of, none_of and bits"),
    )
    one_of = fields.List(
        fields.Raw(), validate=validate.Length(min=1), metadata=describe("when one of these stands there")
    )
    none_of = fields.List(
        fields.Raw(),
        validate=validate.Length(min=1),
        metadata=describe("when something stands there that is none of these"),
    )
    bits = fields.List(
        fields.Integer(strict=True, validate=validate.Range(0, 63)),
        validate=validate.Length(min=1),
        metadata=describe("when one of these bits of a status word is set; bit 0 is the lowest"),
    )
    reason = fields.String(
        load_default="device_fault", validate=validate.OneOf(REASONS), metadata=describe("why the values are not good")
    )
    metrics = fields.List(
        fields.String(),
        load_default=list,
        metadata=describe("the metrics that it says something of; all when left out"),
    )

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if len({"nonempty", "one_of", "none_of", "bits"} & data.keys()) != 1:
            raise ValidationError("give one of nonempty, one_of, none_of and bits", "path")
        if ("quality" in data) == ("nonempty" in data):
            raise ValidationError("goes with one_of, none_of and bits: uncertain or bad", "quality")


class PointsSchema(Schema):
    path = path_field(required=True)
    time = fields.Nested(
        TimeSchema,
        load_default=None,
        metadata=describe("where an element has its time; that of the message when left out"),
    )


class NamedSchema(Schema):
    path = path_field(required=True)
    by = fields.Raw(required=True, metadata=describe("the key or position of the name in each element"))


class ExpectSchema(Schema):
    every_s = fields.Integer(
        load_default=60, validate=validate.Range(min=1), metadata=describe("how often it usually speaks, in seconds")
    )
    stale_after_s = fields.Integer(
        load_default=300, validate=validate.Range(min=1), metadata=describe("after how many seconds a value is stale")
    )


class CalibrationSchema(Schema):
    every_days = fields.Integer(
        required=True,
        validate=validate.Range(min=1),
        metadata=describe("days between two calibrations, as the vendor asks for it"),
    )
    metrics = fields.List(
        fields.String(),
        required=True,
        validate=validate.Length(min=1),
        metadata=describe("the metrics that are calibrated"),
    )


class LimitSchema(Schema):
    metric = fields.String(required=True, metadata=describe("one of the metrics of this profile"))
    kind = fields.String(
        required=True,
        validate=validate.OneOf(["high", "low"]),
        metadata=describe("high: no more than the value; low: no less"),
    )
    level = fields.String(
        load_default="warning",
        validate=validate.OneOf(["warning", "action", "permit"]),
        metadata=describe("how serious it is"),
    )
    value = fields.Float(required=True, metadata=describe("in the unit of the vocabulary"))
    why = fields.String(load_default="", metadata=describe("where the limit comes from"))


class ProductSchema(Schema):
    vendor = fields.String(required=True, metadata=describe("who makes it"))
    model = fields.String(required=True, metadata=describe("what it is called"))
    firmware = fields.String(metadata=describe("the versions it was written for, such as 1.0 and later"))


class CaveatSchema(Schema):
    text = fields.String(required=True, metadata=describe("what one must know before relying on the device"))
    link = fields.String(required=True, metadata=describe("the vendor's page that says so"))


class ExampleSchema(Schema):
    description = fields.String(required=True, metadata=describe("which message this is, in a few words"))
    topic = fields.String(required=True, metadata=describe("the topic on which it came"))
    payload = fields.Raw(allow_none=True, metadata=describe("the message: YAML is sent as JSON, a text as it stands"))
    hex = fields.String(
        validate=validate.Regexp(r"^([0-9A-Fa-f]{2}\s*)*$", error="pairs of hexadecimal digits"),
        metadata=describe("in place of payload, for bytes: 01 75 5C"),
    )
    received = fields.String(metadata=describe("when it came, ISO 8601; long after all times of it when left out"))
    expect = fields.Raw(
        required=True, metadata=describe("{device, time, readings}, a list of such, none, or {refused: reason}")
    )

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if ("payload" in data) == ("hex" in data):
            raise ValidationError("give the payload, or hex for bytes that are no text", "payload")


class ProfileSchema(Schema):
    schema = fields.Integer(required=True, validate=validate.Equal(1))
    id = fields.String(
        required=True, validate=validate.Regexp(r"^[a-z0-9-]+$", error="small letters, digits and - only")
    )
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
    unlisted = fields.String(load_default=None, validate=validate.OneOf(["keep", "canonical", "ignore"]))
    metrics = fields.List(fields.Nested(MetricSchema), load_default=list)
    quality = fields.List(fields.Nested(QualitySchema), load_default=list)
    calibration = fields.List(fields.Nested(CalibrationSchema), load_default=list)
    limits = fields.List(fields.Nested(LimitSchema), load_default=list)
    examples = fields.List(fields.Nested(ExampleSchema), required=True, validate=validate.Length(min=1))
