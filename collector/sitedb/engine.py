"""Engines of the site database: SQLite by default, PostgreSQL by URL. One place decides pragmas and transactions."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import ConnectionPoolEntry

from collector.errors import ConfigError

# How long a writer waits for another one: far above any transaction of ours, below a person's patience.
BUSY_TIMEOUT_MS = 15_000
_WRITE_OPTION = "fieldproof_write"


def make_engine(url: str) -> Engine:
    """An engine for `url`. Raises ConfigError when the URL is none, or its driver is not installed."""
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(url)
        if parsed.get_backend_name() == "postgresql":
            # psycopg 3 is the driver we ship; a bare postgresql:// would ask for psycopg2.
            if "+" not in parsed.drivername:
                parsed = parsed.set(drivername="postgresql+psycopg")
            return create_engine(parsed, pool_size=8, max_overflow=24, pool_pre_ping=True)
    except ArgumentError as error:
        raise ConfigError([f"FIELDPROOF_DATABASE_URL: {error}"]) from error
    except ModuleNotFoundError as error:
        raise ConfigError(
            [f"FIELDPROOF_DATABASE_URL: {error.name} is not installed; install fieldproof[postgres]"]
        ) from error
    raise ConfigError(
        [f"FIELDPROOF_DATABASE_URL: '{parsed.get_backend_name()}' is not supported; use sqlite or postgresql"]
    )


def _sqlite_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        pool_size=8,
        max_overflow=24,
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        # Python's own transaction control begins late and upgrades read locks: we begin ourselves, below.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get(_WRITE_OPTION, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def for_writing(engine: Engine) -> Engine:
    """The same pool, for transactions that read and then write: on SQLite they take the write lock at once.

    A transaction that begins with a read and writes later can fail there with "database is locked" whatever the
    timeout, because what it has read may be out of date by then.
    """
    return engine.execution_options(**_write_options())


def _write_options() -> dict[str, Any]:
    return {_WRITE_OPTION: True}


@contextmanager
def begin_write(engine: Engine) -> Iterator[Connection]:
    """One write transaction: all of it, or none of it."""
    with for_writing(engine).begin() as connection:
        yield connection
