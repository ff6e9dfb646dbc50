"""The simulator's pace: rounds at fixed moments, never ahead of the present, no gaps."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache
from itertools import count

import orjson
import pytest

from collector.demo.records import DemoSite
from collector.demo.simulator import Pace, Timetable, simulate
from collector.demo.site import load_demo_site
from collector.profiles.files import device_configs
from collector.profiles.vocabulary import Vocabulary, load_vocabulary

START = 1_795_428_001_234


@cache
def configs() -> tuple[DemoSite, Vocabulary]:
    vocabulary = load_vocabulary(device_configs())
    return load_demo_site(None, vocabulary), vocabulary


def test_rounds_fall_on_whole_multiples_of_the_interval() -> None:
    timetable = Timetable(Pace(interval_s=5), START)
    assert timetable.next == 1_795_428_005_000
    assert timetable.wait_ms(START) == pytest.approx(3_766)
    timetable.advance()
    assert timetable.next == 1_795_428_010_000


def test_catching_up_runs_at_the_given_speed_and_ends_at_the_present() -> None:
    timetable = Timetable(Pace(interval_s=60, since_s=3_600, speed=60), START)
    now = START
    rounds = 0
    while timetable.next <= now or now < START + 120_000:
        wait = timetable.wait_ms(now)
        if wait > 0:
            now += max(1, round(wait))
            continue
        assert timetable.next <= now
        timetable.advance()
        rounds += 1
    # An hour at 60 times its pace takes a minute, in which another minute has passed.
    assert rounds == pytest.approx(62, abs=1)


@pytest.mark.parametrize("wrong", [{"interval_s": 0}, {"since_s": -1}, {"speed": 0.5}])
def test_an_impossible_pace_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="the interval must be above 0 s"):
        Pace(**wrong)


def ticking() -> Callable[[], int]:
    """A clock that goes on by a millisecond whenever it is read."""
    moments = count(START)
    return lambda: next(moments)


class Collected:
    """Takes messages until it has enough, and then stops the simulation."""

    def __init__(self, enough: int) -> None:
        self.stop = threading.Event()
        self.messages: list[tuple[str, dict[str, object]]] = []
        self._enough = enough

    def __call__(self, topic: str, payload: bytes) -> None:
        self.messages.append((topic, orjson.loads(payload)))
        if len(self.messages) >= self._enough:
            self.stop.set()


def test_a_simulation_that_begins_in_the_past_sends_round_after_round_without_a_gap() -> None:
    collected = Collected(200)
    site, vocabulary = configs()
    simulate(site, vocabulary, collected, collected.stop, Pace(5, since_s=600, speed=1_000_000), ticking())
    times = [message["time"] for topic, message in collected.messages if topic == "fieldproof/dairy/boiler/readings"]
    assert times == list(range(times[0], times[0] + 5_000 * len(times), 5_000))  # type: ignore[arg-type,operator,call-overload]
    assert times[0] == -(-(START - 600_000) // 5_000) * 5_000


def test_the_number_of_messages_taken_is_reported() -> None:
    collected = Collected(50)
    site, vocabulary = configs()
    sent = simulate(site, vocabulary, collected, collected.stop, Pace(5, since_s=600, speed=1_000_000), ticking())
    assert sent == len(collected.messages) == 50
