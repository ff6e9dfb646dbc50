"""What stands on labels: of devices and of places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.sitedb.tables import Device, Location, Site
from webapp.auth import Principal
from webapp.problems import not_found
from webapp.queries import scope
from webapp.queries.register import Register, read_register

# Drawing a code takes some ten milliseconds.
MOST = 300


class Labelled(NamedTuple):
    """`mark`: what the address in the code ends with."""

    mark: str
    name: str
    place: str
    site: str


def labelled(db: Session, who: Principal, of: str, site: str | None, ids: Sequence[str] | None) -> list[Labelled]:
    """One more than `MOST` at most. In the order of `ids`, or by place and name. Raises `not_found`."""
    scope.asked_site(db, who, site)
    table: Any = Device if of == "devices" else Location
    wanted = select(table).where(scope.devices(who) if table is Device else scope.in_sites(who, Location.site_id))
    if site is not None:
        wanted = wanted.where(table.site_id == site)
    if ids is not None:
        wanted = wanted.where(table.id.in_(ids[: MOST + 1]))
    elif table is Device:
        wanted = wanted.where(Device.state == "active")
    rows = {row.id: row for row in db.scalars(wanted.order_by(table.name, table.id).limit(MOST + 1))}
    missing = next((ident for ident in ids or () if ident not in rows), None)
    if missing is not None and len(rows) <= MOST:
        raise not_found(of.removesuffix("s"), missing)
    register, names = read_register(db), {row.id: row.name for row in db.execute(select(Site.id, Site.name))}
    found = [_labelled(row, register, names) for row in (map(rows.get, ids) if ids else rows.values()) if row]
    return found if ids else sorted(found, key=lambda one: (one.site, one.place, one.name))


def _labelled(row: Device | Location, register: Register, names: dict[str, str]) -> Labelled:
    site = names.get(row.site_id or "", "")
    place = register.location(row.location_id if isinstance(row, Device) else row.id)
    path = place["path"] if place else ""
    if isinstance(row, Device):
        return Labelled(row.id, row.name, path, site)
    # What a place is a part of: its own name stands above.
    # An earlier version that runs beside this one makes places without a token: /l/ leads on with an id too.
    return Labelled(row.token or row.id, row.name, path.removesuffix(row.name).removesuffix(" / "), site)
