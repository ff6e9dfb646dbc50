"""Who is asking: a session cookie or a bearer token becomes a Principal with a role and sites."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from flask import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.credentials import token_hash
from webapp.models import ApiToken, ApiTokenSite, User, UserSession, UserSite
from webapp.problems import Problem

COOKIE = "fieldproof_session"
ROLES = ("inspector", "manager", "admin", "auditor")
_LADDER = ("inspector", "manager", "admin")


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person or a program. `id` names the session or token it came by, so that it can be checked again."""

    kind: Literal["session", "token"]
    id: str
    user_id: str
    username: str
    name: str
    role: str
    all_sites: bool
    sites: frozenset[str]
    # When the session was last prolonged; no part of who somebody is.
    seen_at: int = field(default=0, compare=False)

    @property
    def roles(self) -> list[str]:
        """Roles are cumulative; an auditor stands beside the ladder."""
        if self.role in _LADDER:
            return list(_LADDER[: _LADDER.index(self.role) + 1])
        return [self.role]

    @property
    def sees_unassigned(self) -> bool:
        """Devices and dead letters without a site: for who may adopt them, and for who audits everything."""
        return self.role in ("manager", "admin") or (self.role == "auditor" and self.all_sites)

    def sees_site(self, site: str) -> bool:
        return self.all_sites or site in self.sites


def authenticate(db: Session, request: Request, now: int) -> Principal | None:
    """With an Authorization header only that counts: a bearer request never falls back to a cookie."""
    header = request.headers.get("Authorization")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Problem("unauthenticated", "Send 'Authorization: Bearer <token>', or sign in and use the cookie.")
        return _by_token(db, ApiToken.token_hash == token_hash(token.strip()))
    cookie = request.cookies.get(COOKIE)
    return _by_session(db, UserSession.token_hash == token_hash(cookie), now) if cookie else None


def reload(db: Session, principal: Principal, now: int) -> Principal | None:
    """The principal as it would be now, or None when its session ended, its token was revoked or its user disabled."""
    if principal.kind == "token":
        return _by_token(db, ApiToken.id == principal.id)
    return _by_session(db, UserSession.id == principal.id, now)


def _by_session(db: Session, condition: object, now: int) -> Principal | None:
    found = db.execute(
        select(UserSession.id, UserSession.last_seen_at, User)
        .join(User, User.id == UserSession.user_id)
        .where(condition, UserSession.expires_at > now, User.disabled_at.is_(None))  # type: ignore[arg-type]
    ).one_or_none()
    if found is None:
        return None
    session_id, seen_at, user = found
    sites = db.scalars(select(UserSite.site_id).where(UserSite.user_id == user.id))
    return Principal(
        "session", session_id, user.id, user.username, user.name, user.role, user.all_sites, frozenset(sites), seen_at
    )


def _by_token(db: Session, condition: object) -> Principal | None:
    token = db.scalars(select(ApiToken).where(condition, ApiToken.revoked_at.is_(None))).one_or_none()  # type: ignore[arg-type]
    if token is None:
        return None
    sites = db.scalars(select(ApiTokenSite.site_id).where(ApiTokenSite.token_id == token.id))
    username = f"token:{token.name}"
    return Principal("token", token.id, token.id, username, token.name, token.role, token.all_sites, frozenset(sites))
