"""Devices: what is installed, and whether it is heard of."""

from __future__ import annotations

from typing import Any

from webapp.access import READER, principal
from webapp.problems import not_found
from webapp.queries.devices import get_device, list_devices
from webapp.resource import Resource
from webapp.schemas.devices import Devices, DeviceShown, DevicesQuery
from webapp.services import services

resource = Resource("devices", "Devices")


@resource.view("/devices", access=READER, query=DevicesQuery, answer=Devices, problems=("not_found",))
def devices(args: dict[str, Any]) -> dict[str, Any]:
    """Devices with place, aspect and health."""
    with services().db.read() as db:
        items, cursor = list_devices(db, principal(), args, services().clock())
    return {"items": items, "next": cursor}


@resource.view("/devices/<ident>", access=READER, answer=DeviceShown, problems=("not_found",))
def device(ident: str) -> dict[str, Any]:
    """One device."""
    with services().db.read() as db:
        found = get_device(db, principal(), ident, services().clock())
    if found is None:
        raise not_found("device", ident)
    return found
