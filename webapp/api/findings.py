"""Findings: what was noticed, on a walkthrough or at any other moment."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request

from webapp.access import INSPECTOR, READER, principal
from webapp.incoming import IF_MATCH, PHONE_HEADERS, arrival, body_digest, expected_revision
from webapp.inspections.record import put_finding
from webapp.json import json_answer
from webapp.problems import not_found
from webapp.queries.history import history
from webapp.queries.inspections import get_finding, list_findings
from webapp.resource import Resource
from webapp.schemas.common import PageQuery
from webapp.schemas.inspections import FindingBody, Findings, FindingShown, FindingsQuery, FindingTaken, History
from webapp.services import services

resource = Resource("findings", "What was noticed")


@resource.view("/findings", access=READER, query=FindingsQuery, answer=Findings, problems=("not_found",))
def findings(args: dict[str, Any]) -> dict[str, Any]:
    """Findings, newest first."""
    with services().db.read() as db:
        items, cursor = list_findings(db, principal(), args)
    return {"items": items, "next": cursor}


@resource.view("/findings/<ident>", access=READER, answer=FindingShown, problems=("not_found",))
def finding(ident: str) -> dict[str, Any]:
    """One finding."""
    with services().db.read() as db:
        found = get_finding(db, principal(), ident)
    if found is None:
        raise not_found("finding", ident)
    return found


@resource.view(
    "/findings/<uuid:ident>",
    "PUT",
    access=INSPECTOR,
    body=FindingBody,
    answer=FindingTaken,
    problems=("not_found", "stale", "other_author", "cross_site"),
    headers={**IF_MATCH, **PHONE_HEADERS},
)
def put_finding_record(args: dict[str, Any], ident: uuid.UUID) -> Any:
    """Record a finding, or change it: a change names in If-Match the revision it was made from."""
    app, sha256 = services(), body_digest(request, id=str(ident))
    with app.db.write() as db:
        came = arrival(request, app.clock())
        row, changed = put_finding(db, principal(), came, str(ident), args, sha256, expected_revision(request))
        answer = {"id": row.id, "sha256": row.sha256, "revision": row.revision}
        return json_answer(answer, 201 if changed and row.revision == 1 else 200)


@resource.view("/findings/<ident>/history", access=READER, query=PageQuery, answer=History, problems=("not_found",))
def finding_history(args: dict[str, Any], ident: str) -> dict[str, Any]:
    """Every change of one finding."""
    with services().db.read() as db:
        if get_finding(db, principal(), ident) is None:
            raise not_found("finding", ident)
        items, cursor = history(db, "finding", ident, args)
    return {"items": items, "next": cursor}
