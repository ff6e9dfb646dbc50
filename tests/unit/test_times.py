"""What a device says about when, and when we do not take its word."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from collector.domain.times import FUTURE_TOLERANCE_MS, TimeUnit, from_local, parse_time, usable

NOON = 1_795_521_600_000
HOUR = 3_600_000


def ms(text: str) -> int:
    """Of a time in UTC, or of what a clock shows as if it were."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    "given",
    [
        "2026-11-24T12:00:00Z",
        "2026-11-24T13:00:00+01:00",
        "2026-11-24T13:00:00+0100",
        "2026-11-24T13:00:00+01",
        "2026-11-24T06:30:00-05:30",
        "2026-11-24t12:00:00z",
        "2026-11-24 12:00:00Z",
        "2026-11-24T12:00Z",
        "2026-11-24T12:00:00.000000000Z",
        "2026-11-24T12:00:00,000Z",
        "20261124T120000Z",
        "  2026-11-24T12:00:00Z\r\n",
        1_795_521_600,
        1_795_521_600.0,
        NOON,
        float(NOON),
    ],
)
def test_iso_seconds_and_milliseconds_mean_the_same_moment(given: object) -> None:
    assert parse_time(given) == (NOON, True)


@pytest.mark.parametrize(
    ("given", "unit"),
    [
        (NOON, "ms"),
        (NOON * 1_000, "us"),
        (NOON * 1_000_000, "ns"),
        (NOON * 1_000_000 + 400_000, "ns"),
        (1_795_521_600, "s"),
        ("1795521600", "s"),
        ("1795521600.000", "s"),
        ("1795521600000", "ms"),
        ("1795521600000000000", "ns"),
        ("2026-11-24T12:00:00Z", "ms"),
    ],
)
def test_a_unit_that_the_profile_states_is_taken_at_its_word(given: object, unit: TimeUnit) -> None:
    assert parse_time(given, unit) == (NOON, True)


@pytest.mark.parametrize(("given", "unit"), [(NOON * 1_000, "us"), (NOON * 1_000_000, "ns")])
def test_microseconds_and_nanoseconds_that_nobody_announced_are_refused_with_a_hint(given: int, unit: str) -> None:
    for stated in ("iso", "s", "ms"):
        with pytest.raises(ValueError, match=f"is it '{unit}'"):
            parse_time(given, stated)  # type: ignore[arg-type]


def test_a_time_without_an_offset_is_marked_as_assumed() -> None:
    assert parse_time("2026-11-24T12:00:00") == (NOON, False)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00"),
        ("2016-12-31T23:59:60.250Z", "2017-01-01T00:00:00.250"),
        ("20161231T235960Z", "2017-01-01T00:00:00"),
        ("2017-01-01T05:29:60+05:30", "2017-01-01T00:00:00"),
    ],
)
def test_a_leap_second_is_the_second_after_the_one_before_it(text: str, same: str) -> None:
    assert parse_time(text) == (ms(same), True)


@pytest.mark.parametrize(
    "given",
    [
        "yesterday",
        "",
        True,
        None,
        [],
        {},
        float("nan"),
        float("inf"),
        -1e15,
        1e300,
        "99999-01-01",
        "2026-11-24",
        "2026-W48-2",
        "2026-W48-2T12:00:00Z",
        "2026-11-24T12",
        "2026-11-24x12:00:00Z",
        "2026-11-24T12:00:00\x00",
        "2026-11-24T12:00:00 CET",
        "2026-11-24T24:00:00Z",
        "2026-11-24T12:00:61Z",
        "2026-02-29T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "0001-01-01T00:00:00+01:00",
        "２０２６-11-24T12:00:00Z",
        "2026-11-24T1２:00:00Z",
        "1795521600",
        "12:00:00",
    ],
)
def test_what_is_no_time_is_refused_with_a_sentence(given: object) -> None:
    with pytest.raises(ValueError, match="time"):
        parse_time(given)


@pytest.mark.parametrize("given", [0, -1, 1, 12.5, 946_684_799, "1970-01-01T00:00:00Z", "1999-12-31T23:59:59Z"])
def test_a_clock_that_was_never_set_is_a_time_and_not_usable(given: object) -> None:
    at, _ = parse_time(given)
    assert not usable(at, NOON)


def test_the_first_usable_moment_is_the_year_2000_and_the_last_a_minute_from_now() -> None:
    assert usable(parse_time("2000-01-01T00:00:00Z")[0], NOON)
    assert usable(NOON + FUTURE_TOLERANCE_MS, NOON)
    assert not usable(NOON + FUTURE_TOLERANCE_MS + 1, NOON)
    for far in ("2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        assert not usable(parse_time(far)[0], NOON)


# What a clock on the wall shows, what UTC is then, whether nothing else can be meant.
@pytest.mark.parametrize(
    ("zone", "face", "moment", "only"),
    [
        ("Europe/Dublin", "2026-07-01T12:00:00", "2026-07-01T11:00:00", True),
        ("Europe/Dublin", "2026-12-01T12:00:00", "2026-12-01T12:00:00", True),
        ("Europe/Dublin", "2026-03-29T01:30:00", "2026-03-29T01:30:00", False),
        ("Europe/Dublin", "2026-03-29T02:00:00", "2026-03-29T01:00:00", True),
        ("Europe/Dublin", "2026-10-25T01:30:00", "2026-10-25T01:30:00", False),
        ("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T01:30:00", False),
        ("Asia/Kolkata", "2026-07-01T12:00:00", "2026-07-01T06:30:00", True),
        ("Australia/Lord_Howe", "2026-01-15T12:00:00", "2026-01-15T01:00:00", True),
        ("Australia/Lord_Howe", "2026-07-15T12:00:00", "2026-07-15T01:30:00", True),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T15:15:00", False),
        ("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:45:00", False),
        # The country moved over the date line and had no 30 December at all.
        ("Pacific/Apia", "2011-12-30T12:00:00", "2011-12-30T22:00:00", False),
    ],
)
def test_local_time_is_read_in_its_zone(zone: str, face: str, moment: str, only: bool) -> None:
    long_after = ms("2030-01-01T00:00:00")
    assert from_local(ms(face), ZoneInfo(zone), long_after) == (ms(moment), only)


@pytest.mark.parametrize("minutes", [0, 10, 40])
@pytest.mark.parametrize(
    ("zone", "first", "shift_min"),
    [("Europe/Dublin", "2026-10-25T00:05:00", 60), ("Australia/Lord_Howe", "2026-04-04T14:35:00", 30)],
)
def test_in_the_hour_that_passes_twice_a_message_is_of_the_time_it_came(
    zone: str, first: str, shift_min: int, minutes: int
) -> None:
    """Although the second candidate is nearer when the first comes late: it has not been yet."""
    offset = ZoneInfo(zone).utcoffset(datetime.fromisoformat(first).replace(tzinfo=UTC).astimezone(ZoneInfo(zone)))
    assert offset is not None
    face = ms(first) + round(offset.total_seconds() * 1000)
    second = ms(first) + shift_min * 60_000
    assert from_local(face, ZoneInfo(zone), ms(first) + min(minutes, shift_min - 2) * 60_000) == (ms(first), False)
    assert from_local(face, ZoneInfo(zone), second + 1_000) == (second, False)


def test_at_the_ends_of_the_calendar_local_time_overflows() -> None:
    with pytest.raises(OverflowError):
        from_local(10**15, ZoneInfo("Europe/Dublin"), NOON)
