"""What stands behind an aspect: readings summed up; photos, answers, findings and alarms in time order."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from collector.errors import StoreUnavailable
from collector.profiles.vocabulary import Vocabulary
from collector.sitedb.tables import Alarm, Device
from collector.stores.base import ReadingStore
from webapp.auth import Principal
from webapp.inspections.content import item_of
from webapp.inspections.verdict import content_of, replaced_ids
from webapp.json import iso
from webapp.models import Answer, Finding, Inspection, PhotoLink, PointAspect, Template
from webapp.queries import scope
from webapp.queries.alarms import alarm_items
from webapp.queries.inspections import answer_item, finding_item
from webapp.queries.people import People
from webapp.queries.photos import photos_linked
from webapp.queries.points import describe
from webapp.queries.registers import get_aspect
from webapp.questions import QUESTIONS

log = logging.getLogger(__name__)
# Of each kind: a page for people, not an export.
_MOST = 500
_DAY_S = 86_400
_SPAN_MS = 30 * _DAY_S * 1000


def evidence(
    db: Session,
    who: Principal,
    ident: str,
    args: Mapping[str, Any],
    vocabulary: Vocabulary,
    store: ReadingStore,
    now: int,
) -> dict[str, Any] | None:
    """Newest first, between `start` and `end` (ms, either may be None). None for an aspect that one may not see.

    Readings are summed up over the same span, of 30 days where it is open.
    """
    aspect = get_aspect(db, who, ident)
    if aspect is None:
        return None
    # Rows of another site that name this aspect are kept where they are, and are no evidence for it.
    own = PhotoLink.site_id == aspect["site"]
    photos = photos_linked(db, who, and_(PhotoLink.aspect_id == ident, own, *_between(PhotoLink.captured_at, args)))
    items = [
        *({"kind": "photo", "at": photo["links"][0]["captured_at"], "photo": photo} for photo in photos),
        *_answers(db, aspect, args),
        *_findings(db, aspect, args),
        *_alarms(db, who, ident, args, vocabulary),
    ]
    return {
        "aspect": aspect,
        "readings": _readings(aspect["points"], args, vocabulary, store, now),
        "items": sorted(items, key=lambda item: item["at"], reverse=True),
        "photos": photos,
    }


def _between(column: Any, args: Mapping[str, Any]) -> list[Any]:
    found = [] if args["start"] is None else [column >= args["start"]]
    return found if args["end"] is None else [*found, column < args["end"]]


def _readings(
    points: Sequence[str], args: Mapping[str, Any], vocabulary: Vocabulary, store: ReadingStore, now: int
) -> list[dict[str, Any]]:
    """Good and uncertain readings of each point; none at all where the store does not answer now."""
    end = now if args["end"] is None else args["end"]
    start = end - _SPAN_MS if args["start"] is None else args["start"]
    try:
        return [_summed(point, start, end, vocabulary, store) for point in points]
    except StoreUnavailable as error:
        log.warning("evidence without readings: store unavailable: error=%s", error)
        return []


def _summed(point: str, start: int, end: int, vocabulary: Vocabulary, store: ReadingStore) -> dict[str, Any]:
    device, _, metric = point.rpartition("/")
    found = store.buckets(device, metric, start, end, _DAY_S)
    count = sum(found.count)
    total = sum(mean * n for mean, n in zip(found.mean, found.count, strict=True))
    known = describe(vocabulary, metric)
    return {
        "point": point,
        "label": known["label"],
        "unit": known["unit"],
        "count": count,
        "min": min(found.min, default=None),
        "mean": total / count if count else None,
        "max": max(found.max, default=None),
        "start": iso(start),
        "end": iso(end),
    }


def _answers(db: Session, aspect: Mapping[str, Any], args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Current answers that were given; earlier versions stand in their walkthrough."""
    found = (
        select(Answer, Inspection, Template)
        .join(Inspection, Inspection.id == Answer.inspection_id)
        .join(Template, and_(Template.id == Inspection.template_id, Template.version == Inspection.template_version))
        .where(Answer.aspect_id == aspect["id"], Inspection.site_id == aspect["site"])
        .where(*_between(Answer.answered_at, args))
        .order_by(Answer.answered_at.desc(), Answer.id)
        .limit(_MOST)
    )
    rows = db.execute(found).all()
    replaced = replaced_ids(_siblings(db, {answer.inspection_id for answer, _, _ in rows}))
    people = People(db, (answer.author for answer, _, _ in rows))
    return [
        _answered(answer, inspection, template, people)
        for answer, inspection, template in rows
        if answer.id not in replaced and answer.value is not None
    ]


def _siblings(db: Session, inspections: set[str]) -> list[Answer]:
    return list(db.scalars(select(Answer).where(Answer.inspection_id.in_(inspections)))) if inspections else []


def _answered(answer: Answer, inspection: Inspection, template: Template, people: People) -> dict[str, Any]:
    item = item_of(template.content, answer.item)
    kind = QUESTIONS[item["type"]] if item else None
    return {
        "kind": "answer",
        "at": iso(answer.answered_at),
        "question": item["question"] if item else answer.item,
        "text": kind.text(item, content_of(answer)) if item and kind else "",
        "outcome": kind.outcome(item, content_of(answer)) if item and kind else "neutral",
        "walkthrough": {"id": inspection.id, "title": template.title, "state": inspection.state},
        "answer": answer_item(answer, people, current=True),
    }


def _findings(db: Session, aspect: Mapping[str, Any], args: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = select(Finding).where(
        Finding.aspect_id == aspect["id"],
        Finding.site_id == aspect["site"],
        *_between(Finding.found_at, args),
    )
    findings = list(db.scalars(found.order_by(Finding.found_at.desc(), Finding.id).limit(_MOST)))
    people = People(db, (finding.author for finding in findings))
    return [{"kind": "finding", "at": iso(row.found_at), "finding": finding_item(row, people)} for row in findings]


def _alarms(
    db: Session, who: Principal, ident: str, args: Mapping[str, Any], vocabulary: Vocabulary
) -> list[dict[str, Any]]:
    """Alarms of limits that name the aspect, or whose point or device does."""
    points = select(PointAspect.device_id, PointAspect.metric).where(PointAspect.aspect_id == ident)
    own = [and_(Alarm.device_id == device, Alarm.metric == metric) for device, metric in db.execute(points)]
    others = select(PointAspect.metric).where(
        PointAspect.device_id == Alarm.device_id, PointAspect.metric == Alarm.metric, PointAspect.aspect_id != ident
    )
    of_device = and_(
        Alarm.aspect_id.is_(None),
        Alarm.device_id.in_(select(Device.id).where(Device.aspect_id == ident)),
        ~others.exists(),
    )
    found = select(Alarm).where(
        or_(Alarm.aspect_id == ident, of_device, *own), scope.alarms(who), *_between(Alarm.raised_at, args)
    )
    alarms = list(db.scalars(found.order_by(Alarm.raised_at.desc(), Alarm.id).limit(_MOST)))
    return [{"kind": "alarm", "at": item["raised_at"], "alarm": item} for item in alarm_items(db, alarms, vocabulary)]
