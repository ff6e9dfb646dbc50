"""The version of what collectors work by: it grows in the same transaction as a change to sites, devices or limits."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.orm import Session

from collector.sitedb.tables import Config

_ONLY_ROW = 1


def grow(db: Session) -> int:
    """The new version. Collectors that see it read devices and limits again."""
    if db.get(Config, _ONLY_ROW) is None:
        db.add(Config(id=_ONLY_ROW, version=1))
        db.flush()
        return 1
    # Added up by the database: two managers at once must not both arrive at the same number.
    changed = update(Config).where(Config.id == _ONLY_ROW).values(version=Config.version + 1)
    return db.execute(changed.returning(Config.version)).scalar_one()


def current(db: Session) -> int:
    row = db.get(Config, _ONLY_ROW)
    return 0 if row is None else row.version
