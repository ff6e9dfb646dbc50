"""What a device says about when, and when we do not take its word."""

from __future__ import annotations

import pytest

from collector.domain.times import FUTURE_TOLERANCE_MS, parse_time, usable

NOON = 1_795_521_600_000


@pytest.mark.parametrize(
    "given",
    ["2026-11-24T12:00:00Z", "2026-11-24T13:00:00+01:00", 1_795_521_600, 1_795_521_600.0, NOON, "2026-11-24 12:00:00Z"],
)
def test_iso_seconds_and_milliseconds_mean_the_same_moment(given: object) -> None:
    assert parse_time(given) == (NOON, True)


def test_a_time_without_an_offset_is_marked_as_assumed() -> None:
    assert parse_time("2026-11-24T12:00:00") == (NOON, False)


@pytest.mark.parametrize(
    "given", ["yesterday", "", True, None, [], {}, float("nan"), float("inf"), 1e300, "99999-01-01"]
)
def test_what_is_no_time_is_refused_with_a_sentence(given: object) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_time(given)


def test_a_clock_ahead_or_never_set_is_not_usable() -> None:
    assert usable(NOON + FUTURE_TOLERANCE_MS, NOON)
    assert not usable(NOON + FUTURE_TOLERANCE_MS + 1, NOON)
    assert not usable(0, NOON)
