"""Devices: what is installed, whether it is heard of, and what a manager says of it."""

from __future__ import annotations

from typing import Any

from webapp import adoption
from webapp.access import MANAGER, READER, principal
from webapp.problems import not_found
from webapp.queries.device_page import device_page
from webapp.queries.devices import add_profile_names, device_items, list_devices
from webapp.queries.gaps import add_gaps
from webapp.resource import Resource
from webapp.schemas.devices import Adoption, Devices, DeviceShown, DevicesQuery, DeviceWhole
from webapp.services import services

resource = Resource("devices", "Devices")


@resource.view("/devices", access=READER, query=DevicesQuery, answer=Devices, problems=("not_found",))
def devices(args: dict[str, Any]) -> dict[str, Any]:
    """Devices with place, aspect and health; new ones with their first values and the profiles that fit them."""
    app = services()
    with app.db.read() as db:
        items, cursor = list_devices(db, principal(), args, app.profiles, app.vocabulary, app.clock())
    return {"items": items, "next": cursor}


@resource.view("/devices/<ident>", access=READER, answer=DeviceWhole, problems=("not_found",))
def device(ident: str) -> dict[str, Any]:
    """One device with all that is known of it."""
    app, now = services(), services().clock()
    with app.db.read() as db:
        found = device_page(db, principal(), ident, app.profiles, app.vocabulary, now)
    if found is None:
        raise not_found("device", ident)
    # After the session is closed: a slow store must not hold a database connection.
    add_gaps(found, app.store, now)
    return found


@resource.view(
    "/devices/<ident>/adopt",
    "POST",
    access=MANAGER,
    body=Adoption,
    answer=DeviceShown,
    problems=("not_found", "retired", "adopted", "device_bound", "cross_site"),
)
def adopt_device(args: dict[str, Any], ident: str) -> dict[str, Any]:
    """Say where a device is, what it is evidence for and how it is read; again, to change it."""
    app, now = services(), services().clock()
    with app.db.write() as db:
        found = adoption.adopt(db, principal(), ident, args, app.profiles, now)
        items = device_items(db, [found], now)
    add_profile_names(items, app.profiles)
    return items[0]


@resource.view(
    "/devices/<ident>/retire",
    "POST",
    access=MANAGER,
    answer=DeviceShown,
    problems=("not_found", "unassigned", "cross_site"),
)
def retire_device(ident: str) -> dict[str, Any]:
    """It is not expected to speak any more. What it measured stays."""
    app, now = services(), services().clock()
    with app.db.write() as db:
        items = device_items(db, [adoption.retire(db, principal(), ident, now)], now)
    add_profile_names(items, app.profiles)
    return items[0]
