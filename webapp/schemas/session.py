"""Sign-in, and who is signed in."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import Answer


class SignIn(Schema):
    username = fields.String(required=True, validate=validate.Length(1, 64))
    password = fields.String(required=True, validate=validate.Length(1, 1024))


class UserShown(Answer):
    id = fields.String(required=True)
    username = fields.String(required=True)
    name = fields.String(required=True)


class SiteShown(Answer):
    id = fields.String(required=True)
    name = fields.String(required=True)
    timezone = fields.String(required=True, metadata={"description": "IANA zone, such as Europe/Dublin"})


class Me(Answer):
    user = fields.Nested(UserShown, required=True)
    role = fields.String(required=True)
    roles = fields.List(fields.String(), required=True, metadata={"description": "the role and those it includes"})
    sites = fields.List(fields.Nested(SiteShown), required=True)
