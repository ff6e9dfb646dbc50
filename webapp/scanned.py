"""Where a scanned label leads: `/d/<device>` and `/l/<token of a place>` go on into the app.

Whoever finds a label can read its address; what stands behind it is shown only to who may see it, by the app.
"""

from __future__ import annotations

from urllib.parse import quote

from flask import Flask, Response
from sqlalchemy import select

from collector.sitedb.tables import Location
from webapp.access import PUBLIC, declare
from webapp.services import services


def register(app: Flask) -> None:
    app.add_url_rule("/d/<ident>", "scan_device", scan_device)
    app.add_url_rule("/l/<token>", "scan_location", scan_location)
    declare(app, "scan_device", PUBLIC)
    declare(app, "scan_location", PUBLIC)


def scan_device(ident: str) -> Response:
    return _go(f"/devices/{quote(ident, safe='')}")


def scan_location(token: str) -> Response:
    """To where a walkthrough begins. The app says so of a token that is not known, as of a place that is gone."""
    with services().db.read() as db:
        ident = db.scalar(select(Location.id).where(Location.token == token.lower()[:16]))
    return _go(f"/walkthroughs?location={quote(ident or token, safe='')}")


def _go(path: str) -> Response:
    """Within our own pages: the path is ours, and the address of a proxy does not matter to it."""
    return Response(status=302, headers={"Location": path, "Cache-Control": "no-store"})
