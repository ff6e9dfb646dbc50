"""Walkthroughs as they came from phones. Answers and submissions are only ever added.

Times of a phone (`started_at`, `answered_at` …) are by its own clock. `skew_ms` is what the phone had measured of its
clock's error, `clock_error_ms` what we measured when the row came in: server time minus the phone's.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from collector.sitedb.tables import Base

_ID = String(36)


class FromPhone:
    """Columns of everything that was made on a phone. `delivered_by` is who brought it in as an exported file."""

    device_id: Mapped[str] = mapped_column(String(64))
    utc_offset_min: Mapped[int] = mapped_column(Integer)
    skew_ms: Mapped[int | None]
    clock_error_ms: Mapped[int | None]
    author: Mapped[str] = mapped_column(String(64))
    delivered_by: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[int]
    # Of the canonical JSON as it was sent: the same id with another digest is another content.
    sha256: Mapped[str] = mapped_column(String(64))


class Inspection(FromPhone, Base):
    """The head of a walkthrough. `state` is `draft | submitted | complete`; complete means every photo is here.

    `flagged`: it was submitted more than once with different content. All versions are kept.
    """

    __tablename__ = "inspection"
    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    template_id: Mapped[str] = mapped_column(_ID)
    template_version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16), default="draft", index=True)
    flagged: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[int] = mapped_column(index=True)
    submitted_at: Mapped[int | None]
    completed_at: Mapped[int | None]
    revision: Mapped[int] = mapped_column(Integer, default=1)
    updated_at: Mapped[int] = mapped_column(index=True)


class Answer(FromPhone, Base):
    """One version of the answer to one item. Those that no other `replaces` are current: two of them, two opinions."""

    __tablename__ = "answer"
    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"), index=True)
    item: Mapped[str] = mapped_column(String(64))
    repeat: Mapped[int] = mapped_column(Integer, default=0)
    value: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    note: Mapped[str] = mapped_column(Text)
    aspect_id: Mapped[str | None] = mapped_column(_ID, index=True)
    location_id: Mapped[str | None] = mapped_column(_ID, index=True)
    reading: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    photos: Mapped[list[str]]
    replaces: Mapped[list[str]]
    answered_at: Mapped[int]
    # Came after the walkthrough was submitted: kept, and no part of what was submitted.
    late: Mapped[bool] = mapped_column(default=False)


class Submission(Base):
    """What its author called finished: which answers, findings and photos, under the digest of them all."""

    __tablename__ = "submission"
    inspection_id: Mapped[str] = mapped_column(ForeignKey("inspection.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    content_sha256: Mapped[str] = mapped_column(String(64))
    answers: Mapped[list[str]]
    findings: Mapped[list[str]]
    photos: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    submitted_at: Mapped[int]
    device_id: Mapped[str] = mapped_column(String(64))
    clock_error_ms: Mapped[int | None]
    author: Mapped[str] = mapped_column(String(64))
    delivered_by: Mapped[str | None] = mapped_column(String(64))
    received_at: Mapped[int]


class Finding(FromPhone, Base):
    """Something noticed. `kind` is `observation | opportunity | minor | major | positive`."""

    __tablename__ = "finding"
    id: Mapped[str] = mapped_column(_ID, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    inspection_id: Mapped[str | None] = mapped_column(_ID, index=True)
    item: Mapped[str | None] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(Text)
    aspect_id: Mapped[str | None] = mapped_column(_ID, index=True)
    location_id: Mapped[str | None] = mapped_column(_ID, index=True)
    photos: Mapped[list[str]]
    found_at: Mapped[int]
    revision: Mapped[int] = mapped_column(Integer, default=1)
    updated_at: Mapped[int]
