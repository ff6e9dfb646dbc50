"""A device whose topic fits two profiles, adopted with the second while a real collector runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.clock import now_ms
from collector.settings import Settings
from collector.sitedb.engine import make_engine
from tests.integration import web_world
from tests.servers import Server, wait_for
from tests.world import World
from webapp.app import create_app
from webapp.credentials import token_hash
from webapp.db import Database
from webapp.models import ApiToken

PROFILE = """
schema: 1
id: NAME
products: [{vendor: Test, model: NAME}]
decoder: json
match: [{topic: "probes/{device}/up"}]
device_id: "{device}"
time: {path: [t], unit: ms}
metrics: [{name: METRIC, path: [v], unit: UNIT}]
expect: {every_s: 10, stale_after_s: SECONDS}
examples:
  - description: one
    topic: probes/a/up
    payload: {t: 1795428000000, v: 7}
    expect: {device: a, readings: {METRIC: 7}}
"""
PROFILES = {"a-ph": ("ph", "pH", "30"), "b-turbidity": ("turbidity", "NTU", "90")}
TOPIC = "probes/tank/up"


@pytest.fixture
def plant(tmp_path: Path, broker: Server) -> Iterator[World]:
    folder = tmp_path / "devices" / "profiles"
    folder.mkdir(parents=True)
    for name, (metric, unit, seconds) in PROFILES.items():
        text = PROFILE.replace("NAME", name).replace("METRIC", metric).replace("UNIT", unit)
        (folder / f"{name}.yaml").write_text(text.replace("SECONDS", seconds))
    world = World(tmp_path, broker, {"FIELDPROOF_DEVICES": str(tmp_path / "devices")})
    world.seed()
    collector = world.collector()
    yield world
    collector.stop()


def as_manager(world: World, method: str, path: str, **more: object) -> dict[str, object]:
    """The web application on the same databases, in this process."""
    settings = Settings(data=world.data, database_url=world.settings.database_url, devices=(world.folder / "devices",))
    engine = make_engine(settings.site_database_url)
    app = create_app(settings, engine=engine, static=world.folder / "static")
    try:
        headers = {"Authorization": f"Bearer {web_world.token_of('boss')}"}
        answer = app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **more)
        assert answer.status_code == 200, answer.text
        found: dict[str, object] = answer.json
        return found
    finally:
        engine.dispose()


def add_manager(world: World) -> None:
    engine = make_engine(world.settings.site_database_url)
    with Database(engine).write() as db:
        hashed = token_hash(web_world.token_of("boss"))
        db.add(ApiToken(id="t", name="boss", role="manager", all_sites=True, token_hash=hashed, created_by="t",
                        created_at=0))  # fmt: skip
    engine.dispose()


def stored(world: World) -> dict[str, int]:
    counted = "SELECT metric, count(*) FROM reading JOIN series ON series.id=series_id WHERE device='tank' GROUP BY 1"
    return dict(world.query(counted))


@pytest.mark.services
def test_from_its_adoption_a_device_is_read_by_the_profile_that_was_chosen_and_nothing_is_lost(plant: World) -> None:
    add_manager(plant)
    start, sent, over = now_ms() - 100_000, 0, threading.Event()

    def publish() -> None:
        nonlocal sent
        while not over.is_set():
            plant.publish([{"t": start + sent + n, "v": 7.0} for n in range(20)], TOPIC)
            sent += 20

    publisher = threading.Thread(target=publish)
    publisher.start()
    try:
        plant.await_rows("SELECT id FROM device WHERE id='tank' AND state='unassigned'", 1)
        (new,) = as_manager(plant, "GET", "/devices?state=unassigned")["items"]
        assert [value["metric"] for value in new["values"]] == ["ph"]
        assert [one["id"] for one in new["suggested"]] == ["a-ph", "b-turbidity"]
        adopted = as_manager(plant, "POST", "/devices/tank/adopt", json={"site": "plant", "profile": "b-turbidity"})
        assert (adopted["state"], adopted["site"], adopted["stale_after_s"]) == ("active", "plant", 90)
        wait_for(lambda: stored(plant).get("turbidity", 0) > 0, what="readings by the chosen profile")
    finally:
        over.set()
        publisher.join()
    wait_for(lambda: sum(stored(plant).values()) == sent, what=f"{sent} readings")
    before = stored(plant)["ph"]
    plant.publish([{"t": start + sent, "v": 7.0}], TOPIC)
    wait_for(lambda: sum(stored(plant).values()) == sent + 1, what="the last reading")
    assert stored(plant)["ph"] == before
    assert plant.count("dead_letter") == 0
