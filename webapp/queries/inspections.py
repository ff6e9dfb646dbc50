"""Walkthroughs with what belongs to them: a handful of queries, however many there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import exists, select, tuple_
from sqlalchemy.orm import Session

from webapp.auth import Principal
from webapp.inspections.verdict import heads_of, outcomes, replaced_ids
from webapp.json import iso
from webapp.models import Answer, Finding, FromPhone, Inspection, InspectionPhoto, Photo, Submission, Template
from webapp.queries import scope
from webapp.queries.paging import Order, contains, page
from webapp.queries.people import People
from webapp.queries.photos import photos_of_inspections

Items = tuple[list[dict[str, Any]], str | None]
_ORDERS = {
    "started_at": Order((Inspection.started_at, Inspection.id), descending=True),
    "updated_at": Order((Inspection.updated_at, Inspection.id), descending=True),
}
_FINDINGS = {"found_at": Order((Finding.found_at, Finding.id), descending=True)}


def list_inspections(db: Session, who: Principal, args: Mapping[str, Any]) -> Items:
    statement = select(Inspection).where(scope.in_sites(who, Inspection.site_id))
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(Inspection.site_id == site)
    if args["state"]:
        statement = statement.where(Inspection.state == args["state"])
    if args["mine"]:
        statement = statement.where(Inspection.author == who.username)
    if args["q"]:
        statement = statement.where(contains(args["q"], Inspection.author, Inspection.id))
    found, cursor = page(db, statement, _ORDERS, args)
    return [head_item(inspection, around) for inspection, around in _around(db, list(found))], cursor


def get_inspection(db: Session, who: Principal, ident: str) -> dict[str, Any] | None:
    """With the content of its template."""
    found = select(Inspection).where(Inspection.id == ident, scope.in_sites(who, Inspection.site_id))
    inspection = db.scalars(found).one_or_none()
    if inspection is None:
        return None
    template = db.get(Template, (inspection.template_id, inspection.template_version))
    item = followed_items(db, who, [inspection])[0]
    return {**item, "content": template.content if template else {}}


def followed_items(db: Session, who: Principal, inspections: Sequence[Inspection]) -> list[dict[str, Any]]:
    """Whole walkthroughs, without the content of their templates."""
    ids = [inspection.id for inspection in inspections]
    photos = photos_of_inspections(db, who, ids)
    findings, submissions = _by_inspection(db, Finding, ids), _by_inspection(db, Submission, ids)
    return [
        {
            **head_item(inspection, around),
            "answers": around.answer_items(),
            "findings": [finding_item(row, around.people) for row in findings[inspection.id]],
            "photos": photos.get(inspection.id, []),
            "submissions": [_submission(row, around.people) for row in submissions[inspection.id]],
        }
        for inspection, around in _around(db, inspections)
    ]


class _Around:
    """What is known about one walkthrough besides its own row."""

    def __init__(self, template: Template | None, answers: list[Answer], missing: list[str], people: People) -> None:
        self.template = template
        self.answers = answers
        self.missing = missing
        self.people = people

    def answer_items(self) -> list[dict[str, Any]]:
        replaced = replaced_ids(self.answers)
        return [answer_item(answer, self.people, current=answer.id not in replaced) for answer in self.answers]

    def progress(self) -> dict[str, int]:
        content = self.template.content if self.template else {"sections": []}
        found = list(outcomes(content, heads_of(self.answers)).values())
        answered = sum(1 for outcome in found if outcome != "unanswered")
        return {"items": len(found), "answered": answered, "fail": found.count("fail")}


def _around(db: Session, inspections: Sequence[Inspection]) -> list[tuple[Inspection, _Around]]:
    ids = [inspection.id for inspection in inspections]
    keys = {(inspection.template_id, inspection.template_version) for inspection in inspections}
    found = db.scalars(select(Template).where(tuple_(Template.id, Template.version).in_(keys))) if keys else ()
    templates = {(template.id, template.version): template for template in found}
    answers = _by_inspection(db, Answer, ids)
    missing = _missing(db, ids)
    authors = [row.author for row in inspections] + [row.author for rows in answers.values() for row in rows]
    authors += [author for table in (Finding, Submission) for author in _authors(db, table, ids)]
    people = People(db, authors)
    return [
        (row, _Around(templates.get((row.template_id, row.template_version)), answers[row.id], missing[row.id], people))
        for row in inspections
    ]


def _authors(db: Session, table: Any, ids: Sequence[str]) -> list[str]:
    return list(db.scalars(select(table.author).where(table.inspection_id.in_(ids)).distinct()))


def _by_inspection(db: Session, table: Any, ids: Sequence[str]) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = defaultdict(list)
    for row in db.scalars(select(table).where(table.inspection_id.in_(ids)).order_by(*table.__table__.primary_key)):
        rows[row.inspection_id].append(row)
    return rows


def _missing(db: Session, ids: Sequence[str]) -> dict[str, list[str]]:
    here = exists().where(Photo.sha256 == InspectionPhoto.sha256)
    named = select(InspectionPhoto).where(InspectionPhoto.inspection_id.in_(ids), ~here)
    found: dict[str, list[str]] = defaultdict(list)
    for row in db.scalars(named.order_by(InspectionPhoto.sha256)):
        found[row.inspection_id].append(row.sha256)
    return found


def head_item(inspection: Inspection, around: _Around) -> dict[str, Any]:
    title = around.template.title if around.template else ""
    return {
        "id": inspection.id,
        "site": inspection.site_id,
        "template": {"id": inspection.template_id, "version": inspection.template_version, "title": title},
        "state": inspection.state,
        "flagged": inspection.flagged,
        "started_at": iso(inspection.started_at),
        "submitted_at": iso(inspection.submitted_at),
        "completed_at": iso(inspection.completed_at),
        "revision": inspection.revision,
        "updated_at": iso(inspection.updated_at),
        "progress": around.progress(),
        "missing": around.missing,
        **_phone(inspection, around.people),
    }


def _phone(row: FromPhone, people: People) -> dict[str, Any]:
    return {
        "device_id": row.device_id,
        "utc_offset_min": row.utc_offset_min,
        "skew_ms": row.skew_ms,
        "clock_error_ms": row.clock_error_ms,
        "author": people.author(row.author),
        "delivered_by": row.delivered_by,
        "received_at": iso(row.received_at),
        "sha256": row.sha256,
    }


def answer_item(answer: Answer, people: People, *, current: bool) -> dict[str, Any]:
    return {
        "id": answer.id,
        "inspection": answer.inspection_id,
        "item": answer.item,
        "repeat": answer.repeat,
        "value": answer.value,
        "note": answer.note,
        "aspect": answer.aspect_id,
        "location": answer.location_id,
        "reading": answer.reading,
        "photos": answer.photos,
        "answered_at": iso(answer.answered_at),
        "replaces": answer.replaces,
        "late": answer.late,
        "current": current,
        **_phone(answer, people),
    }


def finding_item(finding: Finding, people: People) -> dict[str, Any]:
    return {
        "id": finding.id,
        "site": finding.site_id,
        "inspection": finding.inspection_id,
        "item": finding.item,
        "kind": finding.kind,
        "text": finding.text,
        "aspect": finding.aspect_id,
        "location": finding.location_id,
        "photos": finding.photos,
        "found_at": iso(finding.found_at),
        "revision": finding.revision,
        "updated_at": iso(finding.updated_at),
        **_phone(finding, people),
    }


def _submission(row: Submission, people: People) -> dict[str, Any]:
    return {
        "version": row.version,
        "content_sha256": row.content_sha256,
        "submitted_at": iso(row.submitted_at),
        "received_at": iso(row.received_at),
        "author": people.author(row.author),
        "delivered_by": row.delivered_by,
        "photos": row.photos,
    }


def list_findings(db: Session, who: Principal, args: Mapping[str, Any]) -> Items:
    statement = select(Finding).where(scope.in_sites(who, Finding.site_id))
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(Finding.site_id == site)
    if args["aspect"]:
        statement = statement.where(Finding.aspect_id == args["aspect"])
    if args["inspection"]:
        statement = statement.where(Finding.inspection_id == args["inspection"])
    if args["q"]:
        statement = statement.where(contains(args["q"], Finding.text))
    findings, cursor = page(db, statement, _FINDINGS, args)
    people = People(db, (finding.author for finding in findings))
    return [finding_item(finding, people) for finding in findings], cursor


def get_finding(db: Session, who: Principal, ident: str) -> dict[str, Any] | None:
    found = select(Finding).where(Finding.id == ident, scope.in_sites(who, Finding.site_id))
    finding = db.scalars(found).one_or_none()
    return None if finding is None else finding_item(finding, People(db, [finding.author]))
