"""Walkthroughs: drafts as they are made, answers one by one, and the submission of the whole."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request

from webapp.access import INSPECTOR, READER, principal
from webapp.incoming import PHONE_HEADERS, arrival, body_digest
from webapp.inspections.record import put_answer, put_inspection
from webapp.inspections.submit import submit
from webapp.json import json_answer
from webapp.problems import not_found
from webapp.queries.inspections import get_inspection, list_inspections
from webapp.resource import Resource
from webapp.schemas.inspections import (
    AnswerBody,
    InspectionHead,
    Inspections,
    InspectionShown,
    InspectionsQuery,
    SubmitAnswer,
    SubmitBody,
    Taken,
)
from webapp.services import services

resource = Resource("inspections", "Walkthroughs with their answers")
_REFUSALS = ("not_found", "conflict", "other_author", "cross_site")


@resource.view("/inspections", access=READER, query=InspectionsQuery, answer=Inspections, problems=("not_found",))
def inspections(args: dict[str, Any]) -> dict[str, Any]:
    """Walkthroughs, newest first, without their answers."""
    with services().db.read() as db:
        items, cursor = list_inspections(db, principal(), args)
    return {"items": items, "next": cursor}


@resource.view("/inspections/<ident>", access=READER, answer=InspectionShown, problems=("not_found",))
def inspection(ident: str) -> dict[str, Any]:
    """One walkthrough: all versions of its answers, its findings, its photos and where they are."""
    with services().db.read() as db:
        found = get_inspection(db, principal(), ident)
    if found is None:
        raise not_found("walkthrough", ident)
    return found


@resource.view(
    "/inspections/<uuid:ident>",
    "PUT",
    access=INSPECTOR,
    body=InspectionHead,
    answer=Taken,
    problems=_REFUSALS,
    headers=PHONE_HEADERS,
)
def put_inspection_head(args: dict[str, Any], ident: uuid.UUID) -> Any:
    """Begin a walkthrough under an id made by the phone. Repeating it changes nothing."""
    app, sha256 = services(), body_digest(request, id=str(ident))
    with app.db.write() as db:
        row, new = put_inspection(db, principal(), arrival(request, app.clock()), str(ident), args, sha256)
        return json_answer({"id": row.id, "sha256": row.sha256}, 201 if new else 200)


@resource.view(
    "/inspections/<uuid:ident>/answers/<uuid:answer>",
    "PUT",
    access=INSPECTOR,
    body=AnswerBody,
    answer=Taken,
    problems=_REFUSALS,
    headers=PHONE_HEADERS,
)
def put_inspection_answer(args: dict[str, Any], ident: uuid.UUID, answer: uuid.UUID) -> Any:
    """Add one version of an answer. It replaces those that it names; others stay beside it."""
    app, sha256 = services(), body_digest(request, id=str(answer), inspection=str(ident))
    with app.db.write() as db:
        came = arrival(request, app.clock())
        row, new = put_answer(db, principal(), came, str(ident), str(answer), args, sha256)
        return json_answer({"id": row.id, "sha256": row.sha256}, 201 if new else 200)


@resource.view(
    "/inspections/<uuid:ident>/submit",
    "POST",
    access=INSPECTOR,
    body=SubmitBody,
    answer=SubmitAnswer,
    problems=("not_found", "content_differs", "other_author", "cross_site"),
    headers=PHONE_HEADERS,
)
def submit_inspection(args: dict[str, Any], ident: uuid.UUID) -> Any:
    """Call a walkthrough finished. It is complete when all its photos are here; `missing` names those that are not."""
    app = services()
    with app.db.write() as db:
        return submit(db, principal(), arrival(request, app.clock()), str(ident), args)
