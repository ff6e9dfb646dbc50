"""Devices, and the profiles that say how they are read."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.collectors import DeadLetterShown
from webapp.schemas.common import Answer, ListQuery, Named, Place, listing, time_field
from webapp.schemas.points import QUALITIES

STATES = ("unassigned", "active", "retired")


class DevicesQuery(ListQuery):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))


class ValueShown(Answer):
    """The latest value of one metric."""

    metric = fields.String(required=True)
    label = fields.String(required=True)
    value = fields.Float(required=True, allow_none=True)
    unit = fields.String(required=True)
    precision = fields.Integer(required=True)
    quality = fields.String(required=True, validate=validate.OneOf(QUALITIES))
    reasons = fields.List(fields.String(), required=True)
    observed_at = time_field()


class SuggestedProfile(Named):
    metrics = fields.Integer(required=True, metadata={"description": "how many it finds in the last message"})


class DeviceShown(Answer):
    id = fields.String(required=True)
    name = fields.String(required=True)
    source_name = fields.String(required=True)
    site = fields.String(required=True, allow_none=True)
    location = fields.Nested(Place, required=True, allow_none=True)
    aspect = fields.Nested(Named, required=True, allow_none=True)
    profile = fields.String(required=True, allow_none=True)
    profile_name = fields.String(required=True, allow_none=True, metadata={"description": "vendor and model"})
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    first_seen_at = time_field(allow_none=True)
    last_seen_at = time_field(allow_none=True)
    stale_after_s = fields.Integer(required=True)
    health = fields.String(required=True, validate=validate.OneOf(("ok", "silent", "never")))
    points = fields.List(fields.String(), required=True, metadata={"description": "metrics that it has sent"})


class DeviceListed(DeviceShown):
    """`topic`, `values` and `suggested`: of unassigned devices alone."""

    topic = fields.String(allow_none=True, metadata={"description": "of its last message"})
    values = fields.List(fields.Nested(ValueShown), metadata={"description": "the first few of its latest values"})
    suggested = fields.List(fields.Nested(SuggestedProfile), metadata={"description": "the best first"})


class OwnValue(Answer):
    """What a device says of itself."""

    metric = fields.String(required=True)
    value = fields.Float(required=True)
    unit = fields.String(required=True)
    observed_at = time_field()


# `from` is a word of Python's. To within a sixth of three expected intervals.
Gap = Answer.from_dict({"from": time_field(), "to": time_field()}, name="Gap")


class DeadLettersOfTopic(Answer):
    """Of the last seven days: messages of the device's last topic that could not be stored as readings."""

    count = fields.Integer(required=True)
    latest = fields.List(fields.Nested(DeadLetterShown), required=True)


class LastMessage(Answer):
    topic = fields.String(required=True)
    payload = fields.String(required=True)
    encoding = fields.String(required=True, validate=validate.OneOf(("text", "hex")))
    size = fields.Integer(required=True, metadata={"description": "bytes of the whole payload"})
    truncated = fields.Boolean(required=True)
    received_at = time_field()


class Caveat(Answer):
    text = fields.String(required=True)
    link = fields.String(required=True)


class CalibrationHint(Answer):
    every_days = fields.Integer(required=True)
    metrics = fields.List(fields.String(), required=True)


class SuggestedLimit(Answer):
    metric = fields.String(required=True)
    kind = fields.String(required=True)
    level = fields.String(required=True)
    value = fields.Float(required=True)
    unit = fields.String(required=True)
    why = fields.String(required=True)


class DeviceWhole(DeviceShown):
    """One device with all that is known of it.

    `gaps` is left out while the store of readings does not answer; `dead_letters` is, and `last_message` is null, for
    who may not see dead letters.
    """

    topic = fields.String(required=True, allow_none=True)
    values = fields.List(fields.Nested(ValueShown), required=True, metadata={"description": "latest of each metric"})
    suggested = fields.List(fields.Nested(SuggestedProfile), required=True)
    battery = fields.Nested(OwnValue, required=True, allow_none=True)
    signal = fields.Nested(OwnValue, required=True, allow_none=True)
    expected_every_s = fields.Integer(required=True, allow_none=True)
    gaps = fields.List(
        fields.Nested(Gap),
        metadata={"description": "times of the last 24 hours in which nothing came for three expected intervals"},
    )
    uplinks_lost = fields.Integer(
        required=True, allow_none=True, metadata={"description": "in the last 24 hours, where the device counts them"}
    )
    dead_letters = fields.Nested(DeadLettersOfTopic)
    last_message = fields.Nested(LastMessage, required=True, allow_none=True)
    caveats = fields.List(fields.Nested(Caveat), required=True)
    calibration = fields.List(fields.Nested(CalibrationHint), required=True)
    limits = fields.List(
        fields.Nested(SuggestedLimit), required=True, metadata={"description": "to start from; none is in force"}
    )


class Adoption(Schema):
    """What is left out stays as it is, and so do a profile and a name that are null."""

    site = fields.String(required=True, validate=validate.Length(1, 64))
    state = fields.String(
        validate=validate.OneOf(("unassigned", "active")),
        metadata={"description": "that it was seen in: with `unassigned` nobody's adoption meanwhile is undone"},
    )
    location = fields.String(allow_none=True, validate=validate.Length(max=36))
    profile = fields.String(allow_none=True, validate=validate.Length(max=128))
    aspect = fields.String(allow_none=True, validate=validate.Length(max=36))
    name = fields.String(allow_none=True, validate=validate.Length(max=200))


class ProfilesQuery(Schema):
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 1000))
    cursor = fields.String(load_default=None, validate=validate.Length(max=128))
    q = fields.String(load_default=None, validate=validate.Length(max=100), metadata={"description": "search text"})


class ProfileShown(Named):
    vendor = fields.String(required=True, allow_none=True)
    model = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True)
    products = fields.List(fields.String(), required=True, metadata={"description": "all that it fits"})
    metrics = fields.List(
        fields.String(), required=True, metadata={"description": "empty for formats that name what they send"}
    )


Devices = listing(DeviceListed, "Devices")
Profiles = listing(ProfileShown, "Profiles")
