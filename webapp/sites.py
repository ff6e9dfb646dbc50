"""Sites, as the command line makes them. Each change leaves an audit row in its own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import Engine, select

from collector.clock import now_ms
from collector.domain.devices import slug
from collector.sitedb.tables import Site
from webapp import audit, config_version
from webapp.db import Database

CLI = "cli"


class SiteError(Exception):
    """What was asked cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class SiteRow:
    id: str
    name: str
    timezone: str


def add_site(engine: Engine, ident: str, name: str, timezone: str, *, actor: str = CLI) -> None:
    """`ident` is the word that topics carry: `fieldproof/<site>/…`. Raises SiteError."""
    if not ident or slug(ident) != ident or len(ident) > 64:
        raise SiteError(f"'{ident}' is no site id: use small letters, digits and . _ -, as topics will carry it")
    try:
        ZoneInfo(timezone)
    except (KeyError, ValueError, OSError):
        raise SiteError(f"'{timezone}' is not a time zone, such as Europe/Dublin") from None
    now = now_ms()
    with Database(engine).write() as db:
        if db.get(Site, ident) is not None:
            raise SiteError(f"there is a site '{ident}' already; 'fieldproof sites list' shows all")
        db.add(Site(id=ident, name=name or ident, timezone=timezone))
        after = {"name": name or ident, "timezone": timezone}
        # Collectors read naive times in the zone of the site.
        config_version.grow(db)
        audit.append(db, at=now, actor=actor, action="site.add", kind="site", object_id=ident, after=after)


def list_sites(engine: Engine) -> list[SiteRow]:
    with Database(engine).read() as db:
        return [SiteRow(site.id, site.name, site.timezone) for site in db.scalars(select(Site).order_by(Site.id))]
