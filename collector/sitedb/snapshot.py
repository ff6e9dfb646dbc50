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
    """`sites` gives the site of each device that was assigned to one, `zones` the time zone of each site, `profiles`
    the profile of each device that was adopted.
    """

    version: int
    limits: tuple[Limit, ...]
    sites: dict[str, str | None]
    zones: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)


# No version of the site database is this: whatever there is, is taken.
NEVER_TAKEN = -1
EMPTY = Snapshot(NEVER_TAKEN, (), {})


def config_version(db: Connection) -> int:
    return int(db.execute(select(Config.version)).scalar() or 0)


def take(db: Connection) -> Snapshot:
    """Read the version first: a change made while we read raises it, and we read again."""
    version = config_version(db)
    # Of a retired device nobody waits for anything any more: what is open of it is cleared, as of a withdrawn limit.
    retired = select(Device.id).where(Device.state == "retired")
    in_force = select(ControlLimit.__table__).where(ControlLimit.current, ControlLimit.device_id.not_in(retired))
    limits = db.execute(in_force).mappings()
    devices = select(Device.id, Device.site_id, Device.profile, Device.state).where(Device.state != "retired")
    known = db.execute(devices).all()
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
        {row.id: row.site_id for row in known if row.site_id},
        zones,
        # Of others it is what they are read by, and not yet what anybody chose.
        {row.id: row.profile for row in known if row.profile and row.state == "active"},
    )


def save(db: sqlite3.Connection, snapshot: Snapshot, now: int) -> None:
    """Inside the caller's transaction; the last snapshot replaces the one before."""
    limits = [asdict(limit) for limit in snapshot.limits]
    body = {"limits": limits, "sites": snapshot.sites, "zones": snapshot.zones, "profiles": snapshot.profiles}
    db.execute("DELETE FROM config_snapshot")
    db.execute("INSERT INTO config_snapshot VALUES (?, ?, ?)", (snapshot.version, orjson.dumps(body), now))


def load(db: sqlite3.Connection) -> Snapshot:
    """One that an earlier version cached knows no zones or profiles: it is used as it is, and asked for again.

    One that cannot be read is none: it is only a copy.
    """
    row = db.execute("SELECT version, body FROM config_snapshot").fetchone()
    if row is None:
        return EMPTY
    version, body = row
    try:
        content = orjson.loads(body)
        limits = tuple(Limit(**limit) for limit in content["limits"])
        whole = {"zones", "profiles"} <= content.keys()
        zones, profiles = content.get("zones", {}), content.get("profiles", {})
        return Snapshot(version if whole else NEVER_TAKEN, limits, content["sites"], zones, profiles)
    except (ValueError, TypeError, KeyError) as error:
        log.error("the configuration that was kept cannot be read, waiting for it: error=%s", error)
        return EMPTY
