"""Aspects, locations and control limits."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import Answer, ListQuery, Named, Place, listing, time_field
from webapp.schemas.points import LimitShown


class Record(Answer):
    """What every record of a register carries."""

    id = fields.String(required=True)
    revision = fields.Integer(required=True)
    created_by = fields.String(required=True)
    updated_at = time_field()


class AspectShown(Record):
    name = fields.String(required=True)
    activity = fields.String(required=True)
    impact = fields.String(required=True)
    condition = fields.String(required=True)
    significant = fields.Boolean(required=True)
    site = fields.String(required=True)
    location = fields.Nested(Place, required=True, allow_none=True)
    points = fields.List(fields.String(), required=True, metadata={"description": "points that are evidence for it"})


class LocationShown(Record):
    name = fields.String(required=True)
    path = fields.String(required=True)
    parent = fields.String(required=True, allow_none=True)
    site = fields.String(required=True)
    token = fields.String(required=True, metadata={"description": "its QR label leads to /l/<token>"})


class LocationBody(Schema):
    site = fields.String(required=True, validate=validate.Length(1, 64))
    parent = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Length(max=36),
        metadata={"description": "null: below the top of the site"},
    )
    name = fields.String(required=True, validate=(validate.Length(1, 200), validate.Regexp(r"\s*\S")))


class LimitsQuery(ListQuery):
    device = fields.String(load_default=None, validate=validate.Length(max=128))


class LimitRecord(LimitShown, Record):
    point = fields.String(required=True)
    device = fields.String(required=True)
    metric = fields.String(required=True)
    unit = fields.String(required=True)
    site = fields.String(required=True)
    aspect = fields.Nested(Named, required=True, allow_none=True)


Aspects = listing(AspectShown, "Aspects")
Locations = listing(LocationShown, "Locations")
ControlLimits = listing(LimitRecord, "ControlLimits")
