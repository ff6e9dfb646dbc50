"""Photos in the site database: who may see one, what it is linked to, and recording that its original is here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from collector.sitedb.tables import Device, Location
from webapp import audit
from webapp.auth import Principal
from webapp.inspections.arrival import Arrival, check_same, from_phone
from webapp.inspections.completeness import expect_photos, judge, photo_arrived
from webapp.inspections.receipts import audit_head
from webapp.inspections.record import find_inspection, invalid, note, take_walkthrough_turn
from webapp.models import Answer, Aspect, Finding, Inspection, Photo, PhotoLink, PhotoSite, Upload
from webapp.problems import Problem, not_found
from webapp.queries import scope


def visible(who: Principal) -> ColumnElement[bool]:
    """A photo is seen by the people of the sites it was brought for, and by who brought it."""
    of_site = exists().where(PhotoSite.sha256 == Photo.sha256, scope.in_sites(who, PhotoSite.site_id))
    own = exists().where(Upload.sha256 == Photo.sha256, Upload.user_id == who.user_id, Upload.finished_at.is_not(None))
    return or_(of_site, own)


def find_photo(db: Session, who: Principal, sha256: str) -> Photo:
    """Raises `not_found` also for one that the principal may not see."""
    photo = db.scalars(select(Photo).where(Photo.sha256 == sha256, visible(who))).one_or_none()
    if photo is None:
        raise not_found("photo", sha256)
    return photo


def record_photo(
    db: Session, sha256: str, size: int, mime: str, *, arrival: Arrival, actor: str, given: dict[str, Any]
) -> Photo:
    """After its original is on the disk. Photos that are known stay as they are."""
    take_walkthrough_turn(db)
    known = db.get(Photo, sha256)
    if known is not None:
        return known
    after = {"size": size, "mime": mime, **{name: value for name, value in given.items() if name != "sha256"}}
    if arrival.delivered_by:
        after["delivered_by"] = arrival.delivered_by
    event = audit.append(
        db, at=arrival.at, actor=actor, action="photo.store", kind="photo", object_id=sha256, after=after
    )
    photo = Photo(
        sha256=sha256, size=size, mime=mime, rendition="pending", received_at=arrival.at, audit_head=audit_head(event)
    )
    db.add(photo)
    db.flush()
    photo_arrived(db, sha256, arrival.at, actor)
    return photo


def open_to(db: Session, sha256: str, site: str) -> None:
    """From now on the people of the site may see the photo."""
    if db.get(PhotoSite, (sha256, site)) is None:
        db.add(PhotoSite(sha256=sha256, site_id=site))
        db.flush()


def open_to_linked(db: Session, sha256: str, author: str) -> None:
    """To the sites for which its bringer linked it before it came."""
    linked = select(PhotoLink.site_id).where(PhotoLink.photo == sha256, PhotoLink.author == author).distinct()
    for site in db.scalars(linked).all():
        open_to(db, sha256, site)


def put_link(
    db: Session, who: Principal, arrival: Arrival, photo: str, ident: str, args: dict[str, Any], digest: str
) -> tuple[PhotoLink, bool]:
    """The link, and whether it is new. It may come before its photo."""
    take_walkthrough_turn(db)
    known = db.get(PhotoLink, ident)
    if known is not None:
        if not who.sees_site(known.site_id):
            raise not_found("link", ident)
        if known.photo != photo:
            raise Problem("conflict", f"The link {ident} belongs to another photo. Use a new id.")
        check_same("link", ident, known.sha256, digest)
        return known, False
    inspection = find_inspection(db, who, args["inspection"]) if args["inspection"] else None
    link = PhotoLink(
        id=ident,
        photo=photo,
        site_id=_site_of(db, who, inspection, args),
        inspection_id=args["inspection"],
        answer_id=args["answer"],
        item=args["item"],
        finding_id=args["finding"],
        aspect_id=args["aspect"],
        location_id=args["location"],
        shows_device=args["device"],
        caption=args["caption"],
        source=args["source"],
        captured_at=arrival.at if args["captured_at"] is None else args["captured_at"],
        lat=args["lat"],
        lon=args["lon"],
        accuracy=args["accuracy"],
        located_at=args["located_at"],
        **from_phone(who, arrival, args, digest),
    )
    db.add(link)
    db.flush()
    _audit_link(db, who, arrival, link)
    _after_link(db, who, arrival, link, inspection)
    return link, True


def _after_link(db: Session, who: Principal, arrival: Arrival, link: PhotoLink, inspection: Inspection | None) -> None:
    if db.scalar(select(Photo.sha256).where(Photo.sha256 == link.photo, visible(who))) is not None:
        open_to(db, link.photo, link.site_id)
    if inspection is not None:
        expect_photos(db, inspection.id, [link.photo])
        note(db, who, arrival, inspection, "link", {"photo": link.photo, "link": link.id})
        judge(db, inspection, arrival.at, who.username)


def _site_of(db: Session, who: Principal, inspection: Inspection | None, args: dict[str, Any]) -> str:
    """The site of what it is linked to; the walkthrough's before all others."""
    if inspection is not None:
        return inspection.site_id
    of_answer = select(Inspection.site_id).join(Answer, Answer.inspection_id == Inspection.id)
    for field, found in (
        ("finding", select(Finding.site_id).where(Finding.id == args["finding"])),
        ("answer", of_answer.where(Answer.id == args["answer"])),
        ("aspect", select(Aspect.site_id).where(Aspect.id == args["aspect"])),
        ("location", select(Location.site_id).where(Location.id == args["location"])),
        ("device", select(Device.site_id).where(Device.id == args["device"])),
    ):
        if args[field] is None:
            continue
        site = db.scalar(found)
        if site is None or not who.sees_site(site):
            raise not_found(field, args[field])
        return str(site)
    kinds = "a walkthrough, answer, finding, aspect, place or device"
    raise invalid("aspect", [f"name what the photo is linked to: {kinds}"])


def _audit_link(db: Session, who: Principal, arrival: Arrival, link: PhotoLink) -> None:
    after = {
        "photo": link.photo,
        "inspection": link.inspection_id,
        "answer": link.answer_id,
        "finding": link.finding_id,
        "aspect": link.aspect_id,
        "location": link.location_id,
        "caption": link.caption,
    }
    audit.append(
        db, at=arrival.at, actor=who.username, action="photo.link", kind="photo", object_id=link.photo, after=after
    )
