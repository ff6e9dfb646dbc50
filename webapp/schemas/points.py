"""Points, their limits and readings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import Answer, Instant, ListQuery, Named, Place, listing, time_field

QUALITIES = ("good", "uncertain", "bad")


class PointsQuery(ListQuery):
    device = fields.String(load_default=None, validate=validate.Length(max=128))
    since = Instant(load_default=None, metadata={"description": "only points with a value that came at or after this"})
    spark = fields.Integer(
        load_default=0, validate=validate.Range(0, 168), metadata={"description": "hours of history in 48 buckets"}
    )


class LimitShown(Answer):
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    kind = fields.String(required=True)
    level = fields.String(required=True)
    priority = fields.String(required=True)
    value = fields.Float(required=True)
    deadband = fields.Float(required=True)
    on_delay_s = fields.Integer(required=True)
    off_delay_s = fields.Integer(required=True)
    message = fields.String(required=True)


class AlarmBadge(Answer):
    id = fields.String(required=True)
    level = fields.String(required=True)
    state = fields.String(required=True)
    priority = fields.String(required=True)


class Spark(Answer):
    t = fields.List(fields.Integer(), required=True, metadata={"description": "start of each bucket, epoch ms"})
    mean = fields.List(fields.Float(allow_none=True), required=True)


class PointShown(Answer):
    point = fields.String(required=True)
    device = fields.String(required=True)
    device_name = fields.String(required=True)
    metric = fields.String(required=True)
    label = fields.String(required=True)
    kind = fields.String(required=True)
    precision = fields.Integer(required=True)
    site = fields.String(required=True, allow_none=True)
    location = fields.Nested(Place, required=True, allow_none=True)
    aspect = fields.Nested(Named, required=True, allow_none=True)
    unit = fields.String(required=True)
    value = fields.Float(required=True, allow_none=True)
    quality = fields.String(required=True, validate=validate.OneOf(QUALITIES))
    reasons = fields.List(fields.String(), required=True)
    observed_at = time_field()
    age_s = fields.Float(required=True)
    stale_after_s = fields.Integer(required=True)
    alarm = fields.Nested(AlarmBadge, required=True, allow_none=True)
    limits = fields.List(fields.Nested(LimitShown), required=True)
    spark = fields.Nested(Spark)


Points = listing(PointShown, "Points")


class ReadingsQuery(Schema):
    start = Instant(load_default=None, metadata={"description": "default: 24 hours before `end`"})
    end = Instant(load_default=None, metadata={"description": "default: now"})
    buckets = fields.Integer(
        load_default=240,
        validate=validate.Range(0, 5000),
        metadata={"description": "about how many buckets; 0 gives the readings themselves"},
    )


class Readings(Answer):
    """With buckets: resolution_s, t, mean, min, max, count. Without: t, value, quality."""

    point = fields.String(required=True)
    unit = fields.String(required=True)
    resolution_s = fields.Integer()
    t = fields.List(fields.Integer(), required=True, metadata={"description": "epoch ms"})
    mean = fields.List(fields.Float())
    min = fields.List(fields.Float())
    max = fields.List(fields.Float())
    count = fields.List(fields.Integer())
    value = fields.List(fields.Float(allow_none=True))
    quality = fields.List(fields.String(validate=validate.OneOf(QUALITIES)))
