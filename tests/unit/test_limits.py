"""High and low limits with deadband and delays, by event time."""

from __future__ import annotations

from dataclasses import replace

from collector.domain.limits import Change, Limit, LimitState, Phase, judge, tick

HIGH = Limit(
    id="l1", version=1, device="dairy.effluent", metric="ph", kind="high", level="permit", priority="high",
    value=9.0, deadband=0.2, on_delay_ms=60_000, off_delay_ms=30_000,
)  # fmt: skip
NOW = replace(HIGH, on_delay_ms=0, off_delay_ms=0)
LOW = replace(NOW, kind="low", value=6.0)


def run(limit: Limit, *readings: tuple[int, float]) -> tuple[LimitState, list[Change]]:
    state, changes = LimitState(), []
    for seconds, value in readings:
        state, new = judge(limit, state, seconds * 1000, value)
        changes += new
    return state, changes


def test_a_value_on_the_limit_complies() -> None:
    assert run(NOW, (0, 9.0))[1] == []
    assert run(LOW, (0, 6.0))[1] == []


def test_a_value_over_the_limit_is_raised_at_once_without_a_delay() -> None:
    assert run(NOW, (5, 9.1))[1] == [Change("raised", 5_000, 9.1)]


def test_a_low_limit_is_raised_below_and_cleared_above_its_deadband() -> None:
    _, changes = run(LOW, (0, 5.9), (1, 6.1), (2, 6.2))
    assert changes == [Change("raised", 0, 5.9), Change("cleared", 2_000, 6.2)]


def test_inside_the_deadband_an_alarm_neither_clears_nor_chatters() -> None:
    state, changes = run(NOW, (0, 9.5), (1, 8.9), (2, 9.1), (3, 8.85), (4, 9.0))
    assert changes == [Change("raised", 0, 9.5)]
    assert state.phase is Phase.ACTIVE


def test_an_excursion_shorter_than_the_on_delay_is_no_alarm() -> None:
    assert run(HIGH, (0, 9.5), (59, 8.9), (200, 8.9))[1] == []


def test_the_on_delay_ends_at_the_same_moment_by_a_reading_and_by_time_passing() -> None:
    state, _ = judge(HIGH, LimitState(), 0, 9.5)
    assert judge(HIGH, state, 300_000, 9.6)[1] == (Change("raised", 60_000, 9.5),)
    assert tick(HIGH, state, 300_000)[1] == (Change("raised", 60_000, 9.5),)
    assert tick(HIGH, state, 59_999)[1] == ()


def test_the_off_delay_must_be_outlasted_before_it_clears() -> None:
    _, changes = run(HIGH, (0, 9.5), (61, 8.0), (80, 9.5), (81, 8.0), (110, 8.0), (112, 8.0))
    assert changes == [Change("raised", 60_000, 9.5), Change("cleared", 111_000, 8.0)]


def test_the_peak_is_the_worst_value_since_the_limit_was_first_violated() -> None:
    state, _ = run(HIGH, (0, 9.5), (10, 11.0), (61, 9.2))
    assert state.peak == 11.0


def test_the_peak_is_kept_when_raising_and_clearing_come_with_one_reading() -> None:
    limit = replace(HIGH, off_delay_ms=0)
    _, changes = run(limit, (0, 9.5), (10, 12.0), (20, 9.6), (200, 8.0))
    assert [(change.kind, change.peak) for change in changes] == [("raised", 12.0), ("cleared", 12.0)]


def test_a_reading_older_than_the_last_judged_changes_nothing() -> None:
    state, _ = run(NOW, (100, 8.0))
    assert judge(NOW, state, 99_000, 12.0) == (state, ())
