"""Recording what phones send: heads of walkthroughs, answers, findings. Repeats change nothing, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp import audit
from webapp.auth import Principal
from webapp.db import take_turn
from webapp.inspections.arrival import Arrival, check_same, from_phone
from webapp.inspections.completeness import expect_photos, judge
from webapp.inspections.content import item_of
from webapp.inspections.templates import stale, template_version
from webapp.models import Answer, Finding, Inspection
from webapp.problems import Problem, not_found
from webapp.queries import scope
from webapp.questions import QUESTIONS
from webapp.questions.reading import snapshot_faults


def find_inspection(db: Session, who: Principal, ident: str) -> Inspection:
    """Raises `not_found` also for one of another site."""
    found = select(Inspection).where(Inspection.id == ident, scope.in_sites(who, Inspection.site_id))
    inspection = db.scalars(found).one_or_none()
    if inspection is None:
        raise not_found("walkthrough", ident)
    return inspection


def take_walkthrough_turn(db: Session) -> None:
    """One writer at a time: two requests with the same new id must not both find nothing there."""
    take_turn(db, "walkthrough")


def put_inspection(
    db: Session, who: Principal, arrival: Arrival, ident: str, args: dict[str, Any], sha256: str
) -> tuple[Inspection, bool]:
    """The walkthrough, and whether it is new."""
    take_walkthrough_turn(db)
    known = db.get(Inspection, ident)
    if known is not None:
        find_inspection(db, who, ident)
        check_same("walkthrough", ident, known.sha256, sha256)
        return known, False
    scope.asked_site(db, who, args["site"])
    template = template_version(db, args["template"], args["template_version"])
    if template is None or template.site_id != args["site"]:
        raise not_found("template", f"{args['template']} version {args['template_version']}")
    inspection = Inspection(
        id=ident,
        site_id=args["site"],
        template_id=template.id,
        template_version=template.version,
        state="draft",
        started_at=args["started_at"],
        updated_at=arrival.at,
        **from_phone(who, arrival, args, sha256),
    )
    db.add(inspection)
    note(db, who, arrival, inspection, "start", {"template": template.id, "version": template.version})
    return inspection, True


def put_answer(
    db: Session, who: Principal, arrival: Arrival, inspection_id: str, ident: str, args: dict[str, Any], sha256: str
) -> tuple[Answer, bool]:
    """The answer, and whether it is new. One that comes after the submission is kept and marked late."""
    take_walkthrough_turn(db)
    inspection = find_inspection(db, who, inspection_id)
    known = db.get(Answer, ident)
    if known is not None:
        if known.inspection_id != inspection_id:
            raise Problem("conflict", f"The answer {ident} belongs to another walkthrough. Use a new id.")
        check_same("answer", ident, known.sha256, sha256)
        return known, False
    _check_answer(db, inspection, args)
    answer = Answer(
        id=ident,
        inspection_id=inspection_id,
        item=args["item"],
        repeat=args["repeat"],
        value=args["value"],
        note=args["note"],
        aspect_id=args["aspect"],
        location_id=args["location"],
        reading=args["reading"],
        photos=args["photos"],
        replaces=args["replaces"],
        answered_at=args["answered_at"],
        late=inspection.state != "draft",
        **from_phone(who, arrival, args, sha256),
    )
    db.add(answer)
    expect_photos(db, inspection_id, args["photos"])
    note(db, who, arrival, inspection, "answer", {"answer": ident, "item": answer.item, "sha256": sha256})
    judge(db, inspection, arrival.at, who.username)
    return answer, True


def _check_answer(db: Session, inspection: Inspection, args: dict[str, Any]) -> None:
    template = template_version(db, inspection.template_id, inspection.template_version)
    item = item_of(template.content, args["item"]) if template else None
    if item is None:
        raise invalid("item", [f"version {inspection.template_version} of the template has no item {args['item']}"])
    if args["reading"] is not None and (faults := snapshot_faults(args["reading"])):
        raise invalid("reading", faults)
    if args["value"] is not None and (faults := QUESTIONS[item["type"]].faults(item, args)):
        raise invalid("value", faults)


def invalid(field: str, faults: Iterable[str]) -> Problem:
    texts = list(faults)
    return Problem("invalid", f"{field}: {texts[0]}", errors={field: texts})


def put_finding(
    db: Session,
    who: Principal,
    arrival: Arrival,
    ident: str,
    args: dict[str, Any],
    sha256: str,
    expected: int | None = None,
) -> tuple[Finding, bool]:
    """The finding, and whether anything changed. `expected` is the revision that its author changed."""
    take_walkthrough_turn(db)
    inspection = _inspection_of(db, who, args)
    known = db.get(Finding, ident)
    if known is None:
        finding = _new_finding(db, who, arrival, ident, args, sha256)
    elif not who.sees_site(known.site_id):
        raise not_found("finding", ident)
    elif known.sha256 == sha256:
        return known, False
    else:
        finding = _changed(db, who, arrival, known, args, sha256, expected)
    if inspection is not None:
        expect_photos(db, inspection.id, args["photos"])
        note(db, who, arrival, inspection, "finding", {"finding": ident, "sha256": sha256})
        judge(db, inspection, arrival.at, who.username)
    return finding, True


def _inspection_of(db: Session, who: Principal, args: dict[str, Any]) -> Inspection | None:
    scope.asked_site(db, who, args["site"])
    if args["inspection"] is None:
        return None
    inspection = find_inspection(db, who, args["inspection"])
    if inspection.site_id != args["site"]:
        raise invalid("site", ["the walkthrough is of another site"])
    return inspection


def _columns(args: dict[str, Any]) -> dict[str, Any]:
    return {
        "site_id": args["site"],
        "inspection_id": args["inspection"],
        "item": args["item"],
        "kind": args["kind"],
        "text": args["text"],
        "aspect_id": args["aspect"],
        "location_id": args["location"],
        "photos": args["photos"],
        "found_at": args["found_at"],
    }


def _new_finding(
    db: Session, who: Principal, arrival: Arrival, ident: str, args: dict[str, Any], sha256: str
) -> Finding:
    columns = {**_columns(args), **from_phone(who, arrival, args, sha256)}
    finding = Finding(id=ident, revision=1, updated_at=arrival.at, **columns)
    db.add(finding)
    _audit_finding(db, who, arrival, finding, None)
    return finding


def _changed(
    db: Session,
    who: Principal,
    arrival: Arrival,
    finding: Finding,
    args: dict[str, Any],
    sha256: str,
    expected: int | None,
) -> Finding:
    if expected != finding.revision:
        raise stale("finding", expected, finding.revision)
    if finding.site_id != args["site"] or finding.inspection_id != args["inspection"]:
        raise invalid("inspection", ["a finding stays with its site and its walkthrough"])
    before = shown_finding(finding)
    for name, value in _columns(args).items():
        setattr(finding, name, value)
    # Who first noted it stays its author; who changed it stands in the audit trail.
    finding.sha256, finding.revision, finding.updated_at = sha256, finding.revision + 1, arrival.at
    _audit_finding(db, who, arrival, finding, before)
    return finding


def shown_finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "text": finding.text,
        "aspect": finding.aspect_id,
        "location": finding.location_id,
        "photos": finding.photos,
        "revision": finding.revision,
        "sha256": finding.sha256,
    }


def _audit_finding(
    db: Session, who: Principal, arrival: Arrival, finding: Finding, before: dict[str, Any] | None
) -> None:
    after = {**shown_finding(finding), **_delivery(arrival)}
    action = "finding.add" if before is None else "finding.change"
    audit.append(
        db, at=arrival.at, actor=who.username, action=action, kind="finding", object_id=finding.id, before=before,
        after=after,
    )  # fmt: skip


def note(
    db: Session, who: Principal, arrival: Arrival, inspection: Inspection, verb: str, after: dict[str, Any]
) -> None:
    """An audit row about the walkthrough, which also tells other phones that it changed."""
    inspection.updated_at = arrival.at
    inspection.revision = (inspection.revision or 0) + 1
    after = {**after, **_delivery(arrival)}
    audit.append(
        db, at=arrival.at, actor=who.username, action=f"inspection.{verb}", kind="inspection",
        object_id=inspection.id, after=after,
    )  # fmt: skip


def _delivery(arrival: Arrival) -> dict[str, str]:
    return {"delivered_by": arrival.delivered_by} if arrival.delivered_by else {}
