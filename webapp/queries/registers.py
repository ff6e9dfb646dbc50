"""Lists of aspects, locations and control limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from collector.domain.reading import point_name
from collector.profiles.vocabulary import Vocabulary
from collector.sitedb.tables import ControlLimit, Device, Location, Point
from webapp.auth import Principal
from webapp.json import iso
from webapp.models import Aspect, PointAspect
from webapp.queries import scope
from webapp.queries.paging import Order, contains, page
from webapp.queries.points import describe, limit_item
from webapp.queries.register import read_register

Items = tuple[list[dict[str, Any]], str | None]
_ASPECTS = {"name": Order((Aspect.name, Aspect.id))}
_LOCATIONS = {"name": Order((Location.name, Location.id))}
_LIMITS = {"point": Order((ControlLimit.device_id, ControlLimit.metric, ControlLimit.id))}


def list_aspects(db: Session, who: Principal, args: Mapping[str, Any]) -> Items:
    statement = select(Aspect).where(scope.in_sites(who, Aspect.site_id))
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(Aspect.site_id == site)
    if args["q"]:
        statement = statement.where(contains(args["q"], Aspect.name, Aspect.activity, Aspect.impact))
    aspects, cursor = page(db, statement, _ASPECTS, args)
    return aspect_items(db, who, list(aspects)), cursor


def get_aspect(db: Session, who: Principal, ident: str) -> dict[str, Any] | None:
    aspect = db.scalars(select(Aspect).where(scope.in_sites(who, Aspect.site_id), Aspect.id == ident)).one_or_none()
    return None if aspect is None else aspect_items(db, who, [aspect])[0]


def aspect_items(db: Session, who: Principal, aspects: list[Aspect]) -> list[dict[str, Any]]:
    register = read_register(db)
    points = _points_by_aspect(db, who, [aspect.id for aspect in aspects])
    return [
        {
            "id": aspect.id,
            "name": aspect.name,
            "activity": aspect.activity,
            "impact": aspect.impact,
            "condition": aspect.condition,
            "significant": aspect.significant,
            "site": aspect.site_id,
            "location": register.location(aspect.location_id),
            "points": points.get(aspect.id, []),
            "revision": aspect.revision,
            "created_by": aspect.created_by,
            "updated_at": iso(aspect.updated_at),
        }
        for aspect in aspects
    ]


def _points_by_aspect(db: Session, who: Principal, ids: list[str]) -> dict[str, list[str]]:
    """A point's own aspect goes before that of its device."""
    aspect = func.coalesce(PointAspect.aspect_id, Device.aspect_id)
    own = and_(PointAspect.device_id == Point.device_id, PointAspect.metric == Point.metric)
    found = (
        select(aspect, Point.device_id, Point.metric)
        .join(Device, Device.id == Point.device_id)
        .outerjoin(PointAspect, own)
        .where(scope.devices(who), Device.state != "retired", aspect.in_(ids))
        .order_by(Point.device_id, Point.metric)
    )
    points: dict[str, list[str]] = {}
    for ident, device, metric in db.execute(found):
        points.setdefault(ident, []).append(point_name(device, metric))
    return points


def list_locations(db: Session, who: Principal, args: Mapping[str, Any]) -> Items:
    statement = select(Location).where(scope.in_sites(who, Location.site_id))
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(Location.site_id == site)
    if args["q"]:
        statement = statement.where(contains(args["q"], Location.name))
    locations, cursor = page(db, statement, _LOCATIONS, args)
    return location_items(db, list(locations)), cursor


def get_location(db: Session, who: Principal, ident: str) -> dict[str, Any] | None:
    found = select(Location).where(scope.in_sites(who, Location.site_id), Location.id == ident)
    location = db.scalars(found).one_or_none()
    return None if location is None else location_items(db, [location])[0]


def location_items(db: Session, locations: list[Location]) -> list[dict[str, Any]]:
    register = read_register(db)
    return [
        {
            **register.locations[location.id],
            "parent": location.parent_id,
            "site": location.site_id,
            "token": location.token,
            "revision": location.revision,
            "created_by": location.created_by,
            "updated_at": iso(location.updated_at),
        }
        for location in locations
    ]


def list_limits(db: Session, who: Principal, args: Mapping[str, Any], vocabulary: Vocabulary) -> Items:
    statement = select(ControlLimit).where(scope.in_sites(who, ControlLimit.site_id), ControlLimit.current)
    if site := scope.asked_site(db, who, args["site"]):
        statement = statement.where(ControlLimit.site_id == site)
    if args["device"]:
        statement = statement.where(ControlLimit.device_id == args["device"])
    if args["q"]:
        searched = contains(args["q"], ControlLimit.device_id, ControlLimit.metric, ControlLimit.message)
        statement = statement.where(searched)
    limits, cursor = page(db, statement, _LIMITS, args)
    return _limit_items(db, list(limits), vocabulary), cursor


def get_limit(db: Session, who: Principal, ident: str, vocabulary: Vocabulary) -> dict[str, Any] | None:
    found = select(ControlLimit).where(
        scope.in_sites(who, ControlLimit.site_id), ControlLimit.id == ident, ControlLimit.current
    )
    limit = db.scalars(found).one_or_none()
    return None if limit is None else _limit_items(db, [limit], vocabulary)[0]


def _limit_items(db: Session, limits: list[ControlLimit], vocabulary: Vocabulary) -> list[dict[str, Any]]:
    register = read_register(db)
    return [
        {
            **limit_item(limit),
            "point": point_name(limit.device_id, limit.metric),
            "device": limit.device_id,
            "metric": limit.metric,
            "unit": describe(vocabulary, limit.metric)["unit"],
            "site": limit.site_id,
            "aspect": register.aspect(limit.aspect_id),
            "revision": limit.version,
            "created_by": limit.created_by,
            "updated_at": iso(limit.updated_at),
        }
        for limit in limits
    ]
