"""What a collector works by: devices and limits of the site database as one versioned snapshot.

The snapshot is cached in collector.db, so that alarms keep working with the site database away.
"""

from __future__ import annotations

import logging
import sqlite3
from dataclasses import asdict, dataclass, field

import orjson
from sqlalchemy import Connection, select

from collector.domain.limits import Limit
from collector.sitedb.tables import Config, ControlLimit, Device, Site

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`sites` gives the site of each device that was assigned to one, `zones` the time zone of each site."""

    version: int
    limits: tuple[Limit, ...]
    sites: dict[str, str | None]
    zones: dict[str, str] = field(default_factory=dict)


# No version of the site database is this: whatever there is, is taken.
NEVER_TAKEN = -1
EMPTY = Snapshot(NEVER_TAKEN, (), {})


def config_version(db: Connection) -> int:
    return int(db.execute(select(Config.version)).scalar() or 0)


def take(db: Connection) -> Snapshot:
    """Read the version first: a change made while we read raises it, and we read again."""
    version = config_version(db)
    limits = db.execute(select(ControlLimit.__table__).where(ControlLimit.current)).mappings()
    devices = db.execute(select(Device.id, Device.site_id).where(Device.state != "retired"))
    zones = {row.id: row.timezone for row in db.execute(select(Site.id, Site.timezone))}
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
        zones,
    )


def save(db: sqlite3.Connection, snapshot: Snapshot, now: int) -> None:
    """Inside the caller's transaction; the last snapshot replaces the one before."""
    limits = [asdict(limit) for limit in snapshot.limits]
    body = {"limits": limits, "sites": snapshot.sites, "zones": snapshot.zones}
    db.execute("DELETE FROM config_snapshot")
    db.execute("INSERT INTO config_snapshot VALUES (?, ?, ?)", (snapshot.version, orjson.dumps(body), now))


def load(db: sqlite3.Connection) -> Snapshot:
    """One that an earlier version cached knows no zones: it is used as it is, and asked for again.

    One that cannot be read is none: it is only a copy.
    """
    row = db.execute("SELECT version, body FROM config_snapshot").fetchone()
    if row is None:
        return EMPTY
    version, body = row
    try:
        content = orjson.loads(body)
        limits = tuple(Limit(**limit) for limit in content["limits"])
        zones = content.get("zones")
        return Snapshot(NEVER_TAKEN if zones is None else version, limits, content["sites"], zones or {})
    except (ValueError, TypeError, KeyError) as error:
        log.error("the configuration that was kept cannot be read, waiting for it: error=%s", error)
        return EMPTY
