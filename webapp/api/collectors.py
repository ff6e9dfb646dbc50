"""Collectors: whether they run, and what they counted."""

from __future__ import annotations

from typing import Any

from webapp.access import READER
from webapp.queries.collectors import list_collectors
from webapp.resource import Resource
from webapp.schemas.collectors import Collectors
from webapp.schemas.common import PageQuery
from webapp.services import services

resource = Resource("collectors", "Collectors")


@resource.view("/collectors", access=READER, query=PageQuery, answer=Collectors)
def collectors(args: dict[str, Any]) -> dict[str, Any]:
    """Collectors with heartbeat, outbox and counters. They belong to the installation, not to a site."""
    with services().db.read() as db:
        items, cursor = list_collectors(db, args, services().clock())
    return {"items": items, "next": cursor}
