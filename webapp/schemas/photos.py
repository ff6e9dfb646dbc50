"""Photos, what they are linked to, and their receipts."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.schemas.common import Answer as Sent
from webapp.schemas.common import Instant, time_field

_ID = validate.Length(1, 36)


def _ident() -> fields.String:
    return fields.String(load_default=None, allow_none=True, validate=_ID)


def _degrees(most: int) -> fields.Float:
    return fields.Float(load_default=None, allow_none=True, validate=validate.Range(-most, most))


class LinkBody(Schema):
    """What the photo is linked to, and the circumstances of its taking. Phones send every field."""

    inspection = _ident()
    answer = _ident()
    item = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=64))
    finding = _ident()
    aspect = _ident()
    location = _ident()
    device = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=128))
    caption = fields.String(load_default="", validate=validate.Length(max=2000))
    source = fields.String(load_default="gallery", validate=validate.OneOf(("camera", "gallery")))
    captured_at = Instant(load_default=None, allow_none=True)
    lat = _degrees(90)
    lon = _degrees(180)
    accuracy = fields.Float(load_default=None, allow_none=True, validate=validate.Range(min=0))
    located_at = Instant(load_default=None, allow_none=True)
    device_id = fields.String(load_default="", validate=validate.Length(max=64))
    utc_offset_min = fields.Integer(load_default=0, validate=validate.Range(-16 * 60, 16 * 60))
    skew_ms = fields.Integer(load_default=None, allow_none=True)

    @validates_schema
    def check_position(self, data: dict[str, object], **_kwargs: object) -> None:
        if (data.get("lat") is None) != (data.get("lon") is None):
            raise ValidationError("give both lat and lon, or neither", "lat")


class PhotoAuthor(Sent):
    id = fields.String(required=True, metadata={"description": "empty for a token"})
    username = fields.String(required=True)
    name = fields.String(required=True)


class LinkShown(Sent):
    id = fields.String(required=True)
    inspection = fields.String(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)
    item = fields.String(required=True, allow_none=True)
    finding = fields.String(required=True, allow_none=True)
    aspect = fields.String(required=True, allow_none=True)
    location = fields.String(required=True, allow_none=True)
    device = fields.String(required=True, allow_none=True)
    caption = fields.String(required=True)
    source = fields.String(required=True)
    captured_at = time_field()
    lat = fields.Float(required=True, allow_none=True)
    lon = fields.Float(required=True, allow_none=True)
    accuracy = fields.Float(required=True, allow_none=True, metadata={"description": "metres"})
    located_at = time_field(allow_none=True)
    device_id = fields.String(required=True)
    utc_offset_min = fields.Integer(required=True)
    skew_ms = fields.Integer(required=True, allow_none=True)
    clock_error_ms = fields.Integer(required=True, allow_none=True)
    author = fields.Nested(PhotoAuthor, required=True)
    received_at = time_field()
    delivered_by = fields.String(required=True, allow_none=True)
    digest = fields.String(required=True)


class LinkTaken(Sent):
    id = fields.String(required=True)
    sha256 = fields.String(required=True)
    digest = fields.String(required=True)


class PhotoShown(Sent):
    """A photo that is named somewhere. `awaited` ones are not here yet, and have no facts but what was announced."""

    sha256 = fields.String(required=True)
    size = fields.Integer(required=True, allow_none=True)
    mime = fields.String(required=True, allow_none=True)
    width = fields.Integer(required=True, allow_none=True)
    height = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(("awaited", "verified")))
    rendition = fields.String(required=True, validate=validate.OneOf(("pending", "ready", "none")))
    rendition_reason = fields.String(required=True, allow_none=True)
    received_at = time_field(allow_none=True)
    links = fields.List(fields.Nested(LinkShown), required=True)


class ReceiptShown(Sent):
    sha256 = fields.String(required=True)
    size = fields.Integer(required=True)
    received_at = time_field()
    verified = fields.Boolean(required=True)
    audit_head = fields.String(required=True, metadata={"description": "<seq>:<sha256> of the row of its arrival"})
    signature = fields.String(required=True)
