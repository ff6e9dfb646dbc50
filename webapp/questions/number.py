"""A number with its unit. Outside `low`..`high` it fails; outside `min`..`max` it is a slip of the finger."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from webapp.questions.base import Content, Item, ItemSchema, Outcome, QuestionType, is_number, is_text, keys_are


def _bound() -> fields.Float:
    return fields.Float(load_default=None, allow_none=True)


class NumberSchema(ItemSchema):
    unit = fields.String(load_default="", validate=validate.Length(max=20))
    precision = fields.Integer(load_default=1, validate=validate.Range(0, 6))
    low = _bound()
    high = _bound()
    min = _bound()
    max = _bound()

    @validates_schema
    def check_bounds(self, data: dict[str, Any], **_kwargs: object) -> None:
        for lower, upper in (("low", "high"), ("min", "max")):
            if data[lower] is not None and data[upper] is not None and data[lower] > data[upper]:
                raise ValidationError(f"{lower} is above {upper}", lower)


def _faults(item: Item, content: Content) -> list[str]:
    value = content["value"]
    if found := keys_are(value, "number", "text"):
        return found
    return number_faults(value) or bound_faults(item, value["number"])


def number_faults(value: dict[str, Any]) -> list[str]:
    if not is_number(value["number"]):
        return ["number must be a number"]
    return [] if is_text(value["text"], 40) else ["text must be what was typed, at most 40 characters"]


def bound_faults(item: Item, number: float) -> list[str]:
    if item["min"] is not None and number < item["min"]:
        return [f"{number} is below {item['min']}, the smallest possible"]
    if item["max"] is not None and number > item["max"]:
        return [f"{number} is above {item['max']}, the largest possible"]
    return []


def _judge(item: Item, content: Content) -> Outcome:
    if item["low"] is None and item["high"] is None:
        return "neutral"
    number = content["value"]["number"]
    low = item["low"] is not None and number < item["low"]
    high = item["high"] is not None and number > item["high"]
    return "fail" if low or high else "pass"


def _describe(item: Item, content: Content) -> str:
    return with_unit(content["value"]["number"], item["precision"], item["unit"])


def with_unit(number: float, precision: int, unit: str) -> str:
    return f"{number:.{precision}f} {unit_sign(unit)}".strip()


def unit_sign(unit: str) -> str:
    """As people write the vocabulary's units. The pH is a number without one; its name is the metric's."""
    return {"pH": "", "degC": "°C", "m3": "m³", "m3/h": "m³/h", "uS/cm": "µS/cm"}.get(unit, unit)


NUMBER = QuestionType("number", NumberSchema, _faults, _judge, _describe)
