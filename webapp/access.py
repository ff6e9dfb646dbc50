"""Deny by default: each endpoint declares who may use it, and one guard stands before all of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from urllib.parse import urlsplit

from flask import Flask, g, request

from webapp.auth import COOKIE, Principal, authenticate
from webapp.problems import Problem
from webapp.services import services
from webapp.sessions import keep_alive

log = logging.getLogger(__name__)

Access = frozenset[str]
# Everybody, signed in or not. The guard does not even look who it is.
PUBLIC: Access = frozenset({"*"})
READER: Access = frozenset({"inspector", "manager", "admin", "auditor"})
INSPECTOR: Access = frozenset({"inspector", "manager", "admin"})
MANAGER: Access = frozenset({"manager", "admin"})
MANAGER_OR_AUDITOR: Access = MANAGER | {"auditor"}

EXTENSION = "fieldproof.access"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADER = "X-Fieldproof"


def register(app: Flask) -> None:
    app.extensions[EXTENSION] = {}
    app.before_request(_guard)


def declare(app: Flask, endpoint: str, access: Access) -> None:
    app.extensions[EXTENSION][endpoint] = access


def declared(app: Flask) -> Mapping[str, Access]:
    table: dict[str, Access] = app.extensions[EXTENSION]
    return table


def principal() -> Principal:
    """Who is asking. Only in a view that is not PUBLIC."""
    found: Principal = g.principal
    return found


def _guard() -> None:
    if request.endpoint is None:
        return  # The router has its 404 or 405 ready.
    access = services().access.get(request.endpoint)
    if access is None:
        log.error("endpoint without a declared role: endpoint=%s", request.endpoint)
        raise Problem("forbidden", "Nobody was given access to this address.")
    unsafe = request.method not in _SAFE
    if access is PUBLIC:
        if unsafe:
            _check_origin(required=False)
        return
    who = _who_asks()
    if who.kind == "session" and unsafe:
        _check_origin(required=True)
        _check_header()
    if who.role not in access:
        allowed = ", ".join(sorted(access))
        raise Problem("forbidden", f"This needs one of the roles {allowed}; yours is {who.role}.")


def _who_asks() -> Principal:
    now = services().clock()
    with services().db.read() as db:
        who = authenticate(db, request, now)
    if who is None:
        gone = COOKIE in request.cookies or "Authorization" in request.headers
        detail = "Your session or token is not valid any more; sign in again." if gone else "Sign in to see this."
        raise Problem("unauthenticated", detail, headers={"WWW-Authenticate": 'Bearer realm="fieldproof"'})
    g.principal = who
    if who.kind == "session":
        keep_alive(services().db, who, now)
    return who


def _check_origin(*, required: bool) -> None:
    """Browsers say where a request comes from; one that carries our cookie must come from our own pages."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise Problem("cross_site", f"The browser says that the request is '{site}'.")
        return
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc not in _own_hosts():
        raise Problem("cross_site", "The Origin header names another site.")
    if origin is None and required:
        raise Problem("cross_site", "Send Sec-Fetch-Site or Origin with a cookie; programs use a bearer token.")


def _check_header() -> None:
    if request.headers.get(HEADER) != "1":
        raise Problem("cross_site", f"Send the header '{HEADER}: 1' with every change that uses the cookie.")


def _own_hosts() -> set[str]:
    public = services().settings.public_url
    return {request.host, urlsplit(public).netloc} if public else {request.host}
