"""Sign in, sign out, and who is signed in."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from sqlalchemy import select

from collector.sitedb.tables import Site
from webapp import sessions
from webapp.access import PUBLIC, READER, principal
from webapp.auth import Principal, reload
from webapp.credentials import Busy, token_hash
from webapp.json import json_answer
from webapp.models import UserSession
from webapp.problems import Problem
from webapp.queries import scope
from webapp.resource import Resource
from webapp.schemas.session import Me, SignIn
from webapp.services import services
from webapp.users import normal_username

resource = Resource("session", "Sign in and out")


@resource.view(
    "/session",
    "POST",
    access=PUBLIC,
    body=SignIn,
    answer=Me,
    problems=("bad_credentials", "too_many_attempts", "cross_site"),
)
def sign_in(args: dict[str, str]) -> Response:
    """Sign in with name and password; the answer sets the session cookie."""
    now = services().clock()
    token = _checked(args["username"], args["password"], now)
    with services().db.read() as db:
        session_id = db.scalars(select(UserSession.id).where(UserSession.token_hash == token_hash(token))).one()
    response = json_answer(_shown(_fresh(session_id, now)))
    sessions.set_cookie(response, token, secure=is_secure())
    return response


def _checked(username: str, password: str, now: int) -> str:
    key, attempts = (normal_username(username), request.remote_addr or ""), services().attempts
    if wait := attempts.wait_s(*key):
        detail = f"Too many wrong passwords for this name; try again in {wait} seconds."
        raise Problem("too_many_attempts", detail, headers={"Retry-After": str(wait)})
    try:
        token = sessions.sign_in(services().db, username, password, now)
    except Busy:
        detail = "Many people are signing in at this moment; try again in a few seconds."
        raise Problem("too_many_attempts", detail, headers={"Retry-After": "5"}) from None
    if token is None:
        attempts.failed(*key)
        raise Problem("bad_credentials", "There is no such user, or the password is wrong.")
    attempts.succeeded(*key)
    return token


@resource.view("/session", "DELETE", access=READER, status=204, problems=("bad_request", "cross_site"))
def sign_out() -> Response:
    """End this session, everywhere its cookie may have been copied to."""
    who = principal()
    if who.kind != "session":
        raise Problem("bad_request", "A token has no session to end.")
    sessions.sign_out(services().db, who, services().clock())
    services().live.check_soon()
    response = Response(status=204)
    sessions.clear_cookie(response, secure=is_secure())
    return response


@resource.view("/me", access=READER, answer=Me)
def me() -> dict[str, Any]:
    """Who is asking, with which roles, for which sites."""
    return _shown(principal())


def _fresh(session_id: str, now: int) -> Principal:
    stub = Principal("session", session_id, "", "", "", "", all_sites=False, sites=frozenset())
    with services().db.read() as db:
        found = reload(db, stub, now)
    if found is None:
        raise Problem("bad_credentials", "The account was disabled just now.")
    return found


def _shown(who: Principal) -> dict[str, Any]:
    with services().db.read() as db:
        sites = db.scalars(select(Site).where(scope.in_sites(who, Site.id)).order_by(Site.name, Site.id)).all()
    return {
        "user": {"id": who.user_id, "username": who.username, "name": who.name},
        "role": who.role,
        "roles": who.roles,
        "sites": [{"id": site.id, "name": site.name, "timezone": site.timezone} for site in sites],
    }


def is_secure() -> bool:
    """Behind a TLS proxy the request itself arrives in plain: then the public address tells."""
    return request.is_secure or (services().settings.public_url or "").startswith("https:")
