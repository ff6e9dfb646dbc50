"""Devices."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.schemas.common import Answer, ListQuery, Named, Place, listing, time_field

STATES = ("unassigned", "active", "retired")


class DevicesQuery(ListQuery):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class DeviceShown(Answer):
    id = fields.String(required=True)
    name = fields.String(required=True)
    source_name = fields.String(required=True)
    site = fields.String(required=True, allow_none=True)
    location = fields.Nested(Place, required=True, allow_none=True)
    aspect = fields.Nested(Named, required=True, allow_none=True)
    profile = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    first_seen_at = time_field(allow_none=True)
    last_seen_at = time_field(allow_none=True)
    stale_after_s = fields.Integer(required=True)
    health = fields.String(required=True, validate=validate.OneOf(("ok", "silent", "never")))
    points = fields.List(fields.String(), required=True, metadata={"description": "metrics that it has sent"})


Devices = listing(DeviceShown, "Devices")
