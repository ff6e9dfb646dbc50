"""Passwords, random tokens, and the installation's secret key."""

from __future__ import annotations

import hashlib
import os
import secrets
import threading
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_PASSWORD = 10
# Each hash takes 64 MiB and a core for some 50 ms on purpose: no more than two at once, whoever knocks.
_TURNSTILE = threading.BoundedSemaphore(2)
_PATIENCE_S = 2.0
_HASHER = PasswordHasher()
# Checked when the user does not exist, so that the time of an answer does not tell who does.
_NOBODY = _HASHER.hash(secrets.token_urlsafe(16))


class Busy(Exception):  # noqa: N818 - a condition, not a fault
    """Too many passwords are being checked at this moment."""


def hash_password(password: str) -> str:
    with _TURNSTILE:
        return _HASHER.hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Raises Busy when too many passwords wait to be checked: a thread that waits answers nobody else."""
    if not _TURNSTILE.acquire(timeout=_PATIENCE_S):
        raise Busy
    try:
        return _HASHER.verify(stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False
    finally:
        _TURNSTILE.release()


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """A plain hash is enough for 256 random bits; a slow one would only cost every request."""
    return hashlib.sha256(token.encode()).hexdigest()


def secret_key(configured: str | None, data: Path) -> str:
    """The configured key, or one made at the first start and kept in the data folder, readable by its owner only."""
    if configured:
        return configured
    path = data / "secret_key"
    if not path.exists():
        _make_key(path)
    return path.read_text(encoding="ascii").strip()


def _make_key(path: Path) -> None:
    """Several workers may start at once: each writes a whole file, the first link wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
