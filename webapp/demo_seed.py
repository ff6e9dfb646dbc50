"""Writes the demo site into the site database: registers, devices, limits, and an account for each role.

Ids come derived from the site's file, so that a second run finds everything there and changes nothing; what people
have changed since stays as they left it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from collector.clock import now_ms
from collector.demo import records
from collector.domain.limits import Limit
from collector.errors import ConfigError
from collector.sitedb.tables import Base, ControlLimit, Device, Location, Site
from webapp import audit, config_version
from webapp.auth import ROLES
from webapp.credentials import MIN_PASSWORD, password_matches
from webapp.db import Database, take_turn
from webapp.demo_templates import seed_templates
from webapp.models import Aspect, PointAspect, User
from webapp.users import add_user, reset_password

ACTOR = "demo"
# One for each role, and named like it.
DEMO_ACCOUNTS = ROLES


def seed_demo(engine: Engine, demo: records.DemoSite, passwords: Mapping[str, str]) -> int:
    """`passwords` by account. Returns how many rows were new. Raises ConfigError for a password that is too short."""
    _check_passwords(passwords)
    now = now_ms()
    with Database(engine).write() as db:
        take_turn(db, "demo")
        new = _add(db, now, [Site(id=demo.id, name=demo.name, timezone=demo.timezone)])
        new += _add(db, now, (_location(entry, demo.id, now) for entry in demo.locations))
        new += _add(db, now, (_aspect(entry, demo.id, now) for entry in demo.aspects))
        new += _add(db, now, _point_aspects(demo.devices))
        new += seed_templates(db, demo, ACTOR, now)
        changed = sum(_device(db, entry, demo.id, now) for entry in demo.devices)
        changed += _add(db, now, (_limit(entry, demo.id, now) for entry in demo.limits))
        if changed:
            config_version.grow(db)
    _accounts(engine, demo.id, passwords)
    return new + changed


def _check_passwords(passwords: Mapping[str, str]) -> None:
    if any(len(password) < MIN_PASSWORD for password in passwords.values()):
        raise ConfigError([f"FIELDPROOF_DEMO_PASSWORD: needs at least {MIN_PASSWORD} characters"])


def _add(db: Session, now: int, rows: Iterable[Base]) -> int:
    """Adds the rows whose key is not there yet."""
    count = 0
    for row in rows:
        key = tuple(getattr(row, column.name) for column in row.__table__.primary_key)
        if db.get(type(row), key) is None:
            db.add(row)
            db.flush()
            _audit(db, row, key, now, before=None)
            count += 1
    return count


def _audit(db: Session, row: Base, key: Iterable[Any], now: int, before: dict[str, Any] | None) -> None:
    kind = row.__tablename__
    ident = "/".join(str(part) for part in key)
    audit.append(
        db, at=now, actor=ACTOR, action=f"{kind}.seed", kind=kind, object_id=ident, before=before, after=_shown(row)
    )


def _shown(row: Base) -> dict[str, Any]:
    """Without what collectors observe of it: that is nobody's decision, and a payload is no JSON."""
    names = [column.name for column in row.__table__.columns]
    return {name: getattr(row, name) for name in names if not name.startswith("last_")}


def _location(entry: records.Location, site: str, now: int) -> Location:
    return Location(
        id=entry.id,
        site_id=site,
        parent_id=entry.parent_id,
        name=entry.name,
        revision=1,
        created_by=ACTOR,
        updated_at=now,
    )


def _aspect(entry: records.Aspect, site: str, now: int) -> Aspect:
    return Aspect(
        id=entry.id,
        site_id=site,
        location_id=entry.location_id,
        name=entry.name,
        activity=entry.activity,
        impact=entry.impact,
        condition=entry.condition,
        significant=entry.significant,
        revision=1,
        created_by=ACTOR,
        updated_at=now,
    )


def _point_aspects(devices: Iterable[records.Device]) -> Iterable[PointAspect]:
    for device in devices:
        for metric, aspect in sorted(device.aspects.items()):
            yield PointAspect(device_id=device.id, metric=metric, aspect_id=aspect)


def _device(db: Session, entry: records.Device, site: str, now: int) -> bool:
    """Adds the device, or adopts one that was heard before it was seeded. False when there was nothing to do."""
    device = db.get(Device, entry.id)
    if device is not None and device.state != "unassigned":
        return False
    before = _shown(device) if device else None
    if device is None:
        device = Device(id=entry.id, source_name=entry.source_name)
        db.add(device)
    device.name, device.profile, device.state = entry.name, entry.profile, "active"
    device.site_id, device.location_id, device.aspect_id = site, entry.location_id, entry.aspect_id
    device.stale_after_s = entry.stale_after_s
    db.flush()
    _audit(db, device, (device.id,), now, before)
    return True


def _limit(entry: Limit, site: str, now: int) -> ControlLimit:
    return ControlLimit(
        id=entry.id,
        version=entry.version,
        current=True,
        site_id=site,
        device_id=entry.device,
        metric=entry.metric,
        kind=entry.kind,
        level=entry.level,
        priority=entry.priority,
        value=entry.value,
        deadband=entry.deadband,
        on_delay_s=entry.on_delay_ms // 1000,
        off_delay_s=entry.off_delay_ms // 1000,
        aspect_id=entry.aspect,
        message=entry.message,
        created_by=ACTOR,
        updated_at=now,
    )


def _accounts(engine: Engine, site: str, passwords: Mapping[str, str]) -> None:
    """A known account gets the given password when it has another."""
    with Database(engine).read() as db:
        known = {
            user.username: user.password_hash
            for user in db.scalars(select(User).where(User.username.in_(DEMO_ACCOUNTS)))
        }
    for role in DEMO_ACCOUNTS:
        password = passwords[role]
        if role not in known:
            sites = None if role == "admin" else [site]
            add_user(engine, role, password, role, name=f"Demo {role}", sites=sites, actor=ACTOR)
        elif not password_matches(known[role], password):
            reset_password(engine, role, password, actor=ACTOR)
