"""Bring the site database to the schema of this version. Safe to call from several processes at once."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from collector.errors import ConfigError
from collector.sitedb.engine import begin_write, make_engine

_SCRIPTS = Path(__file__).resolve().parent / "migrations"
# Any fixed number serves: PostgreSQL's advisory locks are named by numbers.
_LOCK_KEY = 4_170_520_011


def migrate(url: str) -> None:
    """Upgrade to the newest revision, making the database's folder when it is missing."""
    engine = make_engine(url)
    try:
        _make_folder(engine)
        migrate_engine(engine)
    finally:
        engine.dispose()


def migrate_engine(engine: Engine) -> None:
    """All in one transaction: it is the lock that other processes wait at, and a failed upgrade leaves nothing."""
    with begin_write(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK_KEY})
        known = ScriptDirectory.from_config(alembic_config())
        found = MigrationContext.configure(connection).get_current_heads()
        unknown = [head for head in found if head not in {script.revision for script in known.walk_revisions()}]
        if unknown:
            raise ConfigError(
                [f"the site database was written by a newer version (revision {unknown[0]}): update fieldproof"]
            )
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def is_current(engine: Engine) -> bool:
    """Whether the database is at this version's newest revision."""
    with engine.connect() as connection:
        found = set(MigrationContext.configure(connection).get_current_heads())
    return found == set(ScriptDirectory.from_config(alembic_config()).get_heads())


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _make_folder(engine: Engine) -> None:
    if engine.dialect.name == "sqlite" and engine.url.database:
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
