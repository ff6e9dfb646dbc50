"""What a phone that was away needs to catch up."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import Answer, time_field
from webapp.schemas.inspections import InspectionFollowed
from webapp.schemas.points import PointShown
from webapp.schemas.registers import AspectShown, LocationShown
from webapp.schemas.templates import TemplateShown


class SyncQuery(Schema):
    since = fields.String(load_default=None, validate=validate.Length(max=64))
    site = fields.String(load_default=None, validate=validate.Length(max=64))


class Changed(Answer):
    templates = fields.List(fields.Nested(TemplateShown), required=True)
    locations = fields.List(fields.Nested(LocationShown), required=True)
    aspects = fields.List(fields.Nested(AspectShown), required=True)
    points = fields.List(fields.Nested(PointShown), required=True)
    inspections = fields.List(fields.Nested(InspectionFollowed), required=True)


class SyncAnswer(Answer):
    cursor = fields.String(required=True)
    anew = fields.Boolean(
        required=True,
        metadata={"description": "the cursor is of a database that was set back since: check what was sent before"},
    )
    changed = fields.Nested(Changed, required=True)
    removed = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)
    server_time = time_field()
