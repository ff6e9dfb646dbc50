"""The long one: a whole round of 25 questions and 20 photos by two people, through everything that can happen to it.

Made without a network; phones and tabs killed ten times, the server five times; a line of 50 kbit/s for a minute and a
half, then one of 5 Mbit/s that cuts a tenth of the connections; the submission's acknowledgement lost. At the end every
answer and photo is there once, and no screen ever claimed too much.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import Phones
from tests.e2e.dairy import SECOND_INSPECTOR, Dairy
from tests.e2e.phone import Phone
from tests.e2e.photos import Photo, photo_file
from tests.e2e.proof import Inspection, assert_honest, assert_whole, heads
from tests.e2e.walk import Walk, items_of, plan_kills
from tests.faultproxy import FaultProxy

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]

Recorder = Callable[[str, object], None]
SEED = 20261125
PHOTOS = 20
SLOW, SLOW_S = 50_000 / 8, 90
FAST = 5_000_000 / 8
# While recording: so many of the ten.
KILLS_RECORDING, KILLS_SLOW, KILLS_FAST = 5, 2, 3
SERVER_KILLS_SLOW, SERVER_KILLS_FAST = 2, 3
# On top of the share: all connections at once, as when a phone changes from one mast to the next.
LINE_CUTS = 4


@pytest.fixture
def dairy(tmp_path: Path) -> Iterator[Dairy]:
    found = Dairy(tmp_path / "dairy").start()
    yield found
    found.stop()


@pytest.fixture
def line(dairy: Dairy) -> Iterator[FaultProxy]:
    with FaultProxy(dairy.port, seed=SEED) as proxy:
        yield proxy


@pytest.fixture
def other_line(dairy: Dairy) -> Iterator[FaultProxy]:
    with FaultProxy(dairy.port, seed=SEED + 1) as proxy:
        yield proxy


def deal(walk: Walk) -> dict[str, list[Photo]]:
    """Twenty photos: one for each question that is one, the others for the first questions of the walk."""
    wanted = [name for name, item in walk.items.items() if item["type"] == "photo"]
    wanted += [name for name in walk.items if name not in wanted]
    return {name: [photo_file(number)] for number, name in enumerate(wanted[:PHOTOS], start=1)}


class Trouble:
    """Kills phones and server, each when so many more bytes have gone up: somewhere in the middle of sending."""

    def __init__(self, dairy: Dairy, walk: Walk, line: FaultProxy) -> None:
        self.dairy, self.walk, self.line = dairy, walk, line
        self.dice = random.Random(SEED)

    def make(self, phone_kills: int, server_kills: int, cuts: int, every: tuple[int, int]) -> None:
        kinds = [self._kill_phone] * phone_kills + [self.dairy.restart] * server_kills + [self._cut] * cuts
        self.dice.shuffle(kinds)
        for kind in kinds:
            self._await_bytes(self.dice.randint(*every))
            kind()

    def _cut(self) -> None:
        self.line.cut()

    def _await_bytes(self, more: int) -> None:
        start = self.line.bytes_up
        self.walk.phone.until(lambda: self.line.bytes_up >= start + more, 120, f"{more} bytes more")

    def _kill_phone(self) -> None:
        phone = self.walk.phone
        if self.dice.random() < 0.5:
            phone.kill_tab()
        else:
            phone.kill_browser()
        phone.come_back(f"/walkthroughs/{self.walk.id}")


def record_offline(walk: Walk, kills: int) -> list[Photo]:
    photos = deal(walk)
    steps = walk.steps(photos)
    walk.do(steps, plan_kills(SEED, len(steps), kills))
    return [photo for taken in photos.values() for photo in taken]


def begin_together(phones: Phones, dairy: Dairy, line: FaultProxy, other_line: FaultProxy) -> tuple[Walk, Walk]:
    """Begun by the first with a network; the second has it open too."""
    content = dairy.ask("/templates")["items"][0]["content"]
    assert len(list(items_of(content))) == 25
    first = Walk(phones("first", f"http://127.0.0.1:{line.port}"), content)
    first.phone.set_up()
    first.start()
    expect(first.phone.chip).to_have_attribute("data-state", "server")
    second = Walk(phones("second", f"http://127.0.0.1:{other_line.port}"), content, first.id)
    second.phone.set_up(SECOND_INSPECTOR)
    second.show()
    return first, second


# What both answer while neither can see the other.
DISPUTED = ("refrigerant-leak", "condenser", "settling")


def disagree(second: Walk) -> Photo:
    second.answer("refrigerant-leak", {"choice": "na"}, note="No access today")
    second.answer("condenser", {"options": ["dusty"]})
    second.answer("settling", {"number": 450, "text": "450"})
    photo = photo_file(PHOTOS + 1)
    second.take("condenser", photo)
    return photo


def finish_sending(phone: Phone) -> None:
    """With the patience of a person who looks now and then and presses "try again"."""
    deadline = time.monotonic() + 240
    while phone.chip.get_attribute("data-state") != "server":
        assert time.monotonic() < deadline, "it was not sent within 240 s"
        phone.page.wait_for_timeout(5000)
        phone.retry()


def send_through_trouble(first: Walk, trouble: Trouble, line: FaultProxy) -> None:
    # Who claims too early, claims early enough to be seen.
    line.delay_s = 0.1
    line.throttle(up=SLOW, down=SLOW)
    slow_until = time.monotonic() + SLOW_S
    first.phone.go_online()
    first.phone.come_back(f"/walkthroughs/{first.id}")
    trouble.make(KILLS_SLOW, SERVER_KILLS_SLOW, 0, every=(40_000, 80_000))
    first.phone.until(lambda: time.monotonic() > slow_until, SLOW_S, "the end of the slow line")
    line.throttle(up=FAST, down=FAST)
    line.cut_share(0.1, (0, 400_000))
    line.lose("POST /api/v1/inspections/")
    trouble.make(KILLS_FAST, SERVER_KILLS_FAST, LINE_CUTS, every=(200_000, 500_000))
    finish_sending(first.phone)


def assert_both_kept(there: Inspection, first: Walk, second: Walk) -> None:
    devices = {answer["device_id"] for answer in there["answers"]}
    assert len(devices) == 2
    for name in DISPUTED:
        found = [heads(there, name, device) for device in devices]
        assert sorted(found, key=str) == sorted([[first.given[name]], [second.given[name]]], key=str)


def test_a_whole_round_survives_everything(
    phones: Phones, dairy: Dairy, line: FaultProxy, other_line: FaultProxy, record_property: Recorder
) -> None:
    began = time.monotonic()
    first, second = begin_together(phones, dairy, line, other_line)
    first.phone.go_offline()
    second.phone.go_offline()
    photos = record_offline(first, KILLS_RECORDING)
    photos.append(disagree(second))
    first.submit()
    recorded = time.monotonic()
    second.phone.go_online()
    send_through_trouble(first, Trouble(dairy, first, line), line)
    finish_sending(second.phone)
    ended = time.monotonic()

    assert_honest(dairy, [first.phone, second.phone])
    there = assert_whole(dairy, [first, second], photos)
    assert_both_kept(there, first, second)
    assert sum(asked.endswith("/submit") for asked in line.requests) >= 2
    assert first.phone.kills == KILLS_RECORDING + KILLS_SLOW + KILLS_FAST
    assert dairy.kills == SERVER_KILLS_SLOW + SERVER_KILLS_FAST
    figures = {
        "recording_s": round(recorded - began), "sending_s": round(ended - recorded),
        "photo_bytes": sum(len(photo.content) for photo in photos), "bytes_up": line.bytes_up,
        "bytes_down": line.bytes_down, "requests": len(line.requests), "connections": line.connections,
        "cut": line.cuts, "phone_kills": first.phone.kills, "server_kills": dairy.kills,
        "answers": len(there["answers"]), "claims": len(first.phone.claims) + len(second.phone.claims),
    }  # fmt: skip
    for name, figure in figures.items():
        print(f"{name}: {figure}")
        record_property(name, figure)
    # Else the recorder was deaf.
    assert figures["claims"] >= PHOTOS + 25
