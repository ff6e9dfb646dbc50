"""Collectors and dead letters."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import Answer, ListQuery, listing, time_field


class CollectorEventShown(Answer):
    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"description": "possible_loss: messages may be missing in this time"})
    detail = fields.String(required=True)
    started_at = time_field()
    ended_at = time_field()


class BrokerShown(Answer):
    name = fields.String(required=True)
    connected = fields.Boolean(required=True, metadata={"description": "and subscribed to everything asked for"})


class OutboxShown(Answer):
    """What waits for one destination."""

    destination = fields.String(required=True)
    depth = fields.Integer(required=True)
    age_s = fields.Float(required=True)
    parked = fields.Integer(required=True, metadata={"description": "refused once and offered again later"})
    error = fields.String(required=True, allow_none=True, metadata={"description": "what it said last"})


class TroubleShown(Answer):
    """Why nothing can be stored, and so nothing is acknowledged."""

    kind = fields.String(required=True, metadata={"description": "disk_full, read_only, corrupt, locked or unwritable"})
    detail = fields.String(required=True)
    since = time_field(allow_none=True)


class CollectorShown(Answer):
    id = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(("running", "silent")))
    connected = fields.Boolean(required=True)
    broker = fields.String(required=True)
    started_at = time_field()
    last_seen_at = time_field()
    durable_broker = fields.Boolean(required=True)
    outbox_depth = fields.Integer(required=True)
    outbox_age_s = fields.Float(required=True)
    received = fields.Integer(required=True)
    stored = fields.Integer(required=True)
    dead_letters = fields.Integer(required=True)
    duplicates = fields.Integer(required=True)
    conflicts = fields.Integer(required=True)
    redelivered = fields.Integer(required=True, metadata={"description": "part of the duplicates"})
    retained = fields.Integer(required=True)
    brokers = fields.List(fields.Nested(BrokerShown), required=True)
    outbox = fields.List(fields.Nested(OutboxShown), required=True)
    trouble = fields.Nested(TroubleShown, required=True, allow_none=True)
    profile_faults = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "why device profiles that were changed are not used; those before them are"},
    )
    events = fields.List(
        fields.Nested(CollectorEventShown), required=True, metadata={"description": "the newest of the last 7 days"}
    )


class DeadLettersQuery(ListQuery):
    reason = fields.String(load_default=None, validate=validate.Length(max=32))


class DeadLetterShown(Answer):
    id = fields.String(required=True)
    collector = fields.String(required=True)
    site = fields.String(required=True, allow_none=True)
    topic = fields.String(required=True)
    reason = fields.String(required=True)
    detail = fields.String(required=True)
    payload = fields.String(required=True, metadata={"description": "as text; bytes that are none are replaced"})
    payload_size = fields.Integer(required=True)
    first_seen_at = time_field()
    last_seen_at = time_field()
    count = fields.Integer(required=True)


class LiveQuery(Schema):
    site = fields.String(load_default=None, validate=validate.Length(max=64))
    max_seconds = fields.Integer(load_default=None, validate=validate.Range(1, 86_400))


Collectors = listing(CollectorShown, "Collectors")
DeadLetters = listing(DeadLetterShown, "DeadLetters")
