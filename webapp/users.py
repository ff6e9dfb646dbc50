"""Accounts and tokens, as the command line makes them. Each change leaves an audit row in its own transaction."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, delete, select
from sqlalchemy.orm import Session

from collector.clock import now_ms
from collector.sitedb.tables import Site
from webapp import audit
from webapp.auth import ROLES
from webapp.credentials import MIN_PASSWORD, hash_password, new_token, token_hash
from webapp.db import Database
from webapp.models import ApiToken, ApiTokenSite, User, UserSession, UserSite

_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{0,62}")
_TOKEN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._@-]{0,49}")
CLI = "cli"


class UserError(Exception):
    """What was asked cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class UserRow:
    username: str
    name: str
    role: str
    sites: tuple[str, ...] | None
    disabled: bool


def normal_username(username: str) -> str:
    return username.strip().lower()


def add_user(
    engine: Engine, username: str, password: str, role: str, *, name: str = "", sites: Sequence[str] | None = None,
    actor: str = CLI,
) -> str:  # fmt: skip
    """The new user's id. `sites=None` is all sites, also those to come. Raises UserError."""
    _check_role(role)
    _check_password(password)
    wanted = normal_username(username)
    if not _USERNAME.fullmatch(wanted):
        raise UserError(
            f"'{username}' is no user name: use letters, digits and . _ @ -, at most 63, beginning with one"
        )
    hashed = hash_password(password)
    now = now_ms()
    with Database(engine).write() as db:
        if db.scalar(select(User.id).where(User.username == wanted)):
            raise UserError(
                f"there is a user '{wanted}' already; 'fieldproof users reset {wanted}' sets a new password"
            )
        _check_sites(db, sites)
        user = User(
            id=str(uuid.uuid4()), username=wanted, name=name or wanted, role=role, all_sites=sites is None,
            password_hash=hashed, created_by=actor, created_at=now,
        )  # fmt: skip
        db.add(user)
        db.flush()
        db.add_all(UserSite(user_id=user.id, site_id=site) for site in sites or ())
        after = {"username": wanted, "role": role, "sites": None if sites is None else sorted(sites)}
        audit.append(db, at=now, actor=actor, action="user.add", kind="user", object_id=user.id, after=after)
    return user.id


def list_users(engine: Engine) -> list[UserRow]:
    with Database(engine).read() as db:
        sites: dict[str, list[str]] = {}
        for user_id, site_id in db.execute(select(UserSite.user_id, UserSite.site_id).order_by(UserSite.site_id)):
            sites.setdefault(user_id, []).append(site_id)
        return [
            UserRow(
                user.username, user.name, user.role, None if user.all_sites else tuple(sites.get(user.id, ())),
                user.disabled_at is not None,
            )
            for user in db.scalars(select(User).order_by(User.username))
        ]  # fmt: skip


def reset_password(engine: Engine, username: str, password: str, *, actor: str = CLI) -> None:
    """Sets a new password and ends every session of the user. Raises UserError."""
    _check_password(password)
    hashed = hash_password(password)
    now = now_ms()
    with Database(engine).write() as db:
        user = db.scalars(select(User).where(User.username == normal_username(username))).one_or_none()
        if user is None:
            raise UserError(f"there is no user '{username}'; 'fieldproof users list' shows who there is")
        user.password_hash = hashed
        db.execute(delete(UserSession).where(UserSession.user_id == user.id))
        audit.append(db, at=now, actor=actor, action="user.reset_password", kind="user", object_id=user.id)


def create_token(engine: Engine, name: str, role: str, *, sites: Sequence[str] | None = None, actor: str = CLI) -> str:
    """The token itself: shown this once, afterwards only its hash is known. Raises UserError."""
    _check_role(role)
    if not _TOKEN_NAME.fullmatch(name):
        raise UserError(f"'{name}' is no token name: use letters, digits, blanks and . _ @ -, at most 50")
    token, now = f"fp_{new_token()}", now_ms()
    with Database(engine).write() as db:
        if db.scalar(select(ApiToken.id).where(ApiToken.name == name)):
            raise UserError(f"there is a token '{name}' already; choose another name")
        _check_sites(db, sites)
        row = ApiToken(
            id=str(uuid.uuid4()), name=name, role=role, all_sites=sites is None, token_hash=token_hash(token),
            created_by=actor, created_at=now,
        )  # fmt: skip
        db.add(row)
        db.flush()
        db.add_all(ApiTokenSite(token_id=row.id, site_id=site) for site in sites or ())
        after = {"name": name, "role": role, "sites": None if sites is None else sorted(sites)}
        audit.append(db, at=now, actor=actor, action="token.create", kind="token", object_id=row.id, after=after)
    return token


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UserError(f"'{role}' is no role; choose one of {', '.join(ROLES)}")


def _check_password(password: str) -> None:
    if len(password) < MIN_PASSWORD:
        raise UserError(f"a password needs at least {MIN_PASSWORD} characters")


def _check_sites(db: Session, sites: Sequence[str] | None) -> None:
    known = set(db.scalars(select(Site.id)))
    for site in sites or ():
        if site not in known:
            raise UserError(f"there is no site '{site}'; known: {', '.join(sorted(known)) or 'none yet'}")
