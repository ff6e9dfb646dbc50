"""Whatever a device sends as its time: a moment within the calendar, or a refusal with a sentence, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from collector.domain.times import MAX_MS, MIN_MS, TimeUnit, from_local, parse_time, usable

UNITS = st.sampled_from(get_args(TimeUnit))
ZONES = ["Europe/Dublin", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"]
# Texts near to what is a time: its characters in any order, and true times with some of them changed.
characters = st.text("0123456789-:TtZzWw+., \u2212\uff12\u0663\x00", max_size=32)
moments = st.datetimes(timezones=st.none() | st.timezones() | st.just(UTC), allow_imaginary=True)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    text = draw(moments).isoformat(sep=draw(st.sampled_from("T tx")))
    at = draw(st.integers(0, len(text)))
    return text[:at] + draw(characters) + text[at + draw(st.integers(0, 3)) :]


def check(value: object, unit: TimeUnit) -> None:
    try:
        at, named = parse_time(value, unit)
    except ValueError as refusal:
        assert "time" in str(refusal)  # noqa: PT017
        return
    assert type(at) is int
    assert MIN_MS <= at <= MAX_MS
    assert named is True or isinstance(value, str)


@settings(max_examples=2000)
@given(characters | damaged() | st.text(max_size=40), UNITS)
@example("9999-12-31T23:59:60Z", "iso")
@example("0001-01-01T00:00:00+23:59", "iso")
@example("9" * 5000, "ns")
@example("2026-11-24T12:00:00" + "." + "9" * 12, "iso")
def test_any_text(value: str, unit: TimeUnit) -> None:
    check(value, unit)


@settings(max_examples=2000)
@given(st.integers(-(2**70), 2**70) | st.floats() | st.booleans() | st.none() | st.lists(st.integers()), UNITS)
def test_any_number_and_what_is_none(value: object, unit: TimeUnit) -> None:
    check(value, unit)


@settings(max_examples=1000)
@given(st.datetimes(), st.integers(-14 * 60, 14 * 60))
def test_what_is_written_with_an_offset_is_read_as_it_was_meant(naive: datetime, minutes: int) -> None:
    moment = naive.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    try:
        at, named = parse_time(moment.isoformat())
    except ValueError:
        # Beyond the calendar once it is UTC.
        assert naive.year in (1, 9999)
        return
    assert named
    assert abs(at - moment.timestamp() * 1000) <= 1


@settings(max_examples=1500)
@given(
    st.sampled_from(ZONES), st.integers(946_900_000, 2_524_600_000), st.integers(-1, 3 * 86_400)
)  # fmt: skip
def test_a_true_clock_on_the_wall_gives_its_moment_back(zone: str, second: int, later_s: int) -> None:
    """Exactly, but for what passes twice, which may be taken for the later one once that has been."""
    at = second * 1000
    local = datetime.fromtimestamp(second, ZoneInfo(zone))
    face = round(local.replace(tzinfo=UTC).timestamp() * 1000)
    received = at + later_s * 1000
    found, only = from_local(face, ZoneInfo(zone), received)
    assert usable(found, max(received, at))
    if only:
        assert found == at
    else:
        assert 0 <= found - at <= 3_600_000
        assert found == at or abs(found - received) < abs(at - received)


@pytest.mark.parametrize("zone", ZONES)
def test_every_quarter_of_an_hour_of_a_year_is_read_right_at_once(zone: str) -> None:
    """As a live device sends it: half a second after it was observed."""
    start = 1_767_225_600_000
    flagged = 0
    for at in range(start, start + 366 * 86_400_000, 900_000):
        local = datetime.fromtimestamp(at / 1000, ZoneInfo(zone))
        face = round(local.replace(tzinfo=UTC).timestamp() * 1000)
        found, only = from_local(face, ZoneInfo(zone), at + 500)
        assert found == at
        flagged += not only
    # Twice the length of the shift, once a year, in quarters of an hour: none where clocks are never changed.
    assert flagged in ({"Asia/Kolkata": (0,), "Pacific/Apia": (0,), "Australia/Lord_Howe": (4,)}.get(zone, (8,)))
