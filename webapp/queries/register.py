"""Names of places and aspects, read once for a whole answer: both tables are small, and joins per row are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.sitedb.tables import Device, Location
from webapp.models import Aspect, PointAspect

Named = dict[str, str]


@dataclass(frozen=True, slots=True)
class Register:
    locations: dict[str, Named]
    aspects: dict[str, Named]
    point_aspects: dict[tuple[str, str], str]

    def location(self, ident: str | None) -> Named | None:
        return self.locations.get(ident) if ident else None

    def aspect(self, ident: str | None) -> Named | None:
        return self.aspects.get(ident) if ident else None

    def aspect_of(self, device: Device, metric: str) -> Named | None:
        """A point's own aspect before its device's."""
        return self.aspect(self.point_aspects.get((device.id, metric), device.aspect_id))


def read_register(db: Session, site: str | None = None) -> Register:
    """Of all sites, or of one: what a record of that site may be shown with."""
    rows = db.execute(_of(site, select(Location.id, Location.parent_id, Location.name), Location)).all()
    names: dict[str, str] = {row.id: row.name for row in rows}
    parents: dict[str, str | None] = {row.id: row.parent_id for row in rows}
    locations = {
        ident: {"id": ident, "name": name, "path": _path(ident, names, parents)} for ident, name in names.items()
    }
    named = db.execute(_of(site, select(Aspect.id, Aspect.name), Aspect))
    aspects = {row.id: {"id": row.id, "name": row.name} for row in named}
    of_points = {(row.device_id, row.metric): row.aspect_id for row in db.scalars(select(PointAspect))}
    return Register(locations, aspects, of_points)


def _of(site: str | None, wanted: Any, table: type[Location | Aspect]) -> Any:
    return wanted if site is None else wanted.where(table.site_id == site)


def _path(ident: str, names: dict[str, str], parents: dict[str, str | None]) -> str:
    parts: list[str] = []
    at: str | None = ident
    # Bounded, so that a circle made by hand in the database cannot hang a request.
    while at is not None and at in names and len(parts) < 32:
        parts.append(names[at])
        at = parents[at]
    # The top of the tree stands for the whole site: in a path it says nothing.
    shown = parts[:-1] if len(parts) > 1 else parts
    return " / ".join(reversed(shown))


def device_places(db: Session, ids: set[str]) -> dict[str, Device]:
    return {device.id: device for device in db.scalars(select(Device).where(Device.id.in_(ids)))} if ids else {}
