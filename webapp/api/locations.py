"""Locations: the tree of places in a site."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request

from webapp.access import MANAGER, READER, principal
from webapp.incoming import IF_MATCH, expected_revision
from webapp.json import json_answer
from webapp.places import put_location
from webapp.problems import not_found
from webapp.queries.history import history
from webapp.queries.registers import get_location, list_locations, location_items
from webapp.resource import Resource
from webapp.schemas.common import ListQuery, PageQuery
from webapp.schemas.inspections import History
from webapp.schemas.registers import LocationBody, Locations, LocationShown
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


@resource.view(
    "/locations/<uuid:ident>",
    "PUT",
    access=MANAGER,
    body=LocationBody,
    answer=LocationShown,
    problems=("not_found", "conflict", "stale", "cross_site"),
    headers=IF_MATCH,
)
def put_location_record(args: dict[str, Any], ident: uuid.UUID) -> Any:
    """Make a location, or change it: a change names in If-Match the revision it was made from."""
    app = services()
    with app.db.write() as db:
        row, changed = put_location(db, principal(), str(ident), args, expected_revision(request), app.clock())
        item = location_items(db, [row])[0]
    return json_answer(item, 201 if changed and row.revision == 1 else 200)


@resource.view("/locations/<ident>/history", access=READER, query=PageQuery, answer=History, problems=("not_found",))
def location_history(args: dict[str, Any], ident: str) -> dict[str, Any]:
    """Every change of one location."""
    with services().db.read() as db:
        if get_location(db, principal(), ident) is None:
            raise not_found("location", ident)
        items, cursor = history(db, "location", ident, args)
    return {"items": items, "next": cursor}
