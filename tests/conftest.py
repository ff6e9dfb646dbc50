"""Fixtures for all tests: real servers from Debian's packages, and what to do where they are missing."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from playwright.sync_api import Playwright, sync_playwright

from tests import servers
from tests.servers import Server

_REQUIRED = os.environ.get("REQUIRE_SERVICES") == "1"
_missing: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--run-slow", action="store_true", help="run the long fault and soak tests too")
    parser.addoption("--readings", type=int, default=5_000, help="how many readings each fault has to survive")


def pytest_configure(config: pytest.Config) -> None:
    # For properties of which each example brings a whole plant up.
    settings.register_profile("plant", max_examples=60 if config.getoption("--run-slow") else 12, deadline=None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--run-slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="slow: run with --run-slow"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _missing:
        terminalreporter.write_line(f"not run here, because these servers are missing: {', '.join(sorted(_missing))}")


def need(name: str, present: bool) -> None:
    """Skips the test, or fails it where every server must be there."""
    if present:
        return
    _missing.add(name)
    if _REQUIRED:
        pytest.fail(f"{name} is required here and not installed")
    pytest.skip(f"{name} is not installed")


@pytest.fixture(autouse=True)
def _garbage_is_looked_for_as_before() -> Iterator[None]:
    """A collector in this process keeps what is there out of the search: its garbage would show in another test."""
    threshold = gc.get_threshold()
    yield
    if gc.get_freeze_count():
        gc.unfreeze()
        gc.set_threshold(*threshold)


@pytest.fixture(autouse=True)
def _no_process_outlives_its_test() -> Iterator[None]:
    before = len(servers.STARTED)
    yield
    for process in reversed(servers.STARTED[before:]):
        servers.end(process)
        if process.stdout is not None:
            process.stdout.close()
    del servers.STARTED[before:]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Server]:
    """A real mosquitto."""
    need("mosquitto", servers.find("mosquitto") is not None)
    folder = tmp_path / "broker"
    folder.mkdir()
    server = servers.mosquitto(folder)
    yield server
    server.stop()


@pytest.fixture
def influx(tmp_path: Path) -> Iterator[Server]:
    """A real InfluxDB 1.6.7."""
    need("influxdb", servers.find("influxd") is not None)
    folder = tmp_path / "influx"
    folder.mkdir()
    server = servers.influxdb(folder)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def _postgres() -> Iterator[Server]:
    need("postgresql", servers.find_postgres() is not None)
    server = servers.postgres()
    if server.process is not None:
        # It serves the whole session, not only the test that happened to ask first.
        servers.STARTED.remove(server.process)
    yield server
    server.stop()


@pytest.fixture
def own_postgres() -> Iterator[Server]:
    """A PostgreSQL for this test alone, which it may stop."""
    need("postgresql", servers.find_postgres() is not None)
    server = servers.postgres()
    yield server
    server.stop()


@pytest.fixture
def postgres_url(_postgres: Server) -> Iterator[str]:
    """An empty database of a real PostgreSQL."""
    import psycopg

    name = f"t{os.urandom(6).hex()}"
    admin = f"host=127.0.0.1 port={_postgres.port} user=fieldproof dbname=postgres"
    with psycopg.connect(admin, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
    yield f"postgresql+psycopg://fieldproof@127.0.0.1:{_postgres.port}/{name}"
    with psycopg.connect(admin, autocommit=True) as db:
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Debian's Chromium."""
    found = servers.find("chromium")
    need("chromium", found is not None)
    assert found is not None
    return found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """One for all: a thread can have no second one."""
    with sync_playwright() as found:
        yield found
