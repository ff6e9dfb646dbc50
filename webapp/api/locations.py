"""Locations: the tree of places in a site."""

from __future__ import annotations

from typing import Any

from webapp.access import READER, principal
from webapp.problems import not_found
from webapp.queries.registers import get_location, list_locations
from webapp.resource import Resource
from webapp.schemas.common import ListQuery
from webapp.schemas.registers import Locations, LocationShown
from webapp.services import services

resource = Resource("locations", "Places in a site")


@resource.view("/locations", access=READER, query=ListQuery, answer=Locations, problems=("not_found",))
def locations(args: dict[str, Any]) -> dict[str, Any]:
    """Locations with their path from the top of the site."""
    with services().db.read() as db:
        items, cursor = list_locations(db, principal(), args)
    return {"items": items, "next": cursor}


@resource.view("/locations/<ident>", access=READER, answer=LocationShown, problems=("not_found",))
def location(ident: str) -> dict[str, Any]:
    """One location."""
    with services().db.read() as db:
        found = get_location(db, principal(), ident)
    if found is None:
        raise not_found("location", ident)
    return found
