"""Templates of walkthroughs."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import listing
from webapp.schemas.registers import Record


class TemplateBody(Schema):
    site = fields.String(required=True, validate=validate.Length(1, 64))
    content = fields.Dict(keys=fields.String(), required=True, metadata={"description": "see docs/sync.md"})


class TemplateQuery(Schema):
    version = fields.Integer(load_default=None, validate=validate.Range(1, 1_000_000))


class TemplateShown(Record):
    version = fields.Integer(required=True)
    current = fields.Boolean(required=True)
    site = fields.String(required=True)
    title = fields.String(required=True)
    description = fields.String(required=True)
    sha256 = fields.String(required=True)
    content = fields.Dict(required=True)


Templates = listing(TemplateShown, "Templates")
