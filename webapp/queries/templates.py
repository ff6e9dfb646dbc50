"""Templates and their versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.auth import Principal
from webapp.json import iso
from webapp.models import Template
from webapp.queries import scope
from webapp.queries.paging import Order, contains, page

_ORDERS = {"title": Order((Template.title, Template.id))}


def list_templates(db: Session, who: Principal, args: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    statement = select(Template).where(scope.in_sites(who, Template.site_id), Template.current)
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(Template.site_id == site)
    if args["q"]:
        statement = statement.where(contains(args["q"], Template.title, Template.description))
    templates, cursor = page(db, statement, _ORDERS, args)
    return [template_item(template) for template in templates], cursor


def get_template(db: Session, who: Principal, ident: str, version: int | None) -> dict[str, Any] | None:
    """The named version, or the current one."""
    which = Template.current if version is None else Template.version == version
    found = select(Template).where(Template.id == ident, which, scope.in_sites(who, Template.site_id))
    template = db.scalars(found).one_or_none()
    return None if template is None else template_item(template)


def template_item(template: Template) -> dict[str, Any]:
    return {
        "id": template.id,
        "version": template.version,
        "revision": template.version,
        "current": template.current,
        "site": template.site_id,
        "title": template.title,
        "description": template.description,
        "sha256": template.sha256,
        "content": template.content,
        "created_by": template.created_by,
        "updated_at": iso(template.updated_at),
    }
