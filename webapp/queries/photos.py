"""Photos with their links, in the shape that the API answers with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from webapp.auth import Principal
from webapp.json import iso
from webapp.models import InspectionPhoto, Photo, PhotoLink
from webapp.queries import scope
from webapp.queries.people import People


def photos_of_inspections(db: Session, who: Principal, ids: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """By walkthrough: every photo that it names, with the links that belong to it."""
    named = list(db.scalars(select(InspectionPhoto).where(InspectionPhoto.inspection_id.in_(ids))))
    links = _links(db, who, PhotoLink.inspection_id.in_(ids))
    photos = _photos(db, {row.sha256 for row in named})
    people = People(db, (link.author for link in links))
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(named, key=lambda row: row.sha256):
        mine = [link for link in links if link.inspection_id == row.inspection_id and link.photo == row.sha256]
        item = photo_item(row.sha256, photos.get(row.sha256), mine, people, announced=(row.size, row.mime))
        found.setdefault(row.inspection_id, []).append(item)
    return found


def photos_linked(db: Session, who: Principal, condition: ColumnElement[bool]) -> list[dict[str, Any]]:
    """Every photo that has a link of this kind, newest first, with those links."""
    links = _links(db, who, condition)
    photos = _photos(db, {link.photo for link in links})
    people = People(db, (link.author for link in links))
    by_photo: dict[str, list[PhotoLink]] = {}
    for link in sorted(links, key=lambda link: link.captured_at, reverse=True):
        by_photo.setdefault(link.photo, []).append(link)
    return [photo_item(sha256, photos.get(sha256), mine, people) for sha256, mine in by_photo.items()]


def _links(db: Session, who: Principal, condition: ColumnElement[bool]) -> list[PhotoLink]:
    found = select(PhotoLink).where(condition, scope.in_sites(who, PhotoLink.site_id))
    return list(db.scalars(found.order_by(PhotoLink.captured_at, PhotoLink.id)))


def _photos(db: Session, hashes: Iterable[str]) -> dict[str, Photo]:
    wanted = set(hashes)
    found = db.scalars(select(Photo).where(Photo.sha256.in_(wanted))) if wanted else ()
    return {photo.sha256: photo for photo in found}


def photo_item(
    sha256: str,
    photo: Photo | None,
    links: Sequence[PhotoLink],
    people: People,
    announced: tuple[int | None, str | None] = (None, None),
) -> dict[str, Any]:
    return {
        "sha256": sha256,
        "size": photo.size if photo else announced[0],
        "mime": photo.mime if photo else announced[1],
        "width": photo.width if photo else None,
        "height": photo.height if photo else None,
        "state": "verified" if photo else "awaited",
        "rendition": photo.rendition if photo else "pending",
        "rendition_reason": photo.rendition_reason if photo else None,
        "received_at": iso(photo.received_at) if photo else None,
        "links": [_link_item(link, people) for link in links],
    }


def _link_item(link: PhotoLink, people: People) -> dict[str, Any]:
    return {
        "id": link.id,
        "inspection": link.inspection_id,
        "answer": link.answer_id,
        "item": link.item,
        "finding": link.finding_id,
        "aspect": link.aspect_id,
        "location": link.location_id,
        "device": link.shows_device,
        "caption": link.caption,
        "source": link.source,
        "captured_at": iso(link.captured_at),
        "lat": link.lat,
        "lon": link.lon,
        "accuracy": link.accuracy,
        "located_at": iso(link.located_at),
        "device_id": link.device_id,
        "utc_offset_min": link.utc_offset_min,
        "skew_ms": link.skew_ms,
        "clock_error_ms": link.clock_error_ms,
        "author": people.author(link.author),
        "received_at": iso(link.received_at),
        "delivered_by": link.delivered_by,
        "digest": link.sha256,
    }
