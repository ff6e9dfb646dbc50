"""A browser for the end-to-end tests: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright

# Its assertions tell what was compared, like those of the tests themselves.
pytest.register_assert_rewrite("tests.e2e.proof")

from tests.e2e.phone import PHONE, QUIET, Phone  # noqa: E402


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: str) -> Iterator[Browser]:
    found = playwright.chromium.launch(executable_path=chromium, headless=True, args=QUIET)
    yield found
    found.close()


@pytest.fixture
def phone(browser: Browser) -> Iterator[Page]:
    """A page of a small phone's size; whatever it reports as an error fails the test."""
    context = browser.new_context(viewport=PHONE, has_touch=True, locale="en-IE")
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


Phones = Callable[..., Phone]


@pytest.fixture
def phones(playwright: Playwright, chromium: str, tmp_path: Path) -> Iterator[Phones]:
    """`phones("first", url)`: a phone with a profile of that name, which can be killed and comes back."""
    made: list[Phone] = []

    def make(name: str, url: str, *flags: str) -> Phone:
        made.append(Phone(playwright, chromium, tmp_path / f"profile-{name}", url, flags).start())
        return made[-1]

    yield make
    for one in made:
        one.stop()
    assert [error for one in made for error in one.errors] == []
