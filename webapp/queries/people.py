"""Names of accounts, for rows that carry a user name."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import User

Author = dict[str, str]


class People:
    """Looks accounts up once for a whole answer. A token has none: it is shown by its user name, without an id."""

    def __init__(self, db: Session, usernames: Iterable[str]) -> None:
        wanted = set(usernames)
        found = db.execute(select(User.username, User.id, User.name).where(User.username.in_(wanted))) if wanted else ()
        self._found: dict[str, tuple[str, str]] = {username: (ident, name) for username, ident, name in found}

    def author(self, username: str) -> Author:
        ident, name = self._found.get(username, ("", username))
        return {"id": ident, "username": username, "name": name or username}
