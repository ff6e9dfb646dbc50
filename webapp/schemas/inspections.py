"""Walkthroughs, their answers and findings, as phones send them and as they are read."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from webapp.schemas.common import Answer as Sent
from webapp.schemas.common import Instant, ListQuery, listing, time_field
from webapp.schemas.photos import PhotoShown

STATES = ("draft", "submitted", "complete")
FINDING_KINDS = ("observation", "opportunity", "minor", "major", "positive")
SHA256 = validate.Regexp(r"^[0-9a-f]{64}$", error="must be 64 hexadecimal digits in lower case")
_ID = validate.Length(1, 36)


def ident(**options: object) -> fields.String:
    return fields.String(validate=_ID, **options)  # type: ignore[arg-type]


def hashes() -> fields.List[str]:
    return fields.List(fields.String(validate=SHA256), required=True, validate=validate.Length(max=200))


def ids(longest: int) -> fields.List[str]:
    return fields.List(fields.String(validate=_ID), required=True, validate=validate.Length(max=longest))


class Phone(Schema):
    """What every row says of the phone it was made on."""

    device_id = fields.String(required=True, validate=validate.Length(1, 64))
    utc_offset_min = fields.Integer(required=True, strict=True, validate=validate.Range(-16 * 60, 16 * 60))
    skew_ms = fields.Integer(
        required=True,
        strict=True,
        allow_none=True,
        metadata={"description": "server time minus the phone's, as last measured by it; null when it never was"},
    )


class InspectionHead(Phone):
    site = fields.String(required=True, validate=validate.Length(1, 64))
    template = ident(required=True)
    template_version = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1_000_000))
    started_at = Instant(required=True)


class AnswerBody(Phone):
    item = fields.String(required=True, validate=validate.Length(1, 64))
    repeat = fields.Integer(required=True, strict=True, validate=validate.Range(0, 1000))
    value = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    note = fields.String(required=True, validate=validate.Length(max=5000))
    aspect = ident(required=True, allow_none=True)
    location = ident(required=True, allow_none=True)
    reading = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    photos = hashes()
    answered_at = Instant(required=True)
    replaces = ids(200)


class FindingBody(Phone):
    site = fields.String(required=True, validate=validate.Length(1, 64))
    inspection = ident(required=True, allow_none=True)
    item = fields.String(required=True, allow_none=True, validate=validate.Length(max=64))
    kind = fields.String(required=True, validate=validate.OneOf(FINDING_KINDS))
    text = fields.String(required=True, validate=validate.Length(max=5000))
    aspect = ident(required=True, allow_none=True)
    location = ident(required=True, allow_none=True)
    photos = hashes()
    found_at = Instant(required=True)


class ManifestPhoto(Schema):
    sha256 = fields.String(required=True, validate=SHA256)
    size = fields.Integer(required=True, strict=True, validate=validate.Range(1, 1 << 40))
    mime = fields.String(required=True, validate=validate.Length(1, 32))


class SubmitBody(Schema):
    content_sha256 = fields.String(required=True, validate=SHA256)
    answers = ids(20_000)
    findings = ids(2_000)
    photos = fields.List(fields.Nested(ManifestPhoto), required=True, validate=validate.Length(max=2_000))
    submitted_at = Instant(required=True)
    device_id = fields.String(required=True, validate=validate.Length(1, 64))


class Taken(Sent):
    """What a phone needs to know before it forgets its row: the id, and the digest of what is here."""

    id = fields.String(required=True)
    sha256 = fields.String(required=True)


class FindingTaken(Taken):
    revision = fields.Integer(required=True)


class SubmitAnswer(Sent):
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    missing = fields.List(fields.String(), required=True)
    version = fields.Integer(required=True)
    content_sha256 = fields.String(required=True)
    flagged = fields.Boolean(required=True)


class AuthorShown(Sent):
    id = fields.String(required=True, metadata={"description": "empty for a token"})
    username = fields.String(required=True)
    name = fields.String(required=True)


class PhoneShown(Sent):
    id = fields.String(required=True)
    device_id = fields.String(required=True)
    utc_offset_min = fields.Integer(required=True)
    skew_ms = fields.Integer(required=True, allow_none=True)
    clock_error_ms = fields.Integer(required=True, allow_none=True)
    author = fields.Nested(AuthorShown, required=True)
    delivered_by = fields.String(required=True, allow_none=True)
    received_at = time_field()
    sha256 = fields.String(required=True)


class AnswerShown(PhoneShown):
    inspection = fields.String(required=True)
    item = fields.String(required=True)
    repeat = fields.Integer(required=True)
    value = fields.Dict(required=True, allow_none=True)
    note = fields.String(required=True)
    aspect = fields.String(required=True, allow_none=True)
    location = fields.String(required=True, allow_none=True)
    reading = fields.Dict(required=True, allow_none=True)
    photos = fields.List(fields.String(), required=True)
    answered_at = time_field()
    replaces = fields.List(fields.String(), required=True)
    late = fields.Boolean(required=True)
    current = fields.Boolean(required=True)


class FindingShown(PhoneShown):
    site = fields.String(required=True)
    inspection = fields.String(required=True, allow_none=True)
    item = fields.String(required=True, allow_none=True)
    kind = fields.String(required=True)
    text = fields.String(required=True)
    aspect = fields.String(required=True, allow_none=True)
    location = fields.String(required=True, allow_none=True)
    photos = fields.List(fields.String(), required=True)
    found_at = time_field()
    revision = fields.Integer(required=True)
    updated_at = time_field()


class TemplateNamed(Sent):
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    title = fields.String(required=True)


class Progress(Sent):
    items = fields.Integer(required=True)
    answered = fields.Integer(required=True)
    fail = fields.Integer(required=True)


class InspectionListed(PhoneShown):
    site = fields.String(required=True)
    template = fields.Nested(TemplateNamed, required=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    flagged = fields.Boolean(required=True)
    started_at = time_field()
    submitted_at = time_field(allow_none=True)
    completed_at = time_field(allow_none=True)
    revision = fields.Integer(required=True)
    updated_at = time_field()
    progress = fields.Nested(Progress, required=True)
    missing = fields.List(fields.String(), required=True)


class SubmissionShown(Sent):
    version = fields.Integer(required=True)
    content_sha256 = fields.String(required=True)
    submitted_at = time_field()
    received_at = time_field()
    author = fields.Nested(AuthorShown, required=True)
    delivered_by = fields.String(required=True, allow_none=True)
    photos = fields.List(fields.Nested(ManifestPhoto), required=True)


class InspectionFollowed(InspectionListed):
    """With everything but the template's content, which a phone has or asks for once."""

    answers = fields.List(fields.Nested(AnswerShown), required=True)
    findings = fields.List(fields.Nested(FindingShown), required=True)
    photos = fields.List(fields.Nested(PhotoShown), required=True)
    submissions = fields.List(fields.Nested(SubmissionShown), required=True)


class InspectionShown(InspectionFollowed):
    content = fields.Dict(required=True)


class InspectionsQuery(ListQuery):
    state = fields.String(load_default=None, validate=validate.OneOf(STATES))
    mine = fields.Boolean(load_default=False, metadata={"description": "only one's own"})


class FindingsQuery(ListQuery):
    aspect = fields.String(load_default=None, validate=_ID)
    inspection = fields.String(load_default=None, validate=_ID)


class HistoryEntry(Sent):
    at = time_field()
    actor = fields.String(required=True)
    action = fields.String(required=True)
    before = fields.Dict(required=True, allow_none=True)
    after = fields.Dict(required=True, allow_none=True)


Inspections = listing(InspectionListed, "Inspections")
Findings = listing(FindingShown, "Findings")
History = listing(HistoryEntry, "History")
