"""Catching up after a time without a network."""

from __future__ import annotations

from typing import Any

from webapp.access import READER, principal
from webapp.queries.sync import changes, parse_cursor
from webapp.resource import Resource
from webapp.schemas.sync import SyncAnswer, SyncQuery
from webapp.services import services

resource = Resource("sync", "What changed since a phone was here")


@resource.view("/sync", access=READER, query=SyncQuery, answer=SyncAnswer, problems=("not_found",))
def sync(args: dict[str, Any]) -> dict[str, Any]:
    """Everything a phone works with, or, with the `cursor` of the last answer, what changed since."""
    app = services()
    with app.db.read() as db:
        return changes(db, principal(), parse_cursor(args["since"]), args["site"], app.vocabulary, app.clock())
