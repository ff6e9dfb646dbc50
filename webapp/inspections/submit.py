"""Submitting a walkthrough: the phone names what it holds under one digest, and we must hold the very same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.auth import Principal
from webapp.canonical import digest
from webapp.inspections.arrival import Arrival
from webapp.inspections.completeness import expect_photos, judge, missing_photos
from webapp.inspections.record import find_inspection, note, take_walkthrough_turn
from webapp.models import Answer, Finding, Inspection, Submission
from webapp.problems import Problem


def submit(db: Session, who: Principal, arrival: Arrival, ident: str, args: dict[str, Any]) -> dict[str, Any]:
    """The same content again gets the same answer; other content is kept as a further version and flagged."""
    take_walkthrough_turn(db)
    inspection = find_inspection(db, who, ident)
    answers = _rows(db, Answer, inspection, args["answers"], "answers")
    findings = _rows(db, Finding, inspection, args["findings"], "findings")
    content = content_digest(inspection, answers, findings, [photo["sha256"] for photo in args["photos"]])
    if content != args["content_sha256"]:
        detail = f"The answers, findings and photos that you name have the digest {content}, not the one you sent."
        raise Problem("content_differs", detail, errors={"content_sha256": [f"here: {content}"]})
    versions = submissions(db, ident)
    found = next((version for version in versions if version.content_sha256 == content), None)
    if found is None:
        found = _add(db, who, arrival, inspection, args, len(versions) + 1)
    return {
        "state": inspection.state,
        "missing": missing_photos(db, ident),
        "version": found.version,
        "content_sha256": content,
        "flagged": inspection.flagged,
    }


def submissions(db: Session, inspection: str) -> list[Submission]:
    found = select(Submission).where(Submission.inspection_id == inspection)
    return list(db.scalars(found.order_by(Submission.version)))


def content_digest(
    inspection: Inspection, answers: Sequence[Answer], findings: Sequence[Finding], photos: Sequence[str]
) -> str:
    return digest(
        {
            "inspection": inspection.id,
            "template": {"id": inspection.template_id, "version": inspection.template_version},
            "answers": [{"id": row.id, "sha256": row.sha256} for row in sorted(answers, key=lambda row: row.id)],
            "findings": [{"id": row.id, "sha256": row.sha256} for row in sorted(findings, key=lambda row: row.id)],
            "photos": sorted(set(photos)),
        }
    )


def _rows(db: Session, table: Any, inspection: Inspection, ids: Sequence[str], field: str) -> list[Any]:
    found = list(db.scalars(select(table).where(table.inspection_id == inspection.id, table.id.in_(ids))))
    if absent := sorted(set(ids) - {row.id for row in found}):
        detail = f"{len(absent)} of the {field} are not here yet. Send them, then submit again."
        raise Problem("content_differs", detail, errors={field: absent})
    return found


def _add(
    db: Session, who: Principal, arrival: Arrival, inspection: Inspection, args: dict[str, Any], version: int
) -> Submission:
    manifest = {photo["sha256"]: (photo["size"], photo["mime"]) for photo in args["photos"]}
    submission = Submission(
        inspection_id=inspection.id,
        version=version,
        content_sha256=args["content_sha256"],
        answers=sorted(args["answers"]),
        findings=sorted(args["findings"]),
        photos=args["photos"],
        submitted_at=args["submitted_at"],
        device_id=args["device_id"],
        clock_error_ms=arrival.clock_error_ms,
        author=who.username,
        delivered_by=arrival.delivered_by,
        received_at=arrival.at,
    )
    db.add(submission)
    expect_photos(db, inspection.id, manifest, manifest)
    if inspection.state == "draft":
        inspection.state, inspection.submitted_at = "submitted", args["submitted_at"]
    inspection.flagged = version > 1
    after = {"version": version, "content_sha256": args["content_sha256"], "photos": sorted(manifest)}
    note(db, who, arrival, inspection, "submit", after)
    judge(db, inspection, arrival.at, who.username)
    return submission
