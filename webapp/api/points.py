"""Points: the latest value of everything that is measured."""

from __future__ import annotations

from typing import Any

from webapp.access import READER, principal
from webapp.queries.points import add_sparks, list_points
from webapp.resource import Resource
from webapp.schemas.points import Points, PointsQuery
from webapp.services import services

resource = Resource("points", "Points with their latest value")


@resource.view("/points", access=READER, query=PointsQuery, answer=Points, problems=("not_found", "store_unavailable"))
def points(args: dict[str, Any]) -> dict[str, Any]:
    """Points with value, quality, age, limits and open alarm; `spark` adds hours of history."""
    app, now = services(), services().clock()
    with app.db.read() as db:
        items, cursor = list_points(db, principal(), args, app.vocabulary, now)
    if args["spark"]:
        # After the session is closed: a slow store must not hold a database connection.
        add_sparks(items, app.store, args["spark"], now)
    return {"items": items, "next": cursor}
