"""The value of the sensor at that place, or of a handheld meter shown beside it.

The sensor's value travels as a snapshot in `reading`: what the phone showed when the question was answered.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from webapp.questions.base import Content, Item, ItemSchema, Outcome, QuestionType, is_number, is_text, keys_are
from webapp.questions.number import number_faults, unit_sign, with_unit

POINT = validate.Regexp(r"^[a-z0-9._-]+/[a-z0-9_]+$", error="must be of the form device/metric")


class ReadingItemSchema(ItemSchema):
    point = fields.String(required=True, validate=POINT)


class Number(fields.Field[float]):
    """A JSON number and nothing that looks like one: the snapshot is kept, and judged, as it was sent."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> float:  # noqa: ARG002
        if not is_number(value):
            raise ValidationError("must be a number")
        return float(value)


def _has_offset(text: str) -> None:
    try:
        named = datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        named = False
    if not named:
        raise ValidationError("must be a time such as 2026-11-23T10:00:00Z")


class SnapshotLimit(Schema):
    kind = fields.String(required=True, validate=validate.Length(max=16))
    level = fields.String(required=True, validate=validate.Length(max=16))
    value = Number(required=True)


class SnapshotSchema(Schema):
    """A reading as a phone saw it; `freshness` tells a live value from one kept for use without a network."""

    point = fields.String(required=True, validate=validate.Length(max=200))
    label = fields.String(required=True, validate=validate.Length(max=200))
    value = Number(required=True, allow_none=True)
    unit = fields.String(required=True, validate=validate.Length(max=20))
    precision = fields.Integer(required=True, strict=True, validate=validate.Range(0, 10))
    quality = fields.String(required=True, validate=validate.OneOf(("good", "uncertain", "bad")))
    reasons = fields.List(fields.String(validate=validate.Length(max=64)), required=True)
    observed_at = fields.String(required=True, validate=_has_offset)
    age_s = Number(required=True)
    freshness = fields.String(required=True, validate=validate.OneOf(("live", "cached")))
    limits = fields.List(fields.Nested(SnapshotLimit), required=True, validate=validate.Length(max=50))


def _faults(_item: Item, content: Content) -> list[str]:
    value, snapshot = content["value"], content["reading"]
    if value.get("source") == "handheld":
        if found := keys_are(value, "source", "number", "text", "instrument"):
            return found
        short = is_text(value["instrument"], 100)
        return number_faults(value) or ([] if short else ["instrument must be at most 100 characters"])
    if found := keys_are(value, "source"):
        return found
    if value["source"] != "sensor":
        return ["source is sensor or handheld"]
    return [] if snapshot is not None else ["an answer from the sensor needs its reading"]


def snapshot_faults(snapshot: Any) -> list[str]:
    try:
        SnapshotSchema(unknown=EXCLUDE).load(snapshot)
    except ValidationError as error:
        return [f"reading: {error.messages}"]
    return []


def _number(content: Content) -> float | None:
    value, snapshot = content["value"], content["reading"]
    found: float | None = value["number"] if value["source"] == "handheld" else snapshot["value"]
    return found


def _judge(_item: Item, content: Content) -> Outcome:
    number, snapshot = _number(content), content["reading"]
    if number is None:
        return "unanswered"
    if content["value"]["source"] == "sensor" and snapshot["quality"] == "bad":
        return "neutral"
    limits = snapshot["limits"] if snapshot else []
    if not limits:
        return "neutral"
    return "fail" if any(_breaks(number, limit) for limit in limits) else "pass"


def _breaks(number: float, limit: dict[str, Any]) -> bool:
    if limit["kind"] == "low":
        return bool(number < limit["value"])
    return limit["kind"] == "high" and bool(number > limit["value"])


def _describe(_item: Item, content: Content) -> str:
    value, snapshot = content["value"], content["reading"]
    unit, precision = (snapshot["unit"], snapshot["precision"]) if snapshot else ("", 2)
    sensor = "no value"
    if snapshot and snapshot["value"] is not None:
        sensor = with_unit(snapshot["value"], precision, unit)
    if value["source"] == "sensor":
        return sensor
    named = f" ({value['instrument']})" if value["instrument"] else ""
    typed = f"{value['text']} {unit_sign(unit)}".strip()
    return f"{typed} by handheld meter{named}" + (f"; sensor {sensor}" if snapshot else "")


READING = QuestionType("reading", ReadingItemSchema, _faults, _judge, _describe)
