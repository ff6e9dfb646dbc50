"""What a principal may see, as conditions that every query carries."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from collector.sitedb.tables import Alarm, DeadLetter, Device, Site
from webapp.auth import Principal
from webapp.problems import not_found

Column = InstrumentedAttribute[str] | InstrumentedAttribute[str | None] | InstrumentedAttribute[Any]


def in_sites(who: Principal, column: Column) -> ColumnElement[bool]:
    if who.all_sites:
        return true()
    return column.in_(sorted(who.sites)) if who.sites else false()


def devices(who: Principal) -> ColumnElement[bool]:
    """Devices at work in the principal's sites; unassigned ones only for who may deal with them."""
    assigned = and_(Device.state != "unassigned", Device.site_id.is_not(None), in_sites(who, Device.site_id))
    if not who.sees_unassigned:
        return assigned
    strays = and_(Device.state == "unassigned", or_(Device.site_id.is_(None), in_sites(who, Device.site_id)))
    return or_(assigned, strays)


def alarms(who: Principal) -> ColumnElement[bool]:
    """An alarm without a site, such as "collector silent", concerns everybody who works at any."""
    if who.all_sites:
        return true()
    return or_(Alarm.site_id.is_(None), in_sites(who, Alarm.site_id)) if who.sites else false()


def dead_letters(who: Principal) -> ColumnElement[bool]:
    mine = in_sites(who, DeadLetter.site_id)
    return or_(mine, DeadLetter.site_id.is_(None)) if who.sees_unassigned else mine


def asked_site(db: Session, who: Principal, site: str | None) -> str | None:
    """The `?site=` of a request, once it is known to be one of the principal's."""
    if site is not None and not (who.sees_site(site) and db.scalar(select(Site.id).where(Site.id == site))):
        raise not_found("site", site)
    return site
