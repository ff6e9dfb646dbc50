"""Rules of time: what a device says about when, and when we do not take its word."""

from __future__ import annotations

from datetime import UTC, datetime

# A clock that runs ahead by more than this is wrong: a value from the future would stay "the latest" until then, and
# its limits would be judged by nothing else in the meantime.
FUTURE_TOLERANCE_MS = 60_000
# 2000-01-01: anything older is a clock that was never set (1970, or a real-time clock's own zero).
EARLIEST_MS = 946_684_800_000
# Numbers below this are epoch seconds, at or above it epoch milliseconds (1e11 s is the year 5138, 1e11 ms is 1973).
_SECONDS_BELOW = 100_000_000_000


def parse_time(value: object) -> tuple[int, bool]:
    """Epoch ms of an ISO 8601 text, epoch seconds or epoch ms, and whether it named its offset.

    Raises ValueError with what was found and what is wanted.
    """
    if isinstance(value, bool):
        raise ValueError(  # noqa: TRY004 - callers catch one kind of refusal
            f"time {value!r} is not a time; send ISO 8601, epoch seconds or epoch milliseconds"
        )
    if isinstance(value, int | float):
        return _from_number(value), True
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"time '{value[:40]}' is not ISO 8601, such as 2026-11-23T10:00:00Z") from None
        named = moment.tzinfo is not None
        return _epoch_ms(moment if named else moment.replace(tzinfo=UTC)), named
    raise ValueError(f"time of type {type(value).__name__}; send ISO 8601, epoch seconds or epoch milliseconds")


def _from_number(value: float) -> int:
    if value != value or abs(value) > 1e15:
        raise ValueError(f"time {value!r} is not a usable epoch time")
    return round(value * 1000) if abs(value) < _SECONDS_BELOW else round(value)


def _epoch_ms(moment: datetime) -> int:
    try:
        return round(moment.timestamp() * 1000)
    except (OverflowError, ValueError):
        raise ValueError(f"time {moment.isoformat()} is out of range") from None


def usable(observed_at: int, received_at: int) -> bool:
    """Whether a device's time can be the reading's time."""
    return EARLIEST_MS <= observed_at <= received_at + FUTURE_TOLERANCE_MS
