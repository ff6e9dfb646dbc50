"""Templates: versioned checklists of walkthroughs."""

from __future__ import annotations

import uuid
from typing import Any

from flask import request
from marshmallow import ValidationError

from webapp.access import MANAGER, READER, principal
from webapp.incoming import IF_MATCH, expected_revision, flat_faults
from webapp.inspections.templates import publish
from webapp.json import json_answer
from webapp.problems import not_found
from webapp.queries import scope
from webapp.queries.history import history
from webapp.queries.templates import get_template, list_templates, template_item
from webapp.resource import Resource
from webapp.schemas.common import ListQuery, PageQuery
from webapp.schemas.inspections import History
from webapp.schemas.templates import TemplateBody, TemplateQuery, Templates, TemplateShown
from webapp.services import services

resource = Resource("templates", "Checklists of walkthroughs")


@resource.view("/templates", access=READER, query=ListQuery, answer=Templates, problems=("not_found",))
def templates(args: dict[str, Any]) -> dict[str, Any]:
    """The current version of each template."""
    with services().db.read() as db:
        items, cursor = list_templates(db, principal(), args)
    return {"items": items, "next": cursor}


@resource.view("/templates/<ident>", access=READER, query=TemplateQuery, answer=TemplateShown, problems=("not_found",))
def template(args: dict[str, Any], ident: str) -> dict[str, Any]:
    """One template: its current version, or the one that is asked for."""
    with services().db.read() as db:
        found = get_template(db, principal(), ident, args["version"])
    if found is None:
        raise not_found("template", ident)
    return found


@resource.view(
    "/templates/<uuid:ident>",
    "PUT",
    access=MANAGER,
    body=TemplateBody,
    answer=TemplateShown,
    problems=("not_found", "conflict", "stale", "cross_site"),
    headers=IF_MATCH,
)
def put_template(args: dict[str, Any], ident: uuid.UUID) -> Any:
    """Publish a version. A change names in If-Match the version it was made from; the same content changes nothing."""
    app, who = services(), principal()
    with app.db.write() as db:
        scope.asked_site(db, who, args["site"])
        try:
            row, new = publish(
                db, str(ident), args["site"], args["content"],
                actor=who.username, now=app.clock(), expected=expected_revision(request),
            )  # fmt: skip
        except ValidationError as error:
            raise flat_faults(error, "content") from error
        return json_answer(template_item(row), 201 if new and row.version == 1 else 200)


@resource.view("/templates/<ident>/history", access=READER, query=PageQuery, answer=History, problems=("not_found",))
def template_history(args: dict[str, Any], ident: str) -> dict[str, Any]:
    """Who published which version, and when."""
    with services().db.read() as db:
        if get_template(db, principal(), ident, None) is None:
            raise not_found("template", ident)
        items, cursor = history(db, "template", ident, args)
    return {"items": items, "next": cursor}
