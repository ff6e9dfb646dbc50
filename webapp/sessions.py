"""Sign-in, sign-out, and the sliding end of a session."""

from __future__ import annotations

import uuid

from flask import Response, g, request
from sqlalchemy import delete, select, update

from webapp import audit
from webapp.auth import COOKIE, Principal
from webapp.credentials import new_token, password_matches, token_hash
from webapp.db import Database
from webapp.models import User, UserSession
from webapp.users import normal_username

LIFETIME_MS = 30 * 24 * 3_600_000
# Moving the end at every request would make each read a write.
_RENEW_AFTER_MS = 3_600_000


def sign_in(database: Database, username: str, password: str, now: int) -> str | None:
    """The new session's token, or None when name and password do not belong together."""
    wanted = normal_username(username)
    with database.read() as db:
        user = db.scalars(select(User).where(User.username == wanted, User.disabled_at.is_(None))).one_or_none()
    # Outside any transaction: this takes its time.
    if not password_matches(user.password_hash if user else None, password) or user is None:
        return None
    token = new_token()
    with database.write() as db:
        db.execute(delete(UserSession).where(UserSession.user_id == user.id, UserSession.expires_at <= now))
        session = UserSession(
            id=str(uuid.uuid4()),
            token_hash=token_hash(token),
            user_id=user.id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LIFETIME_MS,
        )
        db.add(session)
        audit.append(db, at=now, actor=user.username, action="session.start", kind="session", object_id=session.id)
    return token


def sign_out(database: Database, who: Principal, now: int) -> None:
    with database.write() as db:
        db.execute(delete(UserSession).where(UserSession.id == who.id))
        audit.append(db, at=now, actor=who.username, action="session.end", kind="session", object_id=who.id)


def keep_alive(database: Database, who: Principal, now: int) -> None:
    """Move the end of a session that is in use, and have its cookie renewed with this answer."""
    if now - who.seen_at < _RENEW_AFTER_MS:
        return
    with database.write() as db:
        moved = {"last_seen_at": now, "expires_at": now + LIFETIME_MS}
        db.execute(update(UserSession).where(UserSession.id == who.id).values(**moved))
    g.renew_cookie = True


def renew_cookie(response: Response, *, secure: bool) -> Response:
    """After a request: the browser's copy must live as long as ours."""
    if g.get("renew_cookie") and COOKIE not in response.headers.get("Set-Cookie", ""):
        set_cookie(response, request.cookies[COOKIE], secure=secure)
    return response


def set_cookie(response: Response, token: str, *, secure: bool) -> None:
    response.set_cookie(
        COOKIE, token, max_age=LIFETIME_MS // 1000, httponly=True, samesite="Lax", secure=secure, path="/"
    )


def clear_cookie(response: Response, *, secure: bool) -> None:
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=secure, path="/")
