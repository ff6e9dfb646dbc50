"""Publishing templates: each change is a new version, and every version stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp import audit
from webapp.canonical import digest
from webapp.db import take_turn
from webapp.inspections.content import load_content
from webapp.models import Template
from webapp.problems import Problem


def current_template(db: Session, ident: str) -> Template | None:
    return db.scalars(select(Template).where(Template.id == ident, Template.current)).one_or_none()


def template_version(db: Session, ident: str, version: int) -> Template | None:
    return db.get(Template, (ident, version))


def publish(
    db: Session, ident: str, site: str, raw: Mapping[str, Any], *, actor: str, now: int, expected: int | None = None
) -> tuple[Template, bool]:
    """The current version, and whether it is a new one. The same content again changes nothing.

    `expected` is the version that the author changed, None for "there is none yet". Raises ValidationError for
    content that cannot be used, `stale` where another version is current, `conflict` for another site's template.
    """
    content = load_content(raw)
    sha256 = digest(content)
    take_turn(db, "template")
    old = current_template(db, ident)
    if old is not None and old.site_id != site:
        raise Problem("conflict", f"The template {ident} belongs to another site. Use a new id.")
    if old is not None and old.sha256 == sha256:
        return old, False
    if (old.version if old else None) != expected:
        raise stale("template", expected, old.version if old else None)
    return _add(db, ident, site, content, sha256, actor, now, old), True


def _add(
    db: Session,
    ident: str,
    site: str,
    content: dict[str, Any],
    sha256: str,
    actor: str,
    now: int,
    old: Template | None,
) -> Template:
    db.execute(update(Template).where(Template.id == ident).values(current=False))
    new = Template(
        id=ident,
        version=old.version + 1 if old else 1,
        current=True,
        site_id=site,
        title=content["title"],
        description=content["description"],
        content=content,
        sha256=sha256,
        created_by=actor,
        updated_at=now,
    )
    db.add(new)
    before = {"version": old.version, "sha256": old.sha256} if old else None
    after = {"version": new.version, "sha256": sha256, "title": new.title}
    audit.append(
        db, at=now, actor=actor, action="template.publish", kind="template", object_id=ident, before=before, after=after
    )
    return new


def stale(what: str, expected: int | None, current: int | None) -> Problem:
    """Names both revisions, as the contract says."""
    yours = "none" if expected is None else str(expected)
    ours = "none" if current is None else str(current)
    detail = f"You changed revision {yours} of this {what}; revision {ours} is current. Read it, then send again."
    return Problem("stale", detail, errors={"If-Match": [f"yours: {yours}", f"current: {ours}"]})
