"""The site database's schema: made by migrations alone, by any number of processes, on both engines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from collector.errors import ConfigError
from collector.sitedb.engine import make_engine
from webapp.migrate import alembic_config, is_current, migrate, migrate_engine
from webapp.models import Base

both_urls = pytest.mark.parametrize(
    "url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.services)], indirect=True
)


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        found: str = request.getfixturevalue("postgres_url")
        return found
    return f"sqlite:///{tmp_path / 'new folder' / 'site.db'}"


def differences(engine: Engine) -> list[object]:
    with engine.connect() as connection:
        return list(compare_metadata(MigrationContext.configure(connection), Base.metadata))


@both_urls
def test_migrations_and_models_agree(url: str) -> None:
    migrate(url)
    engine = make_engine(url)
    try:
        assert differences(engine) == []
        assert is_current(engine)
    finally:
        engine.dispose()


@both_urls
def test_the_comparison_would_notice_a_missing_column(url: str) -> None:
    migrate(url)
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            connection.execute(text("ALTER TABLE aspect DROP COLUMN impact"))
        assert differences(engine) != []
    finally:
        engine.dispose()


@both_urls
def test_several_processes_may_migrate_at_once(url: str) -> None:
    code = "import sys; from webapp.migrate import migrate; migrate(sys.argv[1])"
    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", code, url], stderr=subprocess.PIPE) for _ in range(4)
    ]
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
    engine = make_engine(url)
    try:
        assert is_current(engine)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    finally:
        engine.dispose()


@both_urls
def test_a_migration_can_be_taken_back(url: str) -> None:
    migrate(url)
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.downgrade(config, "base")
        assert inspect(engine).get_table_names() == ["alembic_version"]
        assert not is_current(engine)
    finally:
        engine.dispose()


@both_urls
def test_places_that_were_there_before_labels_get_a_token_each(url: str) -> None:
    migrate(url)
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.downgrade(config, "0002_walkthroughs")
            connection.execute(text("INSERT INTO site VALUES ('plant', 'Plant', 'UTC')"))
            for n in range(3):
                values = f"'{n}', 'plant', NULL, 'Hall', 1, 'test', 0"
                connection.execute(text(f"INSERT INTO location VALUES ({values})"))
        migrate(url)
        with engine.connect() as connection:
            tokens = connection.execute(text("SELECT token FROM location")).scalars().all()
        assert len(set(tokens)) == 3
        assert all(len(token) == 10 for token in tokens)
    finally:
        engine.dispose()


def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    migrate(url)
    engine = make_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num='9999_from_the_future'"))
    with pytest.raises(ConfigError, match="newer version"):
        migrate_engine(engine)
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'site.db'}")
    with engine.begin() as connection:
        # A table that is in the way of one of the last steps.
        connection.execute(text("CREATE TABLE device (id TEXT)"))
    with pytest.raises(Exception, match="already exists"):
        migrate_engine(engine)
    assert inspect(engine).get_table_names() == ["device"]
    engine.dispose()


def test_sqlite_connections_keep_what_they_promise(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'site.db'}")
    with engine.connect() as connection:
        found = {name: connection.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")}
        assert found == {"journal_mode": "wal", "synchronous": 2}
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert connection.execute(text("PRAGMA busy_timeout")).scalar() >= 10_000
    engine.dispose()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://localhost/x", "use sqlite or postgresql"),
        ("nonsense", "FIELDPROOF_DATABASE_URL"),
        ("", "DATABASE_URL"),
    ],
)
def test_a_url_that_cannot_be_used_is_a_configuration_fault(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        make_engine(url)
