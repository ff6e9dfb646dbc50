"""Operational tables of the site database, shared by the collector and the webapp.

Who writes what: `collector`, `collector_event`, `point`, `dead_letter` and the observed columns of `device` are written
by collectors; `site`, `location`, `control_limit`, `config`, `command` and what people say of a device by the webapp.
An `alarm` and its transitions have one writer, which the alarm's `source` names.

Times are epoch milliseconds, UTC. Ids made by us are UUIDs in text form, because SQLite has no UUID type and
PostgreSQL compares text just as well at this size.
"""

from __future__ import annotations

import secrets
from typing import Any

from sqlalchemy import JSON, BigInteger, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

# Fixed names, so that a migration can name a constraint on every engine.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {int: BigInteger, dict[str, Any]: JSON, list[str]: JSON}  # noqa: RUF012 - SQLAlchemy's own form


class Site(Base):
    __tablename__ = "site"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    timezone: Mapped[str] = mapped_column(String(64))


# Without letters and digits that are taken for one another when somebody types a label.
_LABEL_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
_LABEL_LENGTH = 10


def location_token() -> str:
    """Some 50 bits by chance: what the label of a place holds in place of an id that tells of others."""
    return "".join(secrets.choice(_LABEL_LETTERS) for _ in range(_LABEL_LENGTH))


class Location(Base):
    """A place in a site, a tree by `parent_id`. `token` is what its QR label leads to."""

    __tablename__ = "location"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("location.id"))
    name: Mapped[str] = mapped_column(String(200))
    # Nullable only because SQLite cannot add a column that is not.
    token: Mapped[str] = mapped_column(String(16), index=True, unique=True, nullable=True, default=location_token)
    revision: Mapped[int] = mapped_column(Integer, default=1)
    created_by: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[int]


# Some kilobytes of each device, which lists and live streams have no use for.
_MESSAGE: dict[str, Any] = {"deferred": True, "deferred_group": "message"}


class Device(Base):
    """A thing installed. `state` is `unassigned | active | retired`.

    `aspect_id` is the environmental aspect that its points are evidence for. The last message is kept as it came, its
    payload as far as `last_payload` goes; it is read only where it is asked for.
    """

    __tablename__ = "device"
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    source_name: Mapped[str] = mapped_column(String(256))
    name: Mapped[str] = mapped_column(String(200))
    profile: Mapped[str | None] = mapped_column(String(128))
    state: Mapped[str] = mapped_column(String(16), default="unassigned")
    site_id: Mapped[str | None] = mapped_column(ForeignKey("site.id"), index=True)
    location_id: Mapped[str | None] = mapped_column(ForeignKey("location.id"))
    aspect_id: Mapped[str | None] = mapped_column(String(36), index=True)
    collector_id: Mapped[str | None] = mapped_column(String(128))
    stale_after_s: Mapped[int] = mapped_column(Integer, default=300)
    first_seen_at: Mapped[int | None]
    last_seen_at: Mapped[int | None]
    last_topic: Mapped[str | None] = mapped_column(Text, **_MESSAGE)
    last_payload: Mapped[bytes | None] = mapped_column(LargeBinary, **_MESSAGE)
    last_payload_size: Mapped[int | None] = mapped_column(Integer, **_MESSAGE)
    last_message_at: Mapped[int | None] = mapped_column(**_MESSAGE)


class Point(Base):
    """The latest value of one device/metric. A newer `observed_at` replaces an older one, never the reverse."""

    __tablename__ = "point"
    device_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    metric: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[float | None] = mapped_column(Float(53))
    quality: Mapped[str] = mapped_column(String(16), default="good")
    reasons: Mapped[list[str]] = mapped_column(default=list)
    observed_at: Mapped[int]
    received_at: Mapped[int]
    forwarded_at: Mapped[int] = mapped_column(index=True)


class ControlLimit(Base):
    """One operational-control limit on one point. A change is a new version of the same id."""

    __tablename__ = "control_limit"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    current: Mapped[bool] = mapped_column(default=True, index=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), index=True)
    device_id: Mapped[str] = mapped_column(String(128), index=True)
    metric: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    level: Mapped[str] = mapped_column(String(16))
    priority: Mapped[str] = mapped_column(String(16))
    value: Mapped[float] = mapped_column(Float(53))
    deadband: Mapped[float] = mapped_column(Float(53), default=0.0)
    on_delay_s: Mapped[int] = mapped_column(Integer, default=0)
    off_delay_s: Mapped[int] = mapped_column(Integer, default=0)
    aspect_id: Mapped[str | None] = mapped_column(String(36))
    message: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[int]


class Config(Base):
    """One row. `version` grows with every change to devices or limits; collectors re-read when it does."""

    __tablename__ = "config"
    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    version: Mapped[int]


class Collector(Base):
    """A collector's heartbeat and counters, rewritten every few seconds."""

    __tablename__ = "collector"
    id: Mapped[str] = mapped_column(String(128), primary_key=True)
    started_at: Mapped[int]
    last_seen_at: Mapped[int]
    connected: Mapped[bool]
    broker: Mapped[str] = mapped_column(String(256))
    config_version: Mapped[int]
    stats: Mapped[dict[str, Any]] = mapped_column(default=dict)


class Alarm(Base):
    """One occurrence. `source` names its only writer: a collector's id, or `webapp` for "collector silent".

    `condition` is `active | cleared`, `acknowledged_at` tells the other half of the ISA-18.2 state.
    """

    __tablename__ = "alarm"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    source: Mapped[str] = mapped_column(String(128))
    limit_id: Mapped[str] = mapped_column(String(36), index=True)
    limit_version: Mapped[int] = mapped_column(Integer)
    site_id: Mapped[str | None] = mapped_column(String(64), index=True)
    device_id: Mapped[str] = mapped_column(String(128), index=True)
    metric: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    level: Mapped[str] = mapped_column(String(16))
    priority: Mapped[str] = mapped_column(String(16))
    threshold: Mapped[float | None] = mapped_column(Float(53))
    aspect_id: Mapped[str | None] = mapped_column(String(36), index=True)
    message: Mapped[str] = mapped_column(Text)
    condition: Mapped[str] = mapped_column(String(16), index=True)
    raised_at: Mapped[int] = mapped_column(index=True)
    cleared_at: Mapped[int | None]
    acknowledged_at: Mapped[int | None]
    acknowledged_by: Mapped[str | None] = mapped_column(String(64))
    value: Mapped[float | None] = mapped_column(Float(53))
    peak: Mapped[float | None] = mapped_column(Float(53))
    # Counts the changes of this row at its source, so that a replayed forward never undoes a later one.
    revision: Mapped[int] = mapped_column(Integer)
    forwarded_at: Mapped[int] = mapped_column(index=True)


class AlarmTransition(Base):
    """Something that happened to an alarm: `raised | cleared | acknowledged | commented`. Append-only."""

    __tablename__ = "alarm_transition"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    alarm_id: Mapped[str] = mapped_column(String(36), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    at: Mapped[int]
    recorded_at: Mapped[int]
    limit_version: Mapped[int] = mapped_column(Integer)
    by: Mapped[str | None] = mapped_column(String(64))
    note: Mapped[str | None] = mapped_column(Text)
    value: Mapped[float | None] = mapped_column(Float(53))


class Command(Base):
    """What people want of the collector, in the order they said it. Append-only; collectors pull by `seq`.

    `id` is the operation's id made by the client; `body` is what is asked; `digest` tells the same request
    from a different one under the same id.
    """

    __tablename__ = "command"
    # Integer, not BigInteger: SQLite numbers rows by itself only for INTEGER PRIMARY KEY.
    seq: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(36), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(128), index=True)
    body: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int]


class DeadLetter(Base):
    """A message that could not be stored as readings, or a line that the long-term store refused."""

    __tablename__ = "dead_letter"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    collector_id: Mapped[str] = mapped_column(String(128))
    site_id: Mapped[str | None] = mapped_column(String(64), index=True)
    topic: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(32), index=True)
    detail: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes]
    first_seen_at: Mapped[int]
    last_seen_at: Mapped[int] = mapped_column(index=True)
    count: Mapped[int]


class CollectorEvent(Base):
    """Something an auditor should know about the stream itself, such as a possible loss between two times."""

    __tablename__ = "collector_event"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    collector_id: Mapped[str] = mapped_column(String(128))
    kind: Mapped[str] = mapped_column(String(32))
    detail: Mapped[str] = mapped_column(Text)
    started_at: Mapped[int]
    ended_at: Mapped[int] = mapped_column(index=True)


Index("ix_alarm_open", Alarm.site_id, Alarm.condition, Alarm.raised_at)
