"""The evidence behind an aspect."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.alarms import AlarmShown
from webapp.schemas.common import Answer, Instant, time_field
from webapp.schemas.inspections import AnswerShown, FindingShown
from webapp.schemas.photos import PhotoShown
from webapp.schemas.registers import AspectShown


class EvidenceQuery(Schema):
    start = Instant(load_default=None)
    end = Instant(load_default=None)


class WalkthroughNamed(Answer):
    id = fields.String(required=True)
    title = fields.String(required=True)
    state = fields.String(required=True)


class EvidenceItem(Answer):
    """`kind` says which of the others is there; an answer comes with its question, its words and what it means."""

    kind = fields.String(required=True, validate=validate.OneOf(("photo", "answer", "finding", "alarm")))
    at = time_field()
    photo = fields.Nested(PhotoShown)
    answer = fields.Nested(AnswerShown)
    question = fields.String()
    text = fields.String()
    outcome = fields.String(validate=validate.OneOf(("pass", "fail", "na", "neutral", "unanswered")))
    walkthrough = fields.Nested(WalkthroughNamed)
    finding = fields.Nested(FindingShown)
    alarm = fields.Nested(AlarmShown)


class ReadingsSummed(Answer):
    point = fields.String(required=True)
    label = fields.String(required=True)
    unit = fields.String(required=True)
    count = fields.Integer(required=True)
    min = fields.Float(required=True, allow_none=True)
    mean = fields.Float(required=True, allow_none=True)
    max = fields.Float(required=True, allow_none=True)
    start = time_field()
    end = time_field()


class Evidence(Answer):
    aspect = fields.Nested(AspectShown, required=True)
    readings = fields.List(fields.Nested(ReadingsSummed), required=True)
    items = fields.List(fields.Nested(EvidenceItem), required=True)
    photos = fields.List(fields.Nested(PhotoShown), required=True)
