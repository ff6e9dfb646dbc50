"""From sensor to screen with real processes: mosquitto, InfluxDB, the collector, the web server and Chromium."""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.conftest import need
from tests.integration.test_influx import ask
from tests.servers import Server, find, wait_for
from tests.world import TOPIC, World

pytestmark = pytest.mark.services
PASSWORD = "correct horse battery"


@pytest.fixture
def plant(tmp_path: Path, broker: Server, influx: Server) -> Iterator[World]:
    """Everything running, with InfluxDB as the long-term store."""
    ask(influx, "CREATE DATABASE plant", "POST")
    env = {"FIELDPROOF_INFLUX_URL": f"http://127.0.0.1:{influx.port}", "FIELDPROOF_INFLUX_BUCKET": "plant"}
    world = World(tmp_path, broker, env)
    world.seed()
    collector, web = world.collector(), world.web()
    world.extra["WEB"] = f"http://127.0.0.1:{web.port}"
    yield world
    web.stop()
    collector.stop()


def mosquitto_pub(world: World, payload: dict[str, Any]) -> None:
    program = find("mosquitto_pub")
    need("mosquitto-clients", program is not None)
    command = [str(program), "-h", "127.0.0.1", "-p", str(world.broker.port), "-q", "1", "-t", TOPIC]
    subprocess.run([*command, "-m", json.dumps(payload)], check=True, timeout=20)


def api(world: World, token: str, path: str) -> Any:
    request = urllib.request.Request(f"{world.extra['WEB']}/api/v1{path}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def sign_in(page: Page, world: World, name: str) -> None:
    page.goto(world.extra["WEB"])
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_test_id("connection")).to_be_visible()


def add_user(world: World, name: str, role: str) -> None:
    from collector.sitedb.engine import make_engine
    from webapp.users import add_user as add

    engine = make_engine(world.settings.site_database_url)
    add(engine, name, PASSWORD, role)
    engine.dispose()


def test_a_reading_appears_on_the_phone_and_its_alarm_is_acknowledged_there(
    plant: World, influx: Server, phone: Page
) -> None:
    add_user(plant, "ines", "inspector")
    token = plant.run("tokens", "create", "--name", "test", "--role", "manager")
    sign_in(phone, plant, "ines")

    mosquitto_pub(plant, {"values": {"ph": 7.11}})
    phone.goto(plant.extra["WEB"] + "/live")
    row = phone.get_by_test_id("point-plant.effluent/ph")
    expect(row.get_by_test_id("value")).to_contain_text("7.11")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360, "the page scrolls sideways"

    # The page is open and nobody touches it: the next value arrives by itself.
    mosquitto_pub(plant, {"values": {"ph": 9.42}})
    expect(row.get_by_test_id("value")).to_contain_text("9.42")

    phone.goto(plant.extra["WEB"] + "/alarms")
    (alarm,) = api(plant, token, "/alarms?state=active")["items"]
    assert (alarm["point"], alarm["state"], alarm["value"]) == ("plant.effluent/ph", "active_unacked", 9.42)
    phone.get_by_test_id(f"alarm-{alarm['id']}").click()
    phone.get_by_test_id("acknowledge").click()
    phone.get_by_test_id("note").fill("Dosing pump restarted")
    phone.get_by_test_id("send-op").click()
    expect(phone.get_by_text("Dosing pump restarted")).to_be_visible()
    wait_for(lambda: api(plant, token, f"/alarms/{alarm['id']}")["state"] == "active_acked", what="the acknowledgement")

    stored = api(plant, token, f"/alarms/{alarm['id']}")
    assert stored["acknowledged_by"] == "ines"
    assert [(t["kind"], t["by"], t["note"]) for t in stored["transitions"]] == [
        ("raised", None, None), ("acknowledged", "ines", "Dosing pump restarted"),
    ]  # fmt: skip
    columns = api(plant, token, "/devices/plant.effluent/points/ph/readings?buckets=0")
    assert columns["value"] == [7.11, 9.42]
    assert [value for _, value in ask(influx, "SELECT value FROM readings")] == [7.11, 9.42]
    wait_for(lambda: len(ask(influx, "SELECT state FROM alarms")) == 2, what="the alarm in InfluxDB")
    assert [state for _, state in ask(influx, "SELECT state FROM alarms")] == ["active_unacked", "active_acked"]


def test_an_auditor_sees_the_alarm_and_cannot_touch_it(plant: World, phone: Page) -> None:
    add_user(plant, "ada", "auditor")
    mosquitto_pub(plant, {"values": {"ph": 9.42}})
    plant.await_rows("SELECT id FROM alarm", 1)
    ((alarm,),) = plant.site_query("SELECT id FROM alarm")
    sign_in(phone, plant, "ada")
    phone.goto(f"{plant.extra['WEB']}/alarms/{alarm}")
    expect(phone.get_by_role("heading", name="pH above 9")).to_be_visible()
    expect(phone.get_by_test_id("acknowledge")).to_have_count(0)
