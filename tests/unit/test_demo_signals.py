"""The demo's signals: the same for the same moment, counters that integrate exactly, exceedances that are real."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise

import pytest

from collector.demo.records import DemoSite
from collector.demo.signals import Plant
from collector.demo.site import load_demo_site
from collector.demo.waves import Wave, trapezoid, trapezoid_integral
from collector.domain.limits import Limit, LimitState, judge
from collector.profiles.files import device_configs
from collector.profiles.vocabulary import load_vocabulary

HOUR = 3600


def epoch(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@cache
def site() -> DemoSite:
    return load_demo_site()


@pytest.fixture(scope="module")
def plant() -> Plant:
    return Plant(site())


def all_points() -> list[str]:
    return [*site().signals.points, *site().signals.counters]


def limits_of(point: str) -> list[Limit]:
    return [limit for limit in site().limits if f"{limit.device}/{limit.metric}" == point]


def test_a_wave_is_periodic_and_its_integral_is_exact() -> None:
    wave = Wave([0.0, 2.0, 1.0], step=10)
    assert wave.value(5) == 1.0
    assert wave.value(15) == 1.5
    assert wave.value(25) == 0.5
    assert wave.value(35) == wave.value(5)
    assert wave.integral(30) == pytest.approx(30)
    assert wave.integral(65) - wave.integral(60) == pytest.approx(2.5)


@pytest.mark.parametrize("x", [-1, 0, 30, 60, 200, 300, 330, 359, 360, 500])
def test_the_integral_of_a_trapezoid_is_the_area_under_it(x: float) -> None:
    steps = 20_000
    width = x / steps
    area = sum(trapezoid((k + 0.5) * width, 60, 240, 60) * width for k in range(steps)) if x > 0 else 0.0
    assert trapezoid_integral(x, 60, 240, 60) == pytest.approx(area, abs=1e-3)


@pytest.mark.parametrize("point", all_points())
def test_two_plants_agree_at_every_moment_whatever_they_were_asked_before(point: str) -> None:
    first, second = Plant(site()), Plant(site())
    start = epoch("2026-11-20T00:00") * 1000
    moments = [start + k * 7_919_000 for k in range(60)]
    backwards = {at: second.value(point, at) for at in reversed(moments)}
    assert {at: first.value(point, at) for at in moments} == backwards


@pytest.mark.parametrize("point", list(site().signals.counters))
@pytest.mark.parametrize("begin", ["2026-11-23T08:00", "2026-10-25T00:30", "2026-03-29T00:30"])
def test_a_counter_grows_by_the_integral_of_its_power_also_when_the_clocks_change(
    plant: Plant, point: str, begin: str
) -> None:
    start = epoch(begin)
    end = start + 2 * HOUR
    power = site().signals.counters[point].of
    stepwise = sum(plant.true_value(power, t + 0.5) for t in range(start, end)) / HOUR
    assert plant.counter(point, end) - plant.counter(point, start) == pytest.approx(stepwise, rel=1e-4)


@pytest.mark.parametrize("point", list(site().signals.counters))
def test_a_counter_never_goes_back(plant: Plant, point: str) -> None:
    start = epoch("2026-10-20T00:00") * 1000
    values = [plant.value(point, start + k * 97_000) for k in range(12_000)]
    assert all(a < b for a, b in pairwise(values))


def test_the_mains_meter_counts_at_least_what_its_machines_count(plant: Plant) -> None:
    start, end = epoch("2026-11-16T00:00"), epoch("2026-11-23T00:00")
    grown = {point: plant.counter(point, end) - plant.counter(point, start) for point in site().signals.counters}
    mains = grown.pop("shellypro3em-a8032ab12c34/energy_import")
    assert mains > sum(value for point, value in grown.items() if point.endswith("/energy_import"))


def test_every_hour_has_one_exceedance_that_ends_within_it(plant: Plant) -> None:
    first = epoch("2026-10-24T00:00") // HOUR
    for hour in range(first, first + 30 * 24):
        found = plant.exceedances.at(hour * HOUR)
        assert found is not None
        assert hour * HOUR < found.start_s
        assert found.start_s + found.what.length_s < (hour + 1) * HOUR


@pytest.mark.parametrize("ident", [kind.id for kind in site().signals.exceedances])
def test_an_exceedance_outlasts_the_on_delay_and_clears_again(plant: Plant, ident: str) -> None:
    start = epoch("2026-10-05T00:00")
    found = next(
        occurrence
        for hour in range(60 * 24)
        if (occurrence := plant.exceedances.at(start + hour * HOUR)) and occurrence.what.id == ident
    )
    kinds = [
        [change.kind for change in judged(plant, limit, found.what.point, found.start_s)]
        for limit in limits_of(found.what.point)
    ]
    assert ["raised", "cleared"] in kinds


def judged(plant: Plant, limit: Limit, point: str, start_s: float) -> list[object]:
    changes: list[object] = []
    state = LimitState()
    hour_ends = (int(start_s) // HOUR + 1) * HOUR
    for t in range(int(start_s) - 60, hour_ends + 360, 5):
        state, more = judge(limit, state, t * 1000, plant.true_value(point, t))
        changes += more
    return changes


@pytest.mark.parametrize("point", sorted({f"{limit.device}/{limit.metric}" for limit in site().limits}))
def test_without_an_exceedance_no_limit_is_passed_in_two_months(plant: Plant, point: str) -> None:
    start = epoch("2026-10-01T00:00")
    limits = limits_of(point)
    for t in range(start, start + 60 * 86_400, 113):
        occurrence = plant.exceedances.at(t)
        if occurrence is None or occurrence.strength(t) == 0.0:
            value = plant.true_value(point, t)
            assert all(limit.returned(value) for limit in limits), f"{point} is {value} at {t}"


@pytest.mark.parametrize("point", all_points())
def test_values_are_physically_possible(plant: Plant, point: str) -> None:
    metric = load_vocabulary(device_configs()).metrics[point.split("/")[1]]
    start = epoch("2026-11-01T00:00") * 1000
    for k in range(2_000):
        value = plant.value(point, start + k * 1_201_000)
        assert metric.low is None or value >= metric.low
        assert metric.high is None or value <= metric.high


def test_working_days_are_busier_than_sundays_and_days_than_nights(plant: Plant) -> None:
    def mean(begin: str) -> float:
        start = epoch(begin)
        return sum(plant.true_value("dairy.boiler/active_power", start + 60 * k) for k in range(120)) / 120

    monday, night, sunday = mean("2026-11-23T09:00"), mean("2026-11-23T01:00"), mean("2026-11-22T09:00")
    assert monday > 1.5 * sunday > night


def test_a_stuck_probe_repeats_one_value_and_moves_again_afterwards(plant: Plant) -> None:
    start = first_window(plant.stuck.start)
    minutes = site().signals.stuck.minutes
    point = plant.stuck.of
    stuck = {plant.value(point, (start + 60 * k) * 1000) for k in range(minutes)}
    assert len(stuck) == 1
    assert plant.value(point, (start + 60 * minutes) * 1000) not in stuck


def test_in_calibration_the_ph_probe_reads_its_buffer_solution(plant: Plant) -> None:
    start = first_window(plant.calibration.start)
    values = [plant.value(plant.calibration.of, (start + 30 * k) * 1000) for k in range(10)]
    assert all(abs(value - plant.calibration.buffer) < 0.05 for value in values)


def first_window(start: object) -> int:
    """The first second of the first window after 2026-11-01."""
    begin = epoch("2026-11-01T00:00")
    found = next(s for t in range(begin, begin + 10 * 86_400, 60) if (s := start(t)) is not None)  # type: ignore[operator]
    return int(found)
