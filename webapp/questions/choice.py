"""One of several options, or some of them. Each option says what it means: pass, fail, or nothing of the kind."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.questions.base import SLUG, Content, Item, ItemSchema, Outcome, QuestionType, keys_are


class OptionSchema(Schema):
    id = fields.String(required=True, validate=SLUG)
    label = fields.String(required=True, validate=validate.Length(1, 200))
    outcome = fields.String(load_default="neutral", validate=validate.OneOf(("pass", "fail", "neutral")))


class ChoiceSchema(ItemSchema):
    options = fields.List(fields.Nested(OptionSchema), required=True, validate=validate.Length(2, 30))
    multiple = fields.Boolean(load_default=False)

    @validates_schema
    def check_options(self, data: dict[str, Any], **_kwargs: object) -> None:
        ids = [option["id"] for option in data["options"]]
        if len(set(ids)) < len(ids):
            raise ValidationError("two options have the same id", "options")


def _faults(item: Item, content: Content) -> list[str]:
    value = content["value"]
    if found := keys_are(value, "options"):
        return found
    chosen, known = value["options"], [option["id"] for option in item["options"]]
    if not isinstance(chosen, list) or not chosen or len(chosen) != len({str(one) for one in chosen}):
        return ["options must list each chosen option once"]
    if unknown := [str(one)[:64] for one in chosen if one not in known]:
        return [f"there is no option {', '.join(unknown)}; there are {', '.join(known)}"]
    return [] if item["multiple"] or len(chosen) == 1 else ["this item takes one option"]


def _chosen(item: Item, content: Content) -> list[dict[str, str]]:
    return [option for option in item["options"] if option["id"] in content["value"]["options"]]


def _judge(item: Item, content: Content) -> Outcome:
    """The worst of what was chosen: one fail fails, and only where all that speaks says pass it is one."""
    found = {option["outcome"] for option in _chosen(item, content)}
    if "fail" in found:
        return "fail"
    return "pass" if "pass" in found else "neutral"


def _describe(item: Item, content: Content) -> str:
    return ", ".join(option["label"] for option in _chosen(item, content))


CHOICE = QuestionType("choice", ChoiceSchema, _faults, _judge, _describe)
