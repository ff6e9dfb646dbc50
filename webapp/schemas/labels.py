"""Labels."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

SIZES = ("small", "medium", "large")


class Ids(fields.Field[list[str]]):
    """Ids with commas between them."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:  # noqa: ARG002
        return list(dict.fromkeys(part.strip() for part in str(value).split(",") if part.strip()))


class LabelsQuery(Schema):
    of = fields.String(required=True, validate=validate.OneOf(("devices", "locations")))
    site = fields.String(load_default=None, validate=validate.Length(max=64))
    ids = Ids(load_default=None, metadata={"type": "string", "description": "with commas between them; else all"})
    size = fields.String(
        load_default="medium",
        validate=validate.OneOf(SIZES),
        metadata={"description": "small 48.5 × 25.4 mm, medium 63.5 × 38.1 mm, large 99.1 × 57 mm"},
    )
