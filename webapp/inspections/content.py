"""The content of a template: sections with items, checked as a whole, and completed with what it leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from webapp.questions import QUESTIONS
from webapp.questions.base import SLUG, Item

MAX_ITEMS = 500


class SectionSchema(Schema):
    id = fields.String(required=True, validate=SLUG)
    title = fields.String(required=True, validate=validate.Length(1, 200))
    location = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=36))
    items = fields.List(fields.Dict(keys=fields.String()), required=True, validate=validate.Length(min=1))


class ContentSchema(Schema):
    title = fields.String(required=True, validate=validate.Length(1, 200))
    description = fields.String(load_default="", validate=validate.Length(max=2000))
    gallery = fields.Boolean(load_default=False)
    sections = fields.List(fields.Nested(SectionSchema), required=True, validate=validate.Length(1, 100))


def load_content(raw: Mapping[str, Any]) -> dict[str, Any]:
    """The content with every default filled in. Raises ValidationError that names each fault with its place."""
    content: dict[str, Any] = ContentSchema().load(raw)
    faults: dict[str, Any] = {}
    for number, section in enumerate(content["sections"]):
        section["items"] = [
            _item(raw, f"sections.{number}.items.{n}", faults) for n, raw in enumerate(section["items"])
        ]
    if not faults:
        faults = _doubles(content)
    if faults:
        raise ValidationError(faults)
    return content


def _item(raw: dict[str, Any], place: str, faults: dict[str, Any]) -> dict[str, Any]:
    kind = QUESTIONS.get(str(raw.get("type")))
    if kind is None:
        faults[f"{place}.type"] = [f"choose one of {', '.join(QUESTIONS)}"]
        return raw
    try:
        loaded: dict[str, Any] = kind.schema().load(raw)
    except ValidationError as error:
        faults[place] = error.messages
        return raw
    return loaded


def _doubles(content: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for what, ids in (
        ("section", [section["id"] for section in content["sections"]]),
        ("item", [item["id"] for item in items_of(content)]),
    ):
        if twice := [ident for ident, count in Counter(ids).items() if count > 1]:
            found["sections"] = [f"{what} ids must be unique; twice: {', '.join(twice)}"]
    if sum(1 for _ in items_of(content)) > MAX_ITEMS:
        found["sections"] = [f"at most {MAX_ITEMS} items"]
    return found


def items_of(content: Mapping[str, Any]) -> Iterator[Item]:
    for section in content["sections"]:
        yield from section["items"]


def item_of(content: Mapping[str, Any], ident: str) -> Item | None:
    return next((item for item in items_of(content) if item["id"] == ident), None)
