"""Who may come in: people, their sessions, and tokens for programs. No secret is stored, only what proves it."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from collector.sitedb.tables import Base


class User(Base):
    """A person. `role` is `inspector | manager | admin | auditor`; `all_sites` covers sites yet to come."""

    # Not "user": that word is reserved in PostgreSQL, and people do look into this table by hand.
    __tablename__ = "app_user"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(16))
    all_sites: Mapped[bool] = mapped_column(default=False)
    password_hash: Mapped[str] = mapped_column(String(255))
    disabled_at: Mapped[int | None]
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int]


class UserSite(Base):
    """A site that a user without `all_sites` works at."""

    __tablename__ = "app_user_site"
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)


class UserSession(Base):
    """One signed-in browser. The cookie holds a random token; here is only its SHA-256."""

    __tablename__ = "app_session"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("app_user.id"), index=True)
    created_at: Mapped[int]
    last_seen_at: Mapped[int]
    expires_at: Mapped[int] = mapped_column(index=True)


class ApiToken(Base):
    """A program's way in, with a role and sites of its own. Shown once, stored as its SHA-256."""

    __tablename__ = "api_token"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    name: Mapped[str] = mapped_column(String(50), unique=True)
    role: Mapped[str] = mapped_column(String(16))
    all_sites: Mapped[bool] = mapped_column(default=False)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[int]
    revoked_at: Mapped[int | None]


class ApiTokenSite(Base):
    __tablename__ = "api_token_site"
    token_id: Mapped[str] = mapped_column(ForeignKey("api_token.id"), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.id"), primary_key=True)
