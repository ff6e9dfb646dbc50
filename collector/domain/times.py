"""Rules of time: what a device says about when, and when we do not take its word (docs/time.md)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

# A clock that runs ahead by more than this is wrong: a value from the future would stay "the latest" until then, and
# its limits would be judged by nothing else in the meantime.
FUTURE_TOLERANCE_MS = 60_000
# 2000-01-01: anything older is a clock that was never set (1970, or a real-time clock's own zero).
EARLIEST_MS = 946_684_800_000
# 0001-01-01 and 9999-12-31T23:59:59.999, UTC: what a time can be at all, usable or not.
MIN_MS = -62_135_596_800_000
MAX_MS = 253_402_300_799_999

# `iso`: ISO 8601, or a number of seconds or milliseconds, told apart by its size.
TimeUnit = Literal["iso", "s", "ms", "us", "ns"]

# Numbers below this are epoch seconds, at or above it epoch milliseconds (1e11 s is the year 5138, 1e11 ms is 1973).
_SECONDS_BELOW = 100_000_000_000
# From here on (the year 5138 in milliseconds) a number is of a smaller unit, not of a wrong clock.
_MILLISECONDS_BELOW = 100_000_000_000_000
_PER_MS = {"ms": 1, "us": 1_000, "ns": 1_000_000}

# fromisoformat takes more than a moment can be read from: days without an hour, weeks, any character in the middle.
_MOMENT = re.compile(
    r"(?:\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,12})?)?|\d{8}[Tt]\d{4}(?:\d\d(?:[.,]\d{1,12})?)?)"
    r"(?:[Zz]|[+-]\d\d(?::?\d\d)?)?",
    re.ASCII,
)
_NUMBER = re.compile(r"-?\d{1,20}(?:\.\d{1,12})?", re.ASCII)
_LEAP_SECOND = re.compile(r"(?<=\d\d:\d\d):60|(?<=[Tt]\d{4})60", re.ASCII)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the zone is put on afterwards


def parse_time(value: object, unit: TimeUnit = "iso") -> tuple[int, bool]:
    """Epoch ms of what a device sent, and whether it named its offset. Where it did not, its clock's face as if in UTC.

    Raises ValueError with what was found and what is wanted.
    """
    # Not isinstance: a bool is a kind of int, and no time. Milliseconds first: most devices count them.
    if type(value) is int and unit == "iso" and _SECONDS_BELOW <= value < _MILLISECONDS_BELOW:
        return value, True
    if type(value) is int or type(value) is float:
        return _from_number(value, unit), True
    if isinstance(value, str):
        text = value.strip()
        if unit != "iso" and _NUMBER.fullmatch(text):
            return _from_number(float(text) if "." in text else int(text), unit), True
        return _from_text(text)
    raise ValueError(
        f"time of type {type(value).__name__} is not a time; send ISO 8601, epoch seconds or epoch milliseconds"
    )


def iso_utc(ms: int) -> str:
    """`2026-11-23T10:00:00.000Z` for epoch ms."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _from_number(value: float, unit: TimeUnit) -> int:
    # Written so that NaN is refused too.
    if not abs(value) < 1e22:
        raise ValueError(f"time {value!r} is not a usable epoch time")
    if unit in ("iso", "s"):
        ms = round(value * 1000) if abs(value) < _SECONDS_BELOW else round(value)
    else:
        ms = round(value / _PER_MS[unit])
    if MIN_MS <= ms < _MILLISECONDS_BELOW:
        return ms
    hint = "us" if abs(ms) < 1_000 * _MILLISECONDS_BELOW else "ns"
    raise ValueError(
        f"time {value!r} is no time of any clock as '{unit}'; is it '{hint}'? Then the profile must say so"
    )


def _from_text(text: str) -> tuple[int, bool]:
    if not _MOMENT.fullmatch(text):
        raise ValueError(f"time '{text[:40]}' is not ISO 8601, such as 2026-11-23T10:00:00Z")
    leap = 0
    try:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            # A leap second is the second after the one before it, as every clock that counts from 1970 has it.
            plain, leap = _LEAP_SECOND.subn(lambda found: found[0].replace("60", "59"), text.upper())
            moment = datetime.fromisoformat(plain)
        named = moment.tzinfo is not None
        ms = round((moment if named else moment.replace(tzinfo=UTC)).timestamp() * 1000) + 1000 * leap
    except (ValueError, OverflowError) as error:
        raise ValueError(f"time '{text[:40]}' does not exist: {error}") from None
    if not MIN_MS <= ms <= MAX_MS:
        raise ValueError(f"time '{text[:40]}' is out of range")
    return ms, named


def usable(observed_at: int, received_at: int) -> bool:
    """Whether a device's time can be the reading's time."""
    return EARLIEST_MS <= observed_at <= received_at + FUTURE_TOLERANCE_MS


def from_local(face: int, zone: tzinfo, received_at: int) -> tuple[int, bool]:
    """When a clock in `zone` shows `face` (epoch ms as if in UTC), and whether only that one moment can be meant.

    When clocks are set back a stretch passes twice, and when they are set forward one never comes: two moments may then
    be meant. Of those that are not in the future the one nearest to the receipt is taken. Raises OverflowError at the
    ends of the calendar.
    """
    wall = _EPOCH + timedelta(milliseconds=face)
    before, after = (_offset_ms(wall, zone, fold) for fold in (0, 1))
    if before == after:
        return face - before, True
    candidates = [face - before, face - after]
    possible = [at for at in candidates if usable(at, received_at)] or candidates
    return min(possible, key=lambda at: abs(at - received_at)), False


def _offset_ms(wall: datetime, zone: tzinfo, fold: int) -> int:
    offset = wall.replace(tzinfo=zone, fold=fold).utcoffset() or timedelta()
    return round(offset.total_seconds() * 1000)
