"""Names of accounts, for rows that carry a user name."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.models import User

Author = dict[str, str]


class People:
    """Looks names up once for a whole answer. A token, or an account that is gone, is shown by its user name."""

    def __init__(self, db: Session, usernames: Iterable[str]) -> None:
        wanted = set(usernames)
        found = db.execute(select(User.username, User.name).where(User.username.in_(wanted))) if wanted else ()
        self._names: dict[str, str] = {row[0]: row[1] for row in found}

    def author(self, username: str) -> Author:
        return {"username": username, "name": self._names.get(username) or username}
