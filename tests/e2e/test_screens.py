"""Every screen of the demo, phone and desktop, light and dark: axe finds nothing, nothing scrolls sideways, and the
app opens without the server once it was there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.conftest import need
from tests.frontend import FRONTEND
from tests.integration.test_up import PASSWORD, Up
from tests.servers import end, free_port

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]
AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1440, "height": 900}}
PATHS = (
    "/", "/live", "/live/dairy.effluent/ph", "/live/dairy.chiller/energy_import", "/alarms", "/walkthroughs",
    "/aspects", "/devices", "/devices/dairy.effluent", "/phone",
)  # fmt: skip


@pytest.fixture(scope="module")
def dairy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """The demo, running."""
    up = Up(tmp_path_factory.mktemp("dairy") / "data", free_port())
    up.wait_until_live()
    yield up
    end(up.process)
    if up.process.stdout is not None:
        up.process.stdout.close()


def open_app(page: Page, dairy: Up) -> None:
    page.goto(dairy.url)
    page.get_by_label("User name").fill("inspector")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("[data-testid=connection][data-state=live]")).to_be_visible(timeout=20_000)


def axe(page: Page) -> list[str]:
    # Evaluated by the debugger, not by a script tag: the app's own policy forbids foreign scripts.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document, {resultTypes: ['violations']})).violations")
    return [f"{item['id']}: {item['nodes'][0]['html'][:120]}" for item in found]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(dairy: Up, browser: Browser, size: str, scheme: str) -> None:
    need("the front end's axe-core", AXE.exists())
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme, service_workers="block")
    page = context.new_page()
    assert axe_at(page, dairy.url) == []
    open_app(page, dairy)
    for path in PATHS:
        assert axe_at(page, dairy.url + path) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, path
    context.close()


def axe_at(page: Page, url: str) -> list[str]:
    page.goto(url)
    expect(page.get_by_role("heading", level=1).first).to_be_visible(timeout=20_000)
    page.wait_for_load_state("load")
    expect(page.locator("[aria-busy=true]")).to_have_count(0, timeout=20_000)
    return axe(page)


def test_the_app_opens_without_the_server_and_shows_the_last_values_with_their_time(
    browser: Browser, tmp_path: Path
) -> None:
    dairy = Up(tmp_path / "data", free_port())
    dairy.wait_until_live()
    context = browser.new_context(viewport=SIZES["phone"])
    page = context.new_page()
    open_app(page, dairy)
    page.goto(dairy.url + "/live")
    expect(page.get_by_test_id("point-dairy.effluent/ph").get_by_test_id("value")).to_be_visible()
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    # What was shown is kept every few seconds; leaving the page keeps it at once.
    page.goto(dairy.url + "/alarms")
    dairy.process.terminate()
    dairy.process.communicate(timeout=60)
    page.goto(dairy.url + "/live")
    expect(page.get_by_test_id("point-dairy.effluent/ph").get_by_test_id("value")).to_be_visible(timeout=30_000)
    expect(page.locator("[data-testid=connection]")).not_to_have_attribute("data-state", "live")
    context.close()


def test_a_session_that_ended_leaves_nothing_to_read_offline(dairy: Up, browser: Browser) -> None:
    context = browser.new_context(viewport=SIZES["phone"])
    page = context.new_page()
    open_app(page, dairy)
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    context.clear_cookies()
    page.goto(dairy.url + "/live")
    expect(page.get_by_label("User name")).to_be_visible(timeout=20_000)
    context.set_offline(True)
    page.goto(dairy.url + "/live")
    expect(page.get_by_text("No connection").first).to_be_visible()
    expect(page.get_by_test_id("point-dairy.effluent/ph")).to_have_count(0)
    context.close()
