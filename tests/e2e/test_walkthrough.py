"""A walkthrough on a phone, from the first tap to the report: without a network, through kills, with other people."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.conftest import Phones
from tests.e2e.dairy import SECOND_INSPECTOR, Dairy
from tests.e2e.phone import Phone
from tests.e2e.photos import photo_file
from tests.e2e.proof import answers_wrong, assert_honest, assert_whole, photos_wrong
from tests.e2e.walk import Walk, plan_kills
from tests.faultproxy import FaultProxy

pytestmark = [pytest.mark.services, pytest.mark.timeout(240)]

SHORT_ID = "0190a0a0-0000-7000-8000-000000000001"
SHORT: dict[str, Any] = {
    "title": "Short round of the yard",
    "sections": [
        {"id": "yard", "title": "Yard", "items": [
            {"id": "drain", "type": "check", "question": "Drain covers closed"},
            {"id": "tank", "type": "number", "question": "Level of the tank", "unit": "%", "precision": 0, "high": 85},
            {"id": "foam", "type": "choice", "question": "Foam", "options": [
                {"id": "none", "label": "None", "outcome": "pass"}, {"id": "much", "label": "Much", "outcome": "fail"},
            ]},
        ]},
        {"id": "gate", "title": "Gate", "items": [
            {"id": "remarks", "type": "text", "question": "Remarks"},
            {"id": "gate-photo", "type": "photo", "question": "Photo of the gate", "min": 1},
        ]},
    ],
}  # fmt: skip


PHOTOS = {"drain": [photo_file(1)], "tank": [photo_file(2)], "gate-photo": [photo_file(3)]}
ALL_PHOTOS = [photo_file(number) for number in (1, 2, 3)]


@pytest.fixture
def dairy(tmp_path: Path) -> Iterator[Dairy]:
    found = Dairy(tmp_path / "dairy").start()
    found.publish(SHORT_ID, SHORT)
    yield found
    found.stop()


@pytest.fixture
def line(dairy: Dairy) -> Iterator[FaultProxy]:
    """The phone's network."""
    with FaultProxy(dairy.port) as proxy:
        yield proxy


@pytest.fixture
def phone(phones: Phones, dairy: Dairy, line: FaultProxy) -> Iterator[Phone]:
    """Set up and signed in as inspector. Whatever becomes of the test, its screen must not have lied."""
    found = phones("first", f"http://127.0.0.1:{line.port}")
    found.set_up()
    # Who claims too early, claims early enough to be seen.
    line.delay_s = 0.1
    yield found
    assert_honest(dairy, [found])


@pytest.fixture
def walk(dairy: Dairy, phone: Phone) -> Walk:
    """Not started yet."""
    return Walk(phone, dairy.ask(f"/templates/{SHORT_ID}")["content"])


def result(phone: Phone) -> Locator:
    return phone.page.get_by_test_id("result")


def await_complete(walk: Walk) -> None:
    """Both on the screen and, by `assert_whole`, at the server."""
    expect(result(walk.phone)).to_have_attribute("data-state", "complete", timeout=90_000)
    expect(walk.phone.chip).to_have_attribute("data-state", "server")


def test_offline_from_the_start_to_the_end_and_then_the_report(dairy: Dairy, phone: Phone, walk: Walk) -> None:
    phone.go_offline()
    phone.open("/walkthroughs")
    walk.start()
    walk.do(walk.steps(PHOTOS))
    walk.submit()
    expect(result(phone)).to_have_attribute("data-state", "phone")
    expect(phone.chip).to_have_attribute("data-state", "phone")
    assert dairy.inspections() == []
    phone.go_online()
    await_complete(walk)
    assert_whole(dairy, [walk], ALL_PHOTOS)
    assert len(phone.claims) >= 8
    with phone.page.context.expect_page() as opened:
        phone.page.get_by_role("link", name="Report").first.click()
    report = opened.value
    for words in (SHORT["title"], "Drain covers closed", "Nothing new at remarks: Wände trocken, 7 °C"):
        expect(report.get_by_text(words).first).to_be_visible()
    for photo in ALL_PHOTOS:
        expect(report.get_by_text(photo.sha256[:8]).first).to_be_visible()


def test_killed_phones_and_a_killed_server_lose_nothing_and_nobody_claims_too_much(
    dairy: Dairy, phone: Phone, line: FaultProxy, walk: Walk
) -> None:
    phone.go_offline()
    phone.open("/walkthroughs")
    walk.start()
    steps = walk.steps(PHOTOS)
    walk.do(steps, plan_kills(seed=5, steps=len(steps), count=2))
    walk.submit()
    line.throttle(up=150_000)
    line.lose("POST /api/v1/inspections/")
    sent = line.bytes_up
    phone.go_online()
    phone.come_back(f"/walkthroughs/{walk.id}")
    phone.until(lambda: line.bytes_up > sent + 200_000, what="a part of the photos")
    dairy.restart()
    phone.until(lambda: line.bytes_up > sent + 450_000, what="another part of the photos")
    phone.kill_browser()
    line.throttle()
    phone.come_back(f"/walkthroughs/{walk.id}")
    await_complete(walk)
    assert phone.kills == 3
    assert sum(asked.endswith("/submit") for asked in line.requests) >= 2
    assert_whole(dairy, [walk], ALL_PHOTOS)
    assert len(phone.claims) >= 8


def test_a_page_killed_while_the_camera_is_open_comes_back_to_its_question(phone: Phone, walk: Walk) -> None:
    phone.go_offline()
    phone.open("/walkthroughs")
    walk.start()
    walk.show("gate-photo")
    with phone.page.expect_file_chooser():
        phone.page.locator(".item-bar .camera-button").click()
    phone.until(lambda: "target" in walk.keys("meta"), what="the note of what the photo is for")
    phone.kill_tab()
    phone.open("/")
    expect(phone.page.get_by_role("heading", name="Photo of the gate", level=1)).to_be_visible()
    expect(phone.page.get_by_test_id("returned")).to_be_visible()
    walk.take("gate-photo", photo_file(3))
    phone.open("/")
    expect(phone.page.get_by_role("heading", level=1).first).not_to_have_text("Photo of the gate")


def hold_back(line: FaultProxy) -> None:
    """The network is there, and what was recorded does not get through."""
    line.answer("PUT /api/v1/", 503, times=None)


def test_on_a_shared_phone_everybodys_work_waits_for_its_author(
    dairy: Dairy, phone: Phone, line: FaultProxy, walk: Walk, tmp_path: Path
) -> None:
    hold_back(line)
    walk.start()
    walk.do(walk.steps(PHOTOS)[:3])
    open_account(phone)
    expect(phone.page.get_by_test_id("unsent-warning")).to_be_visible()
    phone.page.get_by_test_id("sign-out").click()
    line.heal()
    phone.sign_in(SECOND_INSPECTOR)
    asked = len(line.requests)
    phone.open("/walkthroughs")
    phone.until(lambda: any("/sync" in line for line in line.requests[asked:]), what="a whole round of sending")
    expect(phone.chip).to_have_attribute("data-state", "phone")
    assert dairy.inspections() == []
    assert not [asked for asked in line.requests[asked:] if asked.startswith(("PUT", "POST"))]

    exported = export(phone, tmp_path / "export.zip")
    assert json.loads(exported.read("fieldproof.json"))["inspections"] == [walk.id]
    told = json.loads(exported.read(f"inspections/{walk.id}.json"))
    assert {answer["author"]["username"] for answer in told["answers"]} == {"inspector"}
    assert {answer["id"] for answer in told["answers"]} == {row["id"] for row in walk.own_answers()}
    assert exported.read(f"photos/{photo_file(1).sha256}") == photo_file(1).content

    sign_out(phone)
    phone.sign_in("inspector")
    expect(phone.chip).to_have_attribute("data-state", "server", timeout=30_000)
    there = dairy.inspection()
    assert {answer["author"]["username"] for answer in there["answers"]} == {"inspector"}
    assert answers_wrong(there, walk) == []
    assert photos_wrong(dairy, there, [photo_file(1), photo_file(2)][: len(walk.taken)]) == []
    assert len(phone.claims) >= 4


def open_account(phone: Phone) -> None:
    phone.open("/")
    phone.page.get_by_role("button", name="Account and settings").click()


def sign_out(phone: Phone) -> None:
    open_account(phone)
    phone.page.get_by_test_id("sign-out").click()


def export(phone: Phone, to: Path) -> zipfile.ZipFile:
    phone.chip.get_by_role("button").click()
    phone.page.get_by_test_id("export").click()
    with phone.page.expect_download() as waiting:
        phone.page.get_by_test_id("save-export").click()
    waiting.value.save_as(to)
    return zipfile.ZipFile(to)


def test_a_session_that_ends_in_the_middle_keeps_everything(
    dairy: Dairy, phone: Phone, line: FaultProxy, walk: Walk
) -> None:
    hold_back(line)
    walk.start()
    walk.answer("drain")
    walk.take("drain", photo_file(1))
    phone.end_session()
    line.heal()
    expect(phone.page.get_by_label("User name")).to_be_visible(timeout=60_000)
    assert dairy.inspections() == []
    # Without a session the work goes on.
    phone.page.get_by_test_id("local-drafts").get_by_role("button").click()
    expect(walk.mark("step-forward")).to_be_visible()
    walk.answer("tank")
    walk.answer("foam")
    walk.take("foam", photo_file(2))
    assert walk.lost() == []
    phone.page.get_by_test_id("paused").get_by_role("button").click()
    phone.sign_in()
    expect(phone.chip).to_have_attribute("data-state", "server", timeout=30_000)
    there = dairy.inspection()
    assert answers_wrong(there, walk) == []
    assert photos_wrong(dairy, there, ALL_PHOTOS[:2]) == []
    assert len(phone.claims) >= 3


def test_an_insecure_address_says_online_only_and_records_nothing(
    dairy: Dairy, line: FaultProxy, phones: Phones
) -> None:
    phone = phones("insecure", f"http://plant.test:{line.port}", "--host-resolver-rules=MAP plant.test 127.0.0.1")
    phone.open("/walkthroughs")
    phone.sign_in()
    assert phone.page.evaluate("[isSecureContext, crypto.subtle === undefined]") == [False, True]
    expect(phone.page.get_by_test_id("insecure-walks")).to_be_visible()
    expect(phone.page.locator("[data-testid^=template-]")).to_have_count(0)
    assert dairy.inspections() == []
