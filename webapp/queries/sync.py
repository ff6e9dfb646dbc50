"""What changed since a phone last asked, told by the audit trail: every change to a record leaves a row there.

The cursor is `<seq>.<ms>.<id>`: the newest audit row with the beginning of its id, and our time for the points, whose
values come from collectors. A cursor whose row is not in the trail is from a database that was set back since: then
the phone begins anew, and is told so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.orm import Session

from collector.domain.reading import point_name
from collector.profiles.vocabulary import Vocabulary
from collector.sitedb.tables import Device, Location, Point
from webapp.auth import Principal
from webapp.json import iso
from webapp.models import Aspect, AuditEvent, Inspection, Template
from webapp.problems import Problem
from webapp.queries import scope
from webapp.queries.inspections import followed_items
from webapp.queries.points import list_points
from webapp.queries.registers import aspect_items, location_items
from webapp.queries.templates import template_item

# A phone that begins gets the drafts, and so many of those that are finished.
_FINISHED = 30
# Beyond this many changes a phone is better off beginning anew.
_MOST = 2_000
# A collector's transaction may commit some time after it noted the time.
_OVERLAP_MS = 10_000
_CURSOR = re.compile(r"(\d{1,15})\.(\d{1,15})\.([0-9a-f]{0,8})")
_MARK = 8


@dataclass(frozen=True, slots=True)
class Since:
    seq: int
    at: int
    mark: str


def parse_cursor(text: str | None) -> Since | None:
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    if found is None:
        fault = "Not a cursor: take it from `cursor` of the last answer, or leave it out to begin anew."
        raise Problem("invalid", fault, errors={"since": [fault]})
    return Since(int(found[1]), int(found[2]), found[3])


def changes(
    db: Session, who: Principal, since: Since | None, site: str | None, vocabulary: Vocabulary, now: int
) -> dict[str, Any]:
    """Of one site, or of all that one sees."""
    scope.asked_site(db, who, site)
    newest, mark = _newest(db)
    anew = since is not None and not _is_in_trail(db, since)
    if anew:
        since = None
    touched = None if since is None else _touched(db, since.seq)
    # A place's name is in the path of all below it, and that with their aspects.
    placed = None if touched is None or "location" in touched else touched
    changed = {
        "templates": [template_item(row) for row in _rows(db, who, site, Template, touched, "template")],
        "locations": location_items(db, _rows(db, who, site, Location, placed, "location")),
        "aspects": aspect_items(db, who, _rows(db, who, site, Aspect, placed, "aspect")),
        "points": _points(db, who, site, since, touched, vocabulary, now),
        "inspections": followed_items(db, who, _inspections(db, who, site, touched)),
    }
    # Nothing else in these registers is ever deleted yet; a phone must be ready for it all the same.
    removed: dict[str, list[str]] = {name: [] for name in changed}
    if since is not None and touched and "device" in touched:
        removed["points"] = _points_gone(db, who, site, since.seq)
    cursor = f"{newest}.{now}.{mark}"
    return {"cursor": cursor, "anew": anew, "changed": changed, "removed": removed, "server_time": iso(now)}


def _newest(db: Session) -> tuple[int, str]:
    found = db.execute(select(AuditEvent.seq, AuditEvent.id).order_by(AuditEvent.seq.desc()).limit(1)).one_or_none()
    return (found.seq, found.id[:_MARK]) if found else (0, "")


def _is_in_trail(db: Session, since: Since) -> bool:
    if since.seq == 0:
        return True
    ident = db.scalar(select(AuditEvent.id).where(AuditEvent.seq == since.seq))
    return ident is not None and ident[:_MARK] == since.mark


def _touched(db: Session, seq: int) -> dict[str, set[str]] | None:
    """Ids by kind; None when there are so many that everything is sent."""
    found = select(AuditEvent.kind, AuditEvent.object_id).where(AuditEvent.seq > seq).distinct().limit(_MOST + 1)
    rows = db.execute(found).all()
    if len(rows) > _MOST:
        return None
    touched: dict[str, set[str]] = {}
    for kind, ident in rows:
        touched.setdefault(kind, set()).add(ident)
    if "device" in touched:
        touched["aspect"] = touched.get("aspect", set()) | _aspects_of_devices(db, seq)
    return touched


def _aspects_of_devices(db: Session, seq: int) -> set[str]:
    """An aspect's points are those of the devices that name it: of those that came to it and those that left."""
    found = select(AuditEvent.before, AuditEvent.after).where(AuditEvent.seq > seq, AuditEvent.kind == "device")
    said = [side for row in db.execute(found) for side in row if side]
    # A seeded device is told of by its columns.
    return {ident for side in said if (ident := side.get("aspect") or side.get("aspect_id"))}


def _rows(
    db: Session, who: Principal, site: str | None, table: Any, touched: dict[str, set[str]] | None, kind: str
) -> list[Any]:
    wanted = select(table).where(*_within(who, site, table))
    if table is Template:
        wanted = wanted.where(Template.current)
    if touched is not None:
        wanted = wanted.where(table.id.in_(touched.get(kind, ())))
    return list(db.scalars(wanted.order_by(table.id)))


def _within(who: Principal, site: str | None, table: Any) -> list[ColumnElement[bool]]:
    found = [scope.in_sites(who, table.site_id)]
    return [*found, table.site_id == site] if site else found


def _points(
    db: Session,
    who: Principal,
    site: str | None,
    since: Since | None,
    touched: dict[str, set[str]] | None,
    vocabulary: Vocabulary,
    now: int,
) -> list[dict[str, Any]]:
    """Those with a new value, and all of a device that was adopted or changed: it may not speak again for long."""
    after = None if since is None else since.at - _OVERLAP_MS
    args = {"device": None, "site": site, "since": after, "q": None, "sort": None, "cursor": None, "limit": 1000}
    points = _all_points(db, who, args, vocabulary, now)
    if devices := sorted((touched or {}).get("device", ())):
        points += _all_points(db, who, {**args, "devices": devices, "since": None}, vocabulary, now)
    return list({point["point"]: point for point in points}.values())


def _all_points(
    db: Session, who: Principal, args: dict[str, Any], vocabulary: Vocabulary, now: int
) -> list[dict[str, Any]]:
    points, cursor = list_points(db, who, args, vocabulary, now)
    while cursor is not None:
        more, cursor = list_points(db, who, {**args, "cursor": cursor}, vocabulary, now)
        points += more
    return points


def _points_gone(db: Session, who: Principal, site: str | None, seq: int) -> list[str]:
    """Of devices that were at work here and were retired since, or went to a site that is not among these."""
    found = select(AuditEvent.object_id, AuditEvent.before).where(AuditEvent.seq > seq, AuditEvent.kind == "device")
    were = {row.object_id for row in db.execute(found) if _was_here(row.before or {}, who, site)}
    here = and_(Device.state == "active", *_within(who, site, Device))
    gone = select(Device.id).where(Device.id.in_(were), not_(here))
    points = db.execute(select(Point.device_id, Point.metric).where(Point.device_id.in_(gone)))
    return sorted(point_name(device, metric) for device, metric in points)


def _was_here(before: dict[str, Any], who: Principal, site: str | None) -> bool:
    was = before.get("site")
    return before.get("state") == "active" and was is not None and who.sees_site(was) and site in (None, was)


def _inspections(
    db: Session, who: Principal, site: str | None, touched: dict[str, set[str]] | None
) -> Sequence[Inspection]:
    wanted = select(Inspection).where(*_within(who, site, Inspection)).order_by(Inspection.started_at.desc())
    if touched is not None:
        return list(db.scalars(wanted.where(Inspection.id.in_(touched.get("inspection", ())))))
    finished = select(Inspection.id).where(*_within(who, site, Inspection), Inspection.state != "draft")
    recent = finished.order_by(Inspection.started_at.desc()).limit(_FINISHED)
    return list(db.scalars(wanted.where(or_(Inspection.state == "draft", Inspection.id.in_(recent)))))
