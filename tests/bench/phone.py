"""What an inspector waits for, in Chromium slowed down four times: a 12 MP photo, and the app opened without a network.

Chromium slows the page down and not its workers; a real phone of that speed needs longer for what the worker does.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.bench.report import Row, row
from tests.e2e.dairy import Dairy
from tests.e2e.phone import Phone
from tests.images import encoded, scene
from tests.servers import find

SLOW_DOWN = 4
SIZE = (4000, 3000)
# What the parts of keeping a photo cost by themselves, in milliseconds: its hash, its thumbnail.
_PARTS = """async (url) => {
  const data = await (await fetch(url)).arrayBuffer();
  const began = performance.now();
  await crypto.subtle.digest('SHA-256', data);
  const hashed = performance.now();
  const options = { resizeWidth: 480, imageOrientation: 'from-image' };
  const bitmap = await createImageBitmap(new Blob([data], { type: 'image/jpeg' }), options);
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d').drawImage(bitmap, 0, 0);
  await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.8 });
  return [hashed - began, performance.now() - hashed];
}"""


def measure(runs: int) -> list[Row]:
    chromium = find("chromium")
    if chromium is None:
        print("phone: not measured, chromium is not installed")
        return []
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        dairy = Dairy(Path(folder) / "data").start()
        phone = Phone(playwright, chromium, Path(folder) / "profile", f"http://localhost:{dairy.port}").start()
        try:
            phone.set_up()
            saved, hashed, small = _photos(phone, runs)
            dairy.stop()
            opened = [_cold_start(phone) for _ in range(runs)]
        finally:
            phone.stop()
            dairy.stop()
    slow = f"{SLOW_DOWN}x slow-down"
    return [
        row(f"12 MP photo: chosen to thumbnail, {slow}", saved, "ms"),
        row("12 MP photo: SHA-256 alone", hashed, "ms"),
        row("12 MP photo: thumbnail of 480 px alone", small, "ms"),
        row(f"cold start offline to the list of walkthroughs, {slow}", opened, "ms"),
    ]


def _throttle(phone: Phone, rate: int) -> None:
    session = phone.page.context.new_cdp_session(phone.page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": rate})


def _photos(phone: Phone, runs: int) -> tuple[list[float], list[float], list[float]]:
    """Each run a photo of its own, from the moment it is chosen until its thumbnail proves that it is kept."""
    phone.page.get_by_role("button", name="Start").first.click()
    phone.page.wait_for_url("**/walkthroughs/*")
    phone.page.goto(phone.page.url + "/items/plant-log")
    marks = phone.page.locator("[data-kind=photo]")
    saved, hashed, small = [], [], []
    for run in range(runs):
        data = encoded(scene(*SIZE, seed=run), "JPEG", quality=92)
        path = Path(tempfile.gettempdir()) / f"fieldproof-bench-{run}.jpg"
        path.write_bytes(data)
        parts = _parts(phone, data)
        hashed.append(parts[0])
        small.append(parts[1])
        _throttle(phone, SLOW_DOWN)
        began = time.perf_counter()
        phone.page.locator("input[type=file]").first.set_input_files(path)
        expect(marks).to_have_count(run + 1, timeout=60_000)
        saved.append((time.perf_counter() - began) * 1000)
        _throttle(phone, 1)
        path.unlink()
    return saved, hashed, small


def _parts(phone: Phone, data: bytes) -> tuple[float, float]:
    """The photo reaches the page by an address of the page's own, which Playwright answers."""
    address = f"{phone.url}/api/bench.jpg"
    phone.page.route(address, lambda route: route.fulfill(body=data, content_type="image/jpeg"))
    hashed, small = phone.page.evaluate(_PARTS, address)
    phone.page.unroute(address)
    return hashed, small


def _cold_start(phone: Phone) -> float:
    """The browser is started anew, and the server is gone."""
    phone.stop()
    phone.start()
    _throttle(phone, SLOW_DOWN)
    began = time.perf_counter()
    phone.open("/walkthroughs")
    expect(phone.page.locator("[data-testid^=template-]").first).to_be_visible(timeout=60_000)
    return (time.perf_counter() - began) * 1000
