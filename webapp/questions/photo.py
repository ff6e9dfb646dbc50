"""A photo, or several, as the answer itself."""

from __future__ import annotations

from marshmallow import fields, validate

from webapp.questions.base import Content, Item, ItemSchema, Outcome, QuestionType, keys_are


class PhotoSchema(ItemSchema):
    min = fields.Integer(load_default=1, validate=validate.Range(1, 20))


def _faults(_item: Item, content: Content) -> list[str]:
    value = content["value"]
    if found := keys_are(value, "photos"):
        return found
    if value["photos"] != len(content["photos"]) or not content["photos"]:
        return ["photos must be the number of photos of this answer, at least 1"]
    return []


def _judge(item: Item, content: Content) -> Outcome:
    """Fewer photos than asked for are no answer yet."""
    return "neutral" if len(content["photos"]) >= item["min"] else "unanswered"


def _describe(_item: Item, content: Content) -> str:
    count = len(content["photos"])
    return "1 photo" if count == 1 else f"{count} photos"


PHOTO = QuestionType("photo", PhotoSchema, _faults, _judge, _describe)
