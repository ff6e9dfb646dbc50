"""Locations as managers make and change them. Each change is a revision with a row in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.sitedb.tables import Location
from webapp import audit
from webapp.auth import Principal
from webapp.db import take_turn
from webapp.inspections.templates import stale
from webapp.problems import Problem
from webapp.queries import scope

# A path has to fit on a label and on a phone.
_DEEPEST = 12


def put_location(
    db: Session, who: Principal, ident: str, args: Mapping[str, Any], expected: int | None, now: int
) -> tuple[Location, bool]:
    """The location, and whether anything changed. The same content again changes nothing.

    Without a parent it lies below the top of its site, where there is one. Raises `not_found` for a site that one may
    not see, `conflict` for the location of another site, `stale`, and `invalid` for a parent that cannot be.
    """
    site = args["site"]
    scope.asked_site(db, who, site)
    take_turn(db, "location")
    known = db.get(Location, ident)
    if known is not None and known.site_id != site:
        raise Problem("conflict", f"The location {ident} belongs to another site. Use a new id.")
    parent = args["parent"] or _top(db, site, ident)
    _check_parent(db, site, ident, parent)
    wanted = {"site": site, "parent": parent, "name": args["name"].strip()}
    before = None if known is None else _said(known)
    if known is not None and before == wanted:
        return known, False
    if (known.revision if known else None) != expected:
        raise stale("location", expected, known.revision if known else None)
    if known is None:
        known = Location(id=ident, site_id=site, revision=0, created_by=who.username)
        db.add(known)
    known.parent_id, known.name, known.updated_at = parent, wanted["name"], now
    known.revision += 1
    db.flush()
    action = "location.create" if before is None else "location.change"
    audit.append(
        db, at=now, actor=who.username, action=action, kind="location", object_id=ident, before=before, after=wanted
    )
    return known, True


def _said(location: Location) -> dict[str, Any]:
    return {"site": location.site_id, "parent": location.parent_id, "name": location.name}


def _top(db: Session, site: str, ident: str) -> str | None:
    """The place that stands for the whole site: the one that lies below none."""
    tops = db.scalars(select(Location.id).where(Location.site_id == site, Location.parent_id.is_(None))).all()
    return tops[0] if len(tops) == 1 and tops[0] != ident else None


def _check_parent(db: Session, site: str, ident: str, parent: str | None) -> None:
    if parent is None:
        return
    parents = {row.id: row.parent_id for row in db.execute(_places(site))}
    if parent not in parents:
        raise _unusable(f"There is no location '{parent}' in the site '{site}'.")
    above: list[str] = []
    at: str | None = parent
    while at is not None and len(above) < _DEEPEST:
        above.append(at)
        at = parents.get(at)
    if ident in above:
        raise _unusable("A location cannot lie within itself.")
    if at is not None:
        raise _unusable(f"No more than {_DEEPEST} locations may lie within one another.")


def _places(site: str) -> Any:
    return select(Location.id, Location.parent_id).where(Location.site_id == site)


def _unusable(why: str) -> Problem:
    return Problem("invalid", why, errors={"parent": [why]})
