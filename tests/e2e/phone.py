"""A phone: Chromium with a profile that outlives its process, which can be killed at any moment and comes back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from playwright.sync_api import (
    BrowserContext,
    ConsoleMessage,
    Geolocation,
    Locator,
    Page,
    Playwright,
    ViewportSize,
    expect,
)
from playwright.sync_api import Error as BrowserError

from tests.e2e.claims import RECORDER, Claim, parse_claims
from tests.e2e.dairy import PASSWORD
from tests.processes import command_lines, descendants, kill
from tests.servers import wait_for

PHONE: ViewportSize = {"width": 360, "height": 740}
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--no-first-run",
]  # fmt: skip
# The outfall of the demo's dairy, more or less.
PLACE: Geolocation = {"latitude": 52.5034, "longitude": -6.5669, "accuracy": 8.0}
_WAIT_MS = 20_000
# The parts that are loaded when they are first needed come into the cache after the first paint.
_ALL_CACHED = """async () => {
  const wanted = [...(await (await fetch('/sw.js')).text()).matchAll(/\\/assets\\/[\\w.-]+/g)].map(([path]) => path);
  const there = await Promise.all(wanted.map((path) => caches.match(path)));
  return wanted.length > 0 && there.every(Boolean);
}"""


class Phone:
    """`page` is the open tab. What the app claims to be on the server is collected in `claims`, across all kills."""

    def __init__(
        self, playwright: Playwright, chromium: str, profile: Path, url: str, flags: Sequence[str] = ()
    ) -> None:
        self.url = url
        self.claims: list[Claim] = []
        self.errors: list[str] = []
        self.kills = 0
        self.name = "inspector"
        self.page: Page
        self._playwright, self._chromium, self._profile = playwright, chromium, profile
        self._flags = ["--hide-crash-restore-bubble", *flags]
        self._context: BrowserContext | None = None
        self._offline = False

    # -- on, off, killed ---------------------------------------------------------------------------------------------

    def start(self) -> Phone:
        self._context = self._playwright.chromium.launch_persistent_context(
            self._profile, executable_path=self._chromium, headless=True, args=[*QUIET, *self._flags],
            viewport=PHONE, has_touch=True, locale="en-IE", geolocation=PLACE, permissions=["geolocation"],
        )  # fmt: skip
        self._context.set_default_timeout(_WAIT_MS)
        self._context.set_offline(self._offline)
        self._context.add_init_script(path=RECORDER)
        self._context.on("console", self._hear)
        self._context.on("weberror", lambda error: self.errors.append(str(error.error)))
        self.page = self._context.pages[0] if self._context.pages else self._context.new_page()
        return self

    def stop(self) -> None:
        if self._context is not None:
            with suppress(BrowserError):
                self._context.close()
        self._context = None

    def kill_tab(self) -> None:
        """What a phone does to a page in the background: its process ends, without a word to the page."""
        assert self._context is not None
        self.kills += 1
        with suppress(BrowserError), self.page.expect_event("crash"):
            kill(self._renderers())
        self._replace_page()

    def _replace_page(self) -> None:
        """In this order: while a dead tab is open, Chromium may never finish opening a new one."""
        assert self._context is not None
        with suppress(BrowserError):
            self.page.close()
        self.page = self._context.new_page()

    def kill_browser(self) -> None:
        """SIGKILL to the browser and all that belongs to it, as when the battery is taken out."""
        self._kill_browser_processes()
        self.kills += 1
        self.stop()
        self.start()

    @contextmanager
    def killed_after(self, seconds: float, what: str) -> Iterator[None]:
        """The "tab" or "browser" dies that long after the block began, wherever it is then; then the phone is back."""
        pids = self._renderers() if what == "tab" else []
        timer = threading.Timer(seconds, (lambda: kill(pids)) if what == "tab" else self._kill_browser_processes)
        timer.start()
        with suppress(BrowserError, AssertionError):
            yield
        timer.join()
        if what == "tab":
            self.kills += 1
            self._replace_page()
        else:
            self.kill_browser()

    def _kill_browser_processes(self) -> None:
        for main in self._mains():
            with suppress(ProcessLookupError):
                group = os.getpgid(main)
                assert group != os.getpgid(0), "the browser has no process group of its own"
                os.killpg(group, signal.SIGKILL)
        wait_for(lambda: not self._mains(), what="the browser's end")

    def _mains(self) -> list[int]:
        """The browser process of this profile."""
        mine = f"--user-data-dir={self._profile}"
        lines = command_lines().items()
        return [pid for pid, line in lines if mine in line and not any("--type=" in word for word in line)]

    def _renderers(self) -> list[int]:
        family = {pid for main in self._mains() for pid in descendants(main)}
        return [pid for pid, line in command_lines().items() if pid in family and "--type=renderer" in line]

    # -- network -----------------------------------------------------------------------------------------------------

    def go_offline(self) -> None:
        self._set_offline(True)

    def go_online(self) -> None:
        self._set_offline(False)

    def _set_offline(self, offline: bool) -> None:
        assert self._context is not None
        self._offline = offline
        self._context.set_offline(offline)

    # -- the app -----------------------------------------------------------------------------------------------------

    def open(self, path: str = "/") -> None:
        self.page.goto(self.url + path)

    def come_back(self, path: str) -> None:
        """After a kill. Browsers write cookies to the disk now and then: a session may be lost, the work may not."""
        self.open(path)
        form = self.page.get_by_label("User name")
        expect(self.chip.or_(form)).to_be_visible()
        if form.count():
            self.sign_in(self.name)
            self.open(path)
        expect(self.chip).to_be_visible()

    def sign_in(self, name: str = "inspector") -> None:
        self.name = name
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_label("User name")).to_have_count(0)

    def set_up(self, name: str = "inspector") -> None:
        """Signed in, with everything on the phone that it needs without a network."""
        self.open("/walkthroughs")
        self.sign_in(name)
        expect(self.page.locator("[data-testid^=template-]").first).to_be_visible()
        self.page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
        self.until(lambda: bool(self.page.evaluate(_ALL_CACHED)), 30, "the app's files in the cache")

    def end_session(self) -> None:
        """At the server, as when a manager ends it: the phone is not told."""
        assert self._context is not None
        headers = {"X-Fieldproof": "1", "Sec-Fetch-Site": "same-origin"}
        kept = self._context.cookies()
        assert self._context.request.delete(f"{self.url}/api/v1/session", headers=headers).ok
        self._context.add_cookies(kept)  # type: ignore[arg-type]

    @property
    def chip(self) -> Locator:
        return self.page.get_by_test_id("sync-chip")

    def retry(self) -> None:
        """What a person does who does not want to wait."""
        self.chip.get_by_role("button").click()
        button, safe = self.page.get_by_test_id("retry-all"), self.page.get_by_test_id("safe-to-hand-over")
        expect(button.or_(safe)).to_be_visible()
        # It goes away by itself in the moment when everything is sent.
        with suppress(BrowserError):
            button.click(timeout=1000)
        self.page.keyboard.press("Escape")
        expect(button.or_(safe)).to_have_count(0)

    def until(self, condition: Callable[[], bool], seconds: float = 30, what: str = "the condition") -> None:
        """Like `wait_for`, and listens to the browser meanwhile."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{what} did not come about within {seconds:.0f} s")
            self.page.wait_for_timeout(50)

    def _hear(self, message: ConsoleMessage) -> None:
        self.claims += parse_claims(message.text)
