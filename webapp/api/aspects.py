"""Environmental aspects."""

from __future__ import annotations

from typing import Any

from webapp.access import READER, principal
from webapp.problems import not_found
from webapp.queries.evidence import evidence
from webapp.queries.registers import get_aspect, list_aspects
from webapp.resource import Resource
from webapp.schemas.common import ListQuery
from webapp.schemas.evidence import Evidence, EvidenceQuery
from webapp.schemas.registers import Aspects, AspectShown
from webapp.services import services

resource = Resource("aspects", "The register of environmental aspects")


@resource.view("/aspects", access=READER, query=ListQuery, answer=Aspects, problems=("not_found",))
def aspects(args: dict[str, Any]) -> dict[str, Any]:
    """Aspects with the points that are evidence for them."""
    with services().db.read() as db:
        items, cursor = list_aspects(db, principal(), args)
    return {"items": items, "next": cursor}


@resource.view("/aspects/<ident>", access=READER, answer=AspectShown, problems=("not_found",))
def aspect(ident: str) -> dict[str, Any]:
    """One aspect."""
    with services().db.read() as db:
        found = get_aspect(db, principal(), ident)
    if found is None:
        raise not_found("aspect", ident)
    return found


@resource.view(
    "/aspects/<ident>/evidence", access=READER, query=EvidenceQuery, answer=Evidence, problems=("not_found",)
)
def aspect_evidence(args: dict[str, Any], ident: str) -> dict[str, Any]:
    """What stands behind an aspect: readings summed up; photos, answers, findings and alarms, newest first."""
    app = services()
    with app.db.read() as db:
        found = evidence(db, principal(), ident, args, app.vocabulary, app.store, app.clock())
    if found is None:
        raise not_found("aspect", ident)
    return found
