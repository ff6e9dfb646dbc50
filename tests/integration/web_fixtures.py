"""An application on a real database with the cast of `web_world`, and a client that speaks as any of them."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from collector.settings import Settings
from collector.sitedb.engine import make_engine
from collector.stores.collector_db import open_collector_db
from collector.stores.sqlite_readings import SqliteReadingStore
from tests.integration import web_world as world
from webapp.app import create_app
from webapp.migrate import migrate, migrate_engine
from webapp.services import EXTENSION, Services

# What a browser sends with a change made by our own pages.
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin", "X-Fieldproof": "1"}
both_databases = pytest.mark.parametrize(
    "engine", ["sqlite", pytest.param("postgresql", marks=pytest.mark.services)], indirect=True
)


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self, now: int = world.NOW) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    def advance(self, ms: int) -> None:
        self.now += ms


@dataclass
class Web:
    """The application under test. `get("/points", "manager")` asks as the manager's token."""

    app: Flask
    clock: FakeClock
    readings: sqlite3.Connection

    @property
    def parts(self) -> Services:
        parts: Services = self.app.extensions[EXTENSION]
        return parts

    def browser(self) -> FlaskClient:
        """A client with cookies of its own."""
        return self.app.test_client()

    def ask(self, method: str, path: str, who: str | None, **more: Any) -> TestResponse:
        headers = dict(more.pop("headers", {}))
        if who is not None:
            headers["Authorization"] = f"Bearer {world.token_of(who)}"
        target = path if path.startswith(("/api", "/healthz", "/readyz", "/metrics")) else f"/api/v1{path}"
        return self.app.test_client().open(target, method=method, headers=headers, **more)

    def get(self, path: str, who: str | None = "manager", **more: Any) -> TestResponse:
        return self.ask("GET", path, who, **more)

    def items(self, path: str, who: str | None = "manager") -> list[dict[str, Any]]:
        answer = self.get(path, who)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json["items"]  # type: ignore[index]
        return found

    def add(self, *rows: Any) -> None:
        with self.parts.db.write() as db:
            db.add_all(rows)

    def write_readings(self, device: str, metric: str, rows: list[tuple[int, float | None, int]]) -> None:
        """(observed_at, value, quality number) straight into the collector's file."""
        self.readings.execute("INSERT OR IGNORE INTO series (device, metric) VALUES (?, ?)", (device, metric))
        found = self.readings.execute("SELECT id FROM series WHERE device=? AND metric=?", (device, metric))
        (series,) = found.fetchone()
        self.readings.execute("BEGIN")
        self.readings.executemany(
            "INSERT INTO reading VALUES (?, ?, ?, ?, 0, ?)", [(series, at, value, q, at) for at, value, q in rows]
        )
        self.readings.execute("COMMIT")


@pytest.fixture(scope="session")
def world_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database with the cast in it: made once, copied for each test."""
    path = tmp_path_factory.mktemp("world") / "site.db"
    url = f"sqlite:///{path}"
    migrate(url)
    engine = make_engine(url)
    world.build(engine)
    engine.dispose()
    return path


@pytest.fixture
def engine(request: pytest.FixtureRequest, tmp_path: Path, world_file: Path) -> Iterator[Engine]:
    """The site database: SQLite, unless the test says `both_databases`."""
    if getattr(request, "param", "sqlite") == "postgresql":
        made = make_engine(request.getfixturevalue("postgres_url"))
        migrate_engine(made)
        world.build(made)
    else:
        shutil.copy(world_file, tmp_path / "site.db")
        made = make_engine(f"sqlite:///{tmp_path / 'site.db'}")
    yield made
    made.dispose()


@pytest.fixture
def web(engine: Engine, tmp_path: Path) -> Iterator[Web]:
    readings = open_collector_db(tmp_path / "collector.db")
    settings, clock = Settings(data=tmp_path), FakeClock()
    store = SqliteReadingStore(settings.collector_db)
    app = create_app(settings, engine=engine, store=store, clock=clock, static=tmp_path / "static")
    made = Web(app, clock, readings)
    yield made
    made.parts.live.stop()
    readings.close()


@pytest.fixture
def signed_in(web: Web) -> FlaskClient:
    """The manager's browser."""
    browser = web.browser()
    answer = browser.post("/api/v1/session", json={"username": "manager", "password": world.PASSWORD})
    assert answer.status_code == 200
    return browser
