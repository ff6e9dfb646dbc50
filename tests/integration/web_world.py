"""The cast of the web tests: two sites, their people, and what is installed there.

The dairy is where the tests happen; the brewery's manager is the stranger who must never see any of it.
"""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import Engine

from collector.domain.alarms import alarm_id
from collector.sitedb.tables import (
    Alarm,
    AlarmTransition,
    Collector,
    Config,
    ControlLimit,
    DeadLetter,
    Device,
    Location,
    Point,
    Site,
)
from webapp.credentials import hash_password, token_hash
from webapp.db import Database
from webapp.models import ApiToken, ApiTokenSite, Aspect, User, UserSite

# 2026-11-23T10:00:00Z
NOW = 1_795_428_000_000
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
PASSWORD = "correct horse battery"
_HASH = hash_password(PASSWORD)

OUTFALL, PLANT, TOP = "loc-outfall", "loc-plant", "loc-top"
EFFLUENT_ASPECT, CHEMICALS_ASPECT, BREWERY_ASPECT = "asp-effluent", "asp-chemicals", "asp-brewery"
PH_LIMIT, BREWERY_LIMIT = "11111111-0000-4000-8000-000000000001", "11111111-0000-4000-8000-000000000002"
PH_ALARM = alarm_id(PH_LIMIT, "dairy.effluent/ph", NOW - 10 * MINUTE)
BREWERY_ALARM = alarm_id(BREWERY_LIMIT, "brewery.meter/active_power", NOW - 5 * MINUTE)
DAIRY_LETTER, BREWERY_LETTER, STRAY_LETTER = "letter-dairy", "letter-brewery", "letter-stray"

# name -> (role, sites; None is all)
PEOPLE: dict[str, tuple[str, list[str] | None]] = {
    "inspector": ("inspector", ["dairy"]),
    "manager": ("manager", ["dairy"]),
    "admin": ("admin", None),
    "auditor": ("auditor", ["dairy"]),
    "chief_auditor": ("auditor", None),
    "stranger": ("manager", ["brewery"]),
}


def token_of(name: str) -> str:
    return f"fp_{name}_token"


def build(engine: Engine) -> None:
    """Writes the world into a migrated, empty site database."""
    with Database(engine).write() as db:
        for rows in (_sites(), _places(), _aspects(), _devices(), _points(), _limits(), _alarms(), _rest(), _people()):
            db.add_all(rows)
            db.flush()


def _sites() -> list[Any]:
    return [
        Site(id="dairy", name="Meadowbrook Dairy", timezone="Europe/Dublin"),
        Site(id="brewery", name="Hilltop Brewery", timezone="Europe/Dublin"),
        Config(id=1, version=7),
    ]


def _place(ident: str, site: str, parent: str | None, name: str) -> Location:
    return Location(id=ident, site_id=site, parent_id=parent, name=name, created_by="test", updated_at=NOW)


def _places() -> list[Any]:
    return [
        _place(TOP, "dairy", None, "Site"),
        _place(PLANT, "dairy", TOP, "Effluent plant"),
        _place(OUTFALL, "dairy", PLANT, "Outfall"),
        _place("loc-brewery", "brewery", None, "Brewhouse"),
    ]


def _aspect(ident: str, site: str, name: str) -> Aspect:
    return Aspect(
        id=ident, site_id=site, name=name, activity="Doing it", impact="Harm", condition="normal", significant=True,
        created_by="test", updated_at=NOW,
    )  # fmt: skip


def _aspects() -> list[Any]:
    return [
        _aspect(EFFLUENT_ASPECT, "dairy", "Treated effluent to river"),
        _aspect(CHEMICALS_ASPECT, "dairy", "Cleaning chemicals to drain"),
        _aspect(BREWERY_ASPECT, "brewery", "Electricity use"),
    ]


def device(ident: str, site: str | None, state: str, **more: Any) -> Device:
    seen = {"first_seen_at": NOW - HOUR, "last_seen_at": NOW - 3 * SECOND}
    return Device(id=ident, source_name=ident, name=ident, site_id=site, state=state, **{**seen, **more})


def _devices() -> list[Any]:
    from webapp.models import PointAspect

    return [
        device("dairy.effluent", "dairy", "active", location_id=OUTFALL, aspect_id=EFFLUENT_ASPECT),
        device("dairy.old", "dairy", "retired"),
        device("dairy.silent", "dairy", "active", last_seen_at=NOW - HOUR),
        device("brewery.meter", "brewery", "active", aspect_id=BREWERY_ASPECT),
        device("stray", None, "unassigned"),
        PointAspect(device_id="dairy.effluent", metric="ph", aspect_id=CHEMICALS_ASPECT),
    ]


def point(device_id: str, metric: str, value: float | None, at: int = NOW - 3 * SECOND, **more: Any) -> Point:
    return Point(
        device_id=device_id, metric=metric, value=value, observed_at=at, received_at=at, **{"forwarded_at": at, **more}
    )


def _points() -> list[Any]:
    return [
        point("dairy.effluent", "ph", 9.4),
        point("dairy.effluent", "flow", 12.3),
        point("dairy.effluent", "mystery", 1.0, quality="uncertain", reasons=["unknown_metric"]),
        point("dairy.old", "ph", 7.0),
        point("brewery.meter", "active_power", 40.0),
        point("stray", "ph", 7.0),
    ]


def limit(ident: str, site: str, device_id: str, metric: str, value: float) -> ControlLimit:
    return ControlLimit(
        id=ident, version=2, current=True, site_id=site, device_id=device_id, metric=metric, kind="high",
        level="permit", priority="critical", value=value, deadband=0.1, on_delay_s=60, off_delay_s=120,
        message="Close the outfall.", created_by="test", updated_at=NOW,
    )  # fmt: skip


def _limits() -> list[Any]:
    superseded = limit(PH_LIMIT, "dairy", "dairy.effluent", "ph", 10.0)
    superseded.version, superseded.current = 1, False
    return [
        superseded,
        limit(PH_LIMIT, "dairy", "dairy.effluent", "ph", 9.0),
        limit(BREWERY_LIMIT, "brewery", "brewery.meter", "active_power", 30.0),
    ]


def alarm(
    ident: str, limit_id: str, site: str | None, device_id: str, metric: str, raised_at: int, **more: Any
) -> Alarm:
    usual = {
        "source": "collector-1", "condition": "active", "forwarded_at": raised_at, "threshold": 9.0, "kind": "high",
        "level": "permit", "priority": "critical", "value": 9.4, "peak": 9.5, "revision": 1,
    }  # fmt: skip
    return Alarm(
        id=ident, limit_id=limit_id, limit_version=2, site_id=site, device_id=device_id, metric=metric,
        message="Close the outfall.", raised_at=raised_at, **{**usual, **more},
    )  # fmt: skip


def transition(alarm_ident: str, kind: str, at: int, ident: str | None = None, **more: Any) -> AlarmTransition:
    return AlarmTransition(
        id=ident or str(uuid.uuid4()), alarm_id=alarm_ident, kind=kind, at=at, recorded_at=at, limit_version=2, **more
    )


def _alarms() -> list[Any]:
    power = ("brewery", "brewery.meter", "active_power", NOW - 5 * MINUTE)
    return [
        alarm(PH_ALARM, PH_LIMIT, "dairy", "dairy.effluent", "ph", NOW - 10 * MINUTE),
        transition(PH_ALARM, "raised", NOW - 10 * MINUTE, value=9.4),
        alarm(BREWERY_ALARM, BREWERY_LIMIT, *power),
        transition(BREWERY_ALARM, "raised", NOW - 5 * MINUTE),
    ]


STATS = {
    "received": 1200, "stored": 5000, "duplicates": 3, "conflicts": 1, "retained": 2, "outbox_depth": 4,
    "outbox_age_s": 0.5, "dead_letters": {"not_json": 2, "no_profile": 1}, "durable_broker": True,
    "redelivered": 1, "foreign": 2400, "commits": 40, "commit_failures": 2, "disk_free_bytes": 7_000_000_000,
    "trouble": None,
    "brokers": {"broker:1883": True},
    "outbox": {
        "influx": {"depth": 4, "age_s": 0.5, "parked": 1, "error": None},
        "site": {"depth": 0, "age_s": 0.0, "parked": 0, "error": None},
    },
    "histograms": {"commit_latency": {"bounds": [0.01, 0.1], "counts": [30, 9, 1], "sum": 0.75}},
}  # fmt: skip


def letter(ident: str, site: str | None) -> DeadLetter:
    return DeadLetter(
        id=ident, collector_id="collector-1", site_id=site, topic="a/b", reason="not_json", detail="line 1",
        payload=b"\xff{", first_seen_at=NOW - HOUR, last_seen_at=NOW - MINUTE, count=2,
    )  # fmt: skip


def _rest() -> list[Any]:
    return [
        letter(DAIRY_LETTER, "dairy"),
        letter(BREWERY_LETTER, "brewery"),
        letter(STRAY_LETTER, None),
        Collector(
            id="collector-1",
            started_at=NOW - HOUR,
            last_seen_at=NOW - 2 * SECOND,
            connected=True,
            broker="mqtt://broker",
            config_version=7,
            stats=STATS,
        ),
    ]


def _people() -> list[Any]:
    rows: list[Any] = []
    for name, (role, sites) in PEOPLE.items():
        everywhere = sites is None
        rows.append(
            User(
                id=f"user-{name}",
                username=name,
                name=name.title(),
                role=role,
                all_sites=everywhere,
                password_hash=_HASH,
                created_by="test",
                created_at=NOW,
            )
        )
        rows.append(
            ApiToken(
                id=f"token-{name}",
                name=name,
                role=role,
                all_sites=everywhere,
                token_hash=token_hash(token_of(name)),
                created_by="test",
                created_at=NOW,
            )
        )
        rows += [UserSite(user_id=f"user-{name}", site_id=site) for site in sites or ()]
        rows += [ApiTokenSite(token_id=f"token-{name}", site_id=site) for site in sites or ()]
    return rows
