"""Sessions on the site database: one kind for reading, one for writing."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from collector.sitedb.engine import for_writing


class Database:
    """Hands out sessions. A read sees one moment of the database; a write is all or nothing."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._write_engine = for_writing(engine)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        with Session(self._write_engine, expire_on_commit=False) as session, session.begin():
            yield session


def take_turn(db: Session, table: str) -> None:
    """Let one transaction at a time number rows of `table`, until it ends.

    Readers follow such tables by a cursor on `seq`. On PostgreSQL two transactions may commit in the other order than
    they took their numbers, and a cursor would step over the later one. SQLite has one writer anyway.
    """
    if db.get_bind().dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _lock_key(table)})


def _lock_key(name: str) -> int:
    return zlib.crc32(f"fieldproof:{name}".encode())
