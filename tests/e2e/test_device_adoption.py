"""A device that nobody knows begins to send; a manager with a phone in the hand sees it, says where it is, and reads
its values: with a real broker, collector, web server and Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from collector.clock import now_ms
from collector.sitedb.engine import make_engine
from collector.sitedb.tables import Location
from tests.servers import Server
from tests.world import World
from webapp.models import Aspect
from webapp.users import add_user

pytestmark = pytest.mark.services
PASSWORD = "correct horse battery"
METER = "shellypro3em-a8032ab12c34"
TOPIC = f"{METER}/events/rpc"


def seed_register(world: World) -> None:
    """What a manager chooses from, and the people."""
    engine = make_engine(world.settings.site_database_url)
    with Session(engine) as db, db.begin():
        made: dict[str, Any] = {"site_id": "plant", "revision": 1, "created_by": "test", "updated_at": now_ms()}
        db.add(Location(id="top", name="Test plant", token="aaaaaaaaaa", **made))
        db.add(Location(id="hall", parent_id="top", name="Hall 1", token="bbbbbbbbbb", **made))
        about = {"activity": "Cooling", "impact": "Emissions of power plants", "condition": "normal"}
        db.add(Aspect(id="power", name="Electricity use", significant=True, **about, **made))
    for name, role in (("mira", "manager"), ("ines", "inspector")):
        add_user(engine, name, PASSWORD, role)
    engine.dispose()


@pytest.fixture
def plant(tmp_path: Path, broker: Server) -> Iterator[World]:
    world = World(tmp_path, broker)
    world.seed()
    seed_register(world)
    collector, web = world.collector(), world.web()
    world.extra["WEB"] = f"http://127.0.0.1:{web.port}"
    yield world
    web.stop()
    collector.stop()


def speak(world: World, watts: float) -> None:
    """As the meter notifies; the time is the moment of receipt's, to within what a clock may be wrong."""
    meter = {"id": 0, "total_act_power": watts, "a_voltage": 231.4, "b_voltage": 230.9, "c_voltage": 232.2}
    message = {"src": METER, "method": "NotifyStatus", "params": {"ts": now_ms() / 1000, "em:0": meter}}
    assert world.publish([message], TOPIC) == 1


def sign_in(page: Page, world: World, name: str) -> None:
    page.goto(world.extra["WEB"])
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_test_id("connection")).to_be_visible()


def adopt_on_the_phone(page: Page) -> None:
    """Fills the sheet with a thumb: a name, a place that is not there yet, an aspect."""
    page.get_by_test_id(f"adopt-{METER}").click()
    sheet = page.get_by_role("dialog")
    expect(sheet.get_by_role("radio").first).to_be_checked()
    sheet.get_by_test_id("adopt-name").fill("Cooling meter")
    sheet.get_by_test_id("new-place").click()
    sheet.get_by_test_id("place-name").fill("Plant room")
    sheet.get_by_test_id("place-parent").select_option(label="\u2003Hall 1")
    sheet.get_by_test_id("place-add").click()
    expect(sheet.get_by_test_id("adopt-location").locator("option:checked")).to_contain_text("Plant room")
    sheet.get_by_test_id("adopt-aspect").select_option(label="Electricity use")
    summary = sheet.get_by_test_id("adopt-summary")
    expect(summary).to_contain_text("“Cooling meter” at Test plant, at Hall 1 / Plant room")
    expect(summary).to_contain_text("Shelly Pro 3EM")
    expect(summary).to_contain_text("evidence for “Electricity use”")
    assert page.evaluate("document.querySelector('dialog').scrollWidth") <= 360, "the sheet scrolls sideways"
    sheet.get_by_test_id("adopt-send").click()


def test_a_manager_adopts_a_new_device_on_the_phone_and_reads_its_values(plant: World, phone: Page) -> None:
    sign_in(phone, plant, "mira")
    speak(plant, 2480)
    waiting = phone.get_by_role("link", name="1 new device")
    expect(waiting).to_be_visible(timeout=40_000)
    waiting.click()
    card = phone.get_by_test_id(f"new-{METER}")
    expect(card.get_by_test_id("first-active_power")).to_contain_text("2.48 kW")
    expect(card).to_contain_text("Looks like Shelly Pro 3EM")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360, "the page scrolls sideways"

    adopt_on_the_phone(phone)
    expect(phone.get_by_role("heading", name="Cooling meter", level=1)).to_be_visible()
    expect(phone.get_by_test_id("adopted")).to_be_visible()
    assert phone.url.endswith(f"/devices/{METER}")
    page = phone.get_by_test_id(f"device-page-{METER}")
    expect(page).to_contain_text("Hall 1 / Plant room")
    expect(page.get_by_test_id("health")).to_contain_text("Speaks every minute, last heard")

    # The next message arrives by itself, as a value of an adopted device.
    speak(plant, 3120)
    value = page.get_by_test_id(f"point-{METER}/active_power").get_by_test_id("value")
    expect(value).to_contain_text("3.12", timeout=30_000)
    expect(page.get_by_test_id("last-message")).to_contain_text('"total_act_power": ')
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360, "the page scrolls sideways"

    phone.go_back()
    expect(phone.get_by_test_id(f"device-{METER}")).to_contain_text("Heard")
    expect(phone.get_by_test_id("new-devices")).to_have_count(0)
    assert plant.site_query(
        "SELECT d.state, l.name, d.aspect_id FROM device d JOIN location l ON l.id = d.location_id"
    ) == [("active", "Plant room", "power")]


def test_an_inspector_sees_devices_and_gets_no_buttons(plant: World, phone: Page) -> None:
    plant.publish([json.dumps({"values": {"ph": 7.1}}).encode()])
    sign_in(phone, plant, "ines")
    # From a cold start, as a label's code opens it: the server sends it on.
    phone.goto(f"{plant.extra['WEB']}/d/plant.effluent")
    page = phone.get_by_test_id("device-page-plant.effluent")
    expect(page).to_contain_text("Effluent")
    expect(page.get_by_test_id("health")).to_contain_text("Heard", timeout=30_000)
    for button in ("change", "adopt", "print-label"):
        expect(phone.get_by_test_id(button)).to_have_count(0)
