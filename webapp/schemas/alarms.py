"""Alarms, their history, and what people do to them."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from webapp.alarm_ops import OPS
from webapp.queries.alarms import STATES
from webapp.schemas.common import Answer, Instant, ListQuery, Named, Place, listing, time_field


class AlarmsQuery(ListQuery):
    state = fields.String(load_default="open", validate=validate.OneOf(STATES))
    since = Instant(
        load_default=None, metadata={"description": "only alarms that were raised or changed at or after this"}
    )


class AlarmShown(Answer):
    id = fields.String(required=True)
    limit = fields.String(required=True)
    limit_version = fields.Integer(required=True)
    point = fields.String(required=True)
    device_name = fields.String(required=True)
    label = fields.String(required=True)
    unit = fields.String(required=True)
    precision = fields.Integer(required=True)
    site = fields.String(required=True, allow_none=True)
    level = fields.String(required=True)
    priority = fields.String(required=True)
    kind = fields.String(required=True)
    threshold = fields.Float(required=True, allow_none=True)
    condition = fields.String(required=True, validate=validate.OneOf(("active", "cleared")))
    acknowledgement = fields.String(required=True, validate=validate.OneOf(("unacked", "acked")))
    state = fields.String(
        required=True, validate=validate.OneOf(("active_unacked", "active_acked", "cleared_unacked", "normal"))
    )
    display = fields.String(required=True)
    raised_at = time_field()
    cleared_at = time_field(allow_none=True)
    acknowledged_at = time_field(allow_none=True)
    acknowledged_by = fields.String(required=True, allow_none=True)
    value = fields.Float(required=True, allow_none=True)
    peak = fields.Float(required=True, allow_none=True)
    location = fields.Nested(Place, required=True, allow_none=True)
    aspect = fields.Nested(Named, required=True, allow_none=True)
    message = fields.String(required=True)


class TransitionShown(Answer):
    id = fields.String(required=True)
    kind = fields.String(required=True)
    at = time_field()
    recorded_at = time_field()
    limit_version = fields.Integer(required=True)
    by = fields.String(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    value = fields.Float(required=True, allow_none=True)


class AlarmWithHistory(AlarmShown):
    transitions = fields.List(fields.Nested(TransitionShown), required=True)


Alarms = listing(AlarmShown, "Alarms")


class Operation(Schema):
    op = fields.String(
        required=True,
        validate=validate.OneOf(
            OPS, error="This version knows the operations {choices}; '{input}' is not one of them."
        ),
    )
    done_at = Instant(load_default=None, metadata={"description": "when the person did it; default: now"})
    note = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=2000))
    cause = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=200))
    until = Instant(load_default=None, allow_none=True, metadata={"description": "kept with the operation"})

    @validates_schema
    def check_note(self, data: dict[str, object], **_kwargs: object) -> None:
        if data.get("op") == "comment" and not str(data.get("note") or "").strip():
            raise ValidationError("A comment needs a note.", "note")


class OperationShown(Answer):
    id = fields.String(required=True)
    alarm = fields.String(required=True)
    op = fields.String(required=True)
    state = fields.String(
        required=True,
        validate=validate.OneOf(("accepted", "applied", "recorded")),
        metadata={"description": "accepted: on its way to the collector; recorded: the occurrence had ended before"},
    )
    done_at = time_field()
    note = fields.String(required=True, allow_none=True)
    cause = fields.String(required=True, allow_none=True)
    until = time_field(allow_none=True)
    by = fields.String(required=True)
