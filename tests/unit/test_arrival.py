"""Late, early, twice, otherwise, in any order: what readings do to one another by when they come (docs/time.md)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from collector.domain.reading import Reason
from tests.clocked import HOUR, LIMIT, MINUTE, NOON, SECOND, Clocked

CLOCK = int(Reason.CLOCK)


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Clocked]:
    plant = Clocked(tmp_path / "collector.db", site=True)
    yield plant
    plant.close()


def test_a_late_reading_is_stored_at_its_own_time_and_never_becomes_the_latest(plant: Clocked) -> None:
    plant.receive(7.0, NOON)
    plant.receive(7.5, NOON - HOUR)
    assert plant.rows() == [(NOON - HOUR, 7.5, 0, 0), (NOON, 7.0, 0, 0)]
    assert plant.latest() == (NOON, 7.0, "good")


def test_a_late_reading_goes_to_influxdb_and_is_counted(plant: Clocked) -> None:
    plant.receive(7.0, NOON)
    plant.commit(plant.message(7.5, NOON - HOUR), plant.message(7.6, NOON + 1), plant.message(7.5, NOON - HOUR))
    assert len(plant.lines()) == 3
    stats = plant.committer.stats
    assert (stats.late, stats.stored, stats.duplicates) == (1, 3, 1)


def test_a_late_reading_beyond_a_limit_raises_nothing(plant: Clocked) -> None:
    plant.receive(7.0, NOON)
    plant.receive(9.9, NOON - HOUR)
    assert plant.alarms() == []


def test_a_late_reading_within_a_batch_is_judged_in_its_place(plant: Clocked) -> None:
    plant.commit(plant.message(7.0, NOON), plant.message(9.9, NOON - SECOND))
    assert plant.alarms() == [(NOON - SECOND, NOON)]
    assert plant.committer.stats.late == 0


def test_a_clock_up_to_a_minute_ahead_is_believed(plant: Clocked) -> None:
    plant.receive(7.0, NOON + MINUTE)
    assert plant.rows() == [(NOON + MINUTE, 7.0, 0, 0)]
    assert plant.latest() == (NOON + MINUTE, 7.0, "good")


def test_when_a_clock_that_was_ahead_is_set_right_limits_go_on_within_a_minute(plant: Clocked) -> None:
    plant.receive(7.0, NOON + MINUTE)
    plant.now = NOON + SECOND
    plant.receive(9.5, plant.now)
    assert plant.alarms() == []
    plant.now = NOON + MINUTE + SECOND
    plant.receive(9.5, plant.now)
    assert plant.alarms() == [(plant.now, None)]
    assert plant.latest() == (plant.now, 9.5, "good")


def test_a_time_in_the_future_becomes_the_receipt_flagged_and_hides_nothing(plant: Clocked) -> None:
    plant.receive(7.0, NOON + 2 * HOUR)
    assert plant.rows() == [(NOON, 7.0, 1, CLOCK)]
    plant.now += SECOND
    plant.receive(9.5, plant.now)
    assert plant.latest() == (plant.now, 9.5, "good")
    assert plant.alarms() == [(plant.now, None)]


def test_a_reading_that_comes_again_changes_nothing(plant: Clocked) -> None:
    plant.receive(9.5, NOON)
    before = plant.rows(), plant.lines(), plant.alarms()
    for _ in range(3):
        plant.receive(9.5, NOON)
    plant.restart()
    plant.receive(9.5, NOON)
    assert (plant.rows(), plant.lines(), plant.alarms()) == before


def test_of_two_values_for_one_moment_the_first_stands_and_the_second_is_kept_beside_it(plant: Clocked) -> None:
    plant.receive(7.0, NOON)
    plant.receive(9.9, NOON)
    plant.commit(plant.message(9.9, NOON), plant.message(8.0, NOON))
    assert plant.rows() == [(NOON, 7.0, 0, 0)]
    assert plant.rows("conflict", "value, observed_at") == [(8.0, NOON), (9.9, NOON)]
    assert plant.committer.stats.conflicts == 2
    assert plant.latest() == (NOON, 7.0, "good")
    assert len(plant.lines()) == 1
    assert plant.alarms() == []


def test_the_same_value_stated_to_be_of_another_quality_is_a_conflict_and_kept_once(plant: Clocked) -> None:
    plant.receive(7.0, NOON)
    for stated in ("calibration", "bad", "calibration", "uncertain", "good"):
        plant.commit(plant.message(7.0, NOON, quality=stated))
    plant.restart()
    plant.commit(plant.message(7.0, NOON, quality="bad"), plant.message(7.0, NOON))
    assert plant.rows() == [(NOON, 7.0, 0, 0)]
    fault, calibration = int(Reason.DEVICE_FAULT), int(Reason.CALIBRATION)
    kept = plant.rows("conflict", "quality, reasons")
    assert kept == [(1, fault), (2, fault), (2, calibration)]
    assert len(plant.lines()) == 1


def test_what_we_found_ourselves_makes_no_conflict_of_what_comes_again(plant: Clocked) -> None:
    """A time that was flagged and is not any more, and bounds that were changed since."""
    plant.receive(7.0, "2026-11-24T00:00:00")
    plant.commit(plant.message(7.0, "2026-11-24T00:00:00Z", again=True))
    plant.receive(99.0, NOON)
    plant.db.execute("UPDATE reading SET quality=0, reasons=0 WHERE value=99.0")
    plant.commit(plant.message(99.0, NOON, again=True))
    assert [row[1:] for row in plant.rows()] == [(7.0, 1, CLOCK), (99.0, 0, 0)]
    assert (plant.committer.stats.conflicts, plant.committer.stats.duplicates) == (0, 2)
    # What a device states is told all the same.
    plant.commit(plant.message(7.0, "2026-11-24T00:00:00Z", quality="bad"))
    assert plant.rows("conflict", "value, quality") == [(7.0, 2)]


def test_readings_of_one_moment_without_a_time_never_hide_one_another(plant: Clocked) -> None:
    plant.commit(*(plant.message(value) for value in (7.0, 7.0, 7.1)))
    plant.receive(7.2)
    assert [row[:2] for row in plant.rows()] == [(NOON + n, value) for n, value in enumerate((7.0, 7.0, 7.1, 7.2))]


# -- the collector's own clock -----------------------------------------------------------------------------------------


def test_our_clock_an_hour_ahead_and_back_leaves_no_limit_blind(plant: Clocked) -> None:
    plant.receive(7.0)
    plant.now += HOUR
    plant.receive(7.0)
    plant.now = NOON + SECOND
    plant.receive(9.5)
    assert plant.alarms() == [(plant.now, None)]
    plant.now += SECOND
    plant.receive(8.0)
    assert plant.alarms() == [(plant.now - SECOND, plant.now)]


def test_our_clock_an_hour_ahead_and_back_leaves_no_latest_value_behind(plant: Clocked) -> None:
    plant.now += HOUR
    plant.receive(7.0)
    plant.now = NOON
    plant.receive(7.1)
    assert plant.latest() == (NOON, 7.1, "uncertain")
    plant.now += SECOND
    plant.receive(7.2)
    assert plant.latest() == (plant.now, 7.2, "good")


def test_what_waited_in_the_outbox_while_our_clock_was_set_back_ends_with_the_present(plant: Clocked) -> None:
    plant.now += HOUR
    plant.commit(plant.message(7.0))
    plant.now = NOON
    plant.commit(plant.message(7.1))
    plant.forward()
    assert plant.latest() == (NOON, 7.1, "uncertain")


def test_our_clock_set_back_while_we_were_not_there_leaves_no_limit_blind(plant: Clocked) -> None:
    plant.now += HOUR
    plant.receive(7.0)
    plant.now = NOON
    plant.restart()
    plant.receive(9.5)
    assert plant.alarms() == [(NOON, None)]


def test_our_clock_an_hour_behind_flags_what_devices_say_and_goes_on_judging(plant: Clocked) -> None:
    plant.receive(7.0, NOON)
    plant.now = NOON - HOUR
    plant.receive(9.5, NOON + SECOND)
    assert plant.rows()[0] == (NOON - HOUR, 9.5, 1, CLOCK)
    assert plant.alarms() == [(NOON - HOUR, None)]
    plant.now = NOON + 2 * SECOND
    plant.receive(8.0, plant.now)
    assert plant.latest() == (plant.now, 8.0, "good")
    assert plant.alarms() == [(NOON - HOUR, plant.now)]


def test_an_alarm_raised_while_our_clock_was_ahead_clears_not_before_it_was_raised(plant: Clocked) -> None:
    plant.now += HOUR
    plant.receive(9.5)
    plant.now = NOON
    plant.receive(8.0)
    assert plant.alarms() == [(NOON + HOUR, NOON + HOUR)]


def test_a_delay_that_began_while_our_clock_was_ahead_runs_from_when_it_was_set_right(tmp_path: Path) -> None:
    plant = Clocked(tmp_path / "collector.db", [replace(LIMIT, on_delay_ms=10 * SECOND)])
    plant.now += HOUR
    plant.receive(9.5)
    plant.now = NOON
    plant.commit(tick=True)
    assert plant.alarms() == []
    plant.now += 11 * SECOND
    assert plant.evaluator.due(plant.now)
    plant.commit(tick=True)
    assert plant.alarms() == [(NOON + 10 * SECOND, None)]
    plant.close()


def test_a_step_of_our_clock_within_a_minute_is_no_reason_to_judge_again(plant: Clocked) -> None:
    plant.receive(7.0, NOON)
    plant.now -= 30 * SECOND
    plant.receive(9.9, NOON - 20 * SECOND)
    assert plant.alarms() == []


def test_a_start_judges_nothing_again_that_is_less_than_a_minute_ahead(plant: Clocked) -> None:
    plant.receive(7.0, NOON + 50 * SECOND)
    plant.restart()
    plant.receive(9.9, NOON + 10 * SECOND)
    assert plant.alarms() == []


def test_readings_without_a_time_take_our_clock_as_it_is_and_the_first_after_a_step_back_is_marked(
    plant: Clocked,
) -> None:
    plant.receive(7.0)
    plant.now -= HOUR
    plant.receive(7.1)
    plant.receive(7.2)
    assert plant.rows() == [(NOON - HOUR, 7.1, 1, CLOCK), (NOON - HOUR + 1, 7.2, 0, 0), (NOON, 7.0, 0, 0)]


@pytest.mark.parametrize("restarted", [False, True])
def test_what_comes_again_after_our_clock_was_set_back_keeps_the_time_it_was_given(
    plant: Clocked, restarted: bool
) -> None:
    plant.commit(plant.message(7.0, NOON, packet=5))
    plant.now = NOON - HOUR
    if restarted:
        plant.restart()
    plant.commit(plant.message(7.0, NOON, packet=5, again=True))
    assert plant.rows() == [(NOON, 7.0, 0, 0)]
    plant.commit(plant.message(7.1, NOON + HOUR, packet=6, again=True))
    assert plant.rows()[0] == (NOON - HOUR, 7.1, 1, CLOCK)


def test_what_came_before_a_step_of_our_clock_and_comes_again_after_it_is_told_by_its_packet(plant: Clocked) -> None:
    plant.commit(plant.message(7.0, packet=5))
    for step in (HOUR, -HOUR):
        plant.now = NOON + step
        plant.commit(plant.message(7.0, packet=5, again=True))
    assert len(plant.rows()) == 1
    assert plant.committer.stats.redelivered == 2
