"""Adopting a device: a manager says where it is, what it is evidence for and how it is read. Collectors take it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.sitedb.tables import ControlLimit, Device, Location
from webapp import audit, config_version
from webapp.auth import Principal
from webapp.device_profiles import DeviceProfiles
from webapp.models import Aspect, PointAspect
from webapp.problems import Problem, not_found
from webapp.queries import scope


def adopt(
    db: Session, who: Principal, ident: str, args: Mapping[str, Any], profiles: DeviceProfiles, now: int
) -> Device:
    """Also changes what was said of a device before. The same again changes nothing.

    Raises `not_found` for a device or site that the manager may not see, `retired`, `device_bound`, `adopted` when it
    is not in the state any more that the manager saw, and `invalid` for a place, aspect or profile that cannot be the
    device's.
    """
    device = _find(db, who, ident)
    if device.state == "retired":
        raise Problem("retired", f"'{ident}' was retired. What it measured stays; it is not adopted again.")
    scope.asked_site(db, who, args["site"])
    _check(db, device, args, profiles)
    before = _said(device)
    if device.site_id != args["site"]:
        _move(db, device, args["site"])
    _say(device, args, profiles)
    if _said(device) == before:
        return device
    if args.get("state") not in (None, before["state"]):
        detail = f"Somebody has adopted '{ident}' meanwhile, as '{before['name']}'. Look at it again to change it."
        raise Problem("adopted", detail)
    action = "device.adopt" if before["state"] == "unassigned" else "device.change"
    _record(db, device, who, action, before, now)
    return device


def retire(db: Session, who: Principal, ident: str, now: int) -> Device:
    """It is no more expected to speak. The same again changes nothing."""
    device = _find(db, who, ident)
    before = _said(device)
    if device.state != "retired":
        if device.site_id is None:
            raise Problem("unassigned", f"'{ident}' belongs to no site yet: adopt it first.")
        device.state = "retired"
        _record(db, device, who, "device.retire", before, now)
    return device


def _find(db: Session, who: Principal, ident: str) -> Device:
    """Locked, so that of two managers at once the later one sees what the first has done."""
    found = select(Device).where(scope.devices(who), Device.id == ident).with_for_update()
    device = db.scalars(found).one_or_none()
    if device is None:
        raise not_found("device", ident)
    return device


def _check(db: Session, device: Device, args: Mapping[str, Any], profiles: DeviceProfiles) -> None:
    """Everything that is wrong at once."""
    faults: dict[str, list[str]] = {}
    site = args["site"]
    if (place := args.get("location")) and _site_of(db, Location, place) != site:
        faults["location"] = [f"There is no location '{place}' in the site '{site}'."]
    if (aspect := args.get("aspect")) and _site_of(db, Aspect, aspect) != site:
        faults["aspect"] = [f"There is no aspect '{aspect}' in the site '{site}'."]
    profile = args.get("profile")
    # What reads it already is no choice: it must not keep anybody from saying where the device is.
    if profile and profile != device.profile and (fault := _profile_fault(device, profile, profiles)):
        faults["profile"] = [fault]
    if faults:
        raise Problem("invalid", next(iter(faults.values()))[0], errors=faults)


def _profile_fault(device: Device, profile: str, profiles: DeviceProfiles) -> str | None:
    """Why it cannot read the device: by its last message, as far as that was kept."""
    if profiles.get(profile) is None:
        return f"There is no profile '{profile}'; GET /profiles lists them."
    topic, payload = device.last_topic, device.last_payload
    if topic is None or payload is None or len(payload) != device.last_payload_size:
        return None
    named = profiles.named_by(profile, topic, payload)
    if named and device.id not in named:
        return f"This profile takes the device's messages for those of '{min(named)}'. Choose another one."
    return None


def _site_of(db: Session, table: type[Location | Aspect], ident: str) -> str | None:
    return db.scalar(select(table.site_id).where(table.id == ident))


def _move(db: Session, device: Device, site: str) -> None:
    """Place and aspect are of the former site. What else is must not be left behind."""
    if device.state == "active":
        limits = db.scalar(select(ControlLimit.id).where(ControlLimit.device_id == device.id, ControlLimit.current))
        aspects = db.scalar(select(PointAspect.metric).where(PointAspect.device_id == device.id))
        if limits or aspects:
            detail = f"'{device.id}' has control limits or aspects of its points in '{device.site_id}'. End them first."
            raise Problem("device_bound", detail, errors={"site": [detail]})
    device.site_id, device.location_id, device.aspect_id = site, None, None


def _say(device: Device, args: Mapping[str, Any], profiles: DeviceProfiles) -> None:
    device.state = "active"
    if "location" in args:
        device.location_id = args["location"] or None
    if "aspect" in args:
        device.aspect_id = args["aspect"] or None
    if name := (args.get("name") or "").strip():
        device.name = name
    if chosen := profiles.get(args.get("profile")):
        if chosen.id != device.profile:
            device.stale_after_s = chosen.stale_after_s
        device.profile = chosen.id


def _said(device: Device) -> dict[str, Any]:
    """What people say of a device."""
    return {
        "state": device.state,
        "name": device.name,
        "site": device.site_id,
        "location": device.location_id,
        "aspect": device.aspect_id,
        "profile": device.profile,
    }


def _record(db: Session, device: Device, who: Principal, action: str, before: dict[str, Any], now: int) -> None:
    db.flush()
    config_version.grow(db)
    audit.append(
        db, at=now, actor=who.username, action=action, kind="device", object_id=device.id, before=before,
        after=_said(device),
    )  # fmt: skip
