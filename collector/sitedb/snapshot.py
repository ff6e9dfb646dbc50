"""What a collector works by: devices and limits of the site database as one versioned snapshot.

The snapshot is cached in collector.db, so that alarms keep working with the site database away.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass

import orjson
from sqlalchemy import Connection, select

from collector.domain.limits import Limit
from collector.sitedb.tables import Config, ControlLimit, Device


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`sites` gives the site of each device that was assigned to one."""

    version: int
    limits: tuple[Limit, ...]
    sites: dict[str, str | None]


EMPTY = Snapshot(0, (), {})


def config_version(db: Connection) -> int:
    return int(db.execute(select(Config.version)).scalar() or 0)


def take(db: Connection) -> Snapshot:
    """Read the version first: a change made while we read raises it, and we read again."""
    version = config_version(db)
    limits = db.execute(select(ControlLimit.__table__).where(ControlLimit.current)).mappings()
    devices = db.execute(select(Device.id, Device.site_id).where(Device.state != "retired"))
    return Snapshot(
        version,
        tuple(
            Limit(
                id=row["id"],
                version=row["version"],
                device=row["device_id"],
                metric=row["metric"],
                kind=row["kind"],
                level=row["level"],
                priority=row["priority"],
                value=row["value"],
                deadband=row["deadband"],
                on_delay_ms=row["on_delay_s"] * 1000,
                off_delay_ms=row["off_delay_s"] * 1000,
                message=row["message"],
                site=row["site_id"],
                aspect=row["aspect_id"],
            )
            for row in limits
        ),
        {ident: site for ident, site in devices if site},
    )


def save(db: sqlite3.Connection, snapshot: Snapshot, now: int) -> None:
    """Inside the caller's transaction; the last snapshot replaces the one before."""
    body = {"limits": [asdict(limit) for limit in snapshot.limits], "sites": snapshot.sites}
    db.execute("DELETE FROM config_snapshot")
    db.execute("INSERT INTO config_snapshot VALUES (?, ?, ?)", (snapshot.version, orjson.dumps(body), now))


def load(db: sqlite3.Connection) -> Snapshot:
    row = db.execute("SELECT version, body FROM config_snapshot").fetchone()
    if row is None:
        return EMPTY
    version, body = row
    content = orjson.loads(body)
    return Snapshot(version, tuple(Limit(**limit) for limit in content["limits"]), content["sites"])
