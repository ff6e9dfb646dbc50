"""Shapes and fields that several resources share."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from collector.domain.times import parse_time

MAX_LIMIT = 1000
# A plus sign that was not percent-encoded arrives as a blank: "…T10:00:00 01:00".
_LOST_PLUS = re.compile(r"(?<=\d) (?=\d\d:?\d\d$)")


# 9999-12-31T23:59:59.999Z
_MOST_MS = 253_402_300_799_999
_OUT_OF_RANGE = "The time is out of range; send one between 1970 and 9999."


class Instant(fields.Field[int]):
    """A moment: ISO 8601 with its offset, or epoch seconds. Inside it is epoch milliseconds."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ARG002
        if isinstance(value, str):
            value = _LOST_PLUS.sub("+", value.strip())
            if re.fullmatch(r"-?\d+(\.\d+)?", value):
                value = float(value)
        # Years 1970 to 9999: what every part of the way can write as a date.
        if isinstance(value, int | float) and abs(value) > _MOST_MS:
            raise ValidationError(_OUT_OF_RANGE)
        try:
            ms, named = parse_time(value)
        except ValueError as error:
            raise ValidationError(f"{error}. Send ISO 8601 such as 2026-11-23T10:00:00Z, or epoch seconds.") from error
        if not named:
            raise ValidationError("The time has no offset: add Z for UTC, or one such as +01:00.")
        if not 0 <= ms <= _MOST_MS:
            raise ValidationError(_OUT_OF_RANGE)
        return ms


class Answer(Schema):
    """Base of what we send. Clients must not stumble over fields that later versions add."""

    class Meta:
        unknown = EXCLUDE


class ProblemSchema(Answer):
    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    code = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), required=True)


class PageQuery(Schema):
    """What every list takes."""

    limit = fields.Integer(load_default=200, validate=validate.Range(1, MAX_LIMIT))
    cursor = fields.String(load_default=None, metadata={"description": "`next` of the answer before"})
    q = fields.String(load_default=None, validate=validate.Length(max=100), metadata={"description": "search text"})
    sort = fields.String(load_default=None, metadata={"description": "a sort key; with a leading - it is reversed"})


class ListQuery(PageQuery):
    """What a list of things that belong to sites takes."""

    site = fields.String(load_default=None, validate=validate.Length(max=64))


class Named(Answer):
    id = fields.String(required=True)
    name = fields.String(required=True)


class Place(Named):
    path = fields.String(required=True, metadata={"description": "names from the top of the site, joined by ' / '"})


def time_field(**kwargs: Any) -> fields.DateTime:
    return fields.DateTime(required=True, **kwargs)


def listing(item: type[Schema], name: str) -> type[Schema]:
    """The schema of a page of `item`."""
    members: dict[str, Any] = {
        "items": fields.List(fields.Nested(item), required=True),
        "next": fields.String(required=True, allow_none=True),
    }
    return type(name, (Answer,), members)
