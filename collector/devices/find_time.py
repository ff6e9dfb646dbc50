"""Where a message has its time: a value that lies near the moment at which it came."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from collector.devices.explain import leaves
from collector.domain.times import EARLIEST_MS, TimeUnit, parse_time
from collector.profiles.paths import ABSENT, JsonPath, walk

# A clock with an offset, and what a network or a gateway may have kept.
_NEAR_MS = 3_600_000
# No zone is further from UTC than 14 hours.
_ZONE_MS = 15 * 3_600_000
_QUARTER_MS = 900_000
_NAMES = frozenset({
    "time", "ts", "timestamp", "datetime", "date", "utc", "timeutc", "measuredat", "observedat", "sampletime", "t",
    "sampledat", "lastseen", "devicetime", "epoch", "unixtime", "createdat", "readat", "timestamputc", "timestampms",
})  # fmt: skip
_NUMBERS: tuple[tuple[TimeUnit, float], ...] = (("s", 1e3), ("ms", 1.0), ("us", 1e-3), ("ns", 1e-6))
_DIGITS = re.compile(r"[0-9]{1,20}(?:\.[0-9]{1,12})?")
_WRITTEN = re.compile(r"[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}[T ,]{1,2}[0-9]{1,2}[:.][0-9]{2}")
# Longer ones are no times.
_LONGEST = 40


class FoundTime(NamedTuple):
    """`zone` None: the time names its offset, or counts from 1970. `behind_ms`: how far it was from the receipt."""

    path: JsonPath
    unit: TimeUnit
    zone: str | None
    behind_ms: int
    # It was near the receipt, and not found by its name alone.
    seen: bool

    @property
    def rule(self) -> dict[str, Any]:
        zone = {"zone": self.zone} if self.zone else {}
        return {"path": list(self.path), "unit": self.unit, **zone}


def find_time(moments: Sequence[tuple[Any, int]]) -> FoundTime | None:
    """In documents of one kind, each with its time of receipt.

    What lies near it goes before what only bears the name of a time: that may be old, for a message may come from a
    file, or from a broker that had it retained.
    """
    if not moments:
        return None
    document, received_at = moments[0]
    found = [one for path, value in leaves(document) if (one := _as_time(path, value, received_at)) is not None]
    lasting = [one for one in found if all(_still(one, other, at) for other, at in moments[1:])]
    return min(lasting, key=_rank, default=None)


def times_in(document: Any, received_at: int) -> Iterator[JsonPath]:
    """The paths of all that looks like a time: no metric is meant by them."""
    for path, value in leaves(document):
        if _as_time(path, value, received_at) is not None:
            yield path


def unreadable_time(document: Any) -> tuple[JsonPath, str] | None:
    """A date with a time of day that is not ISO 8601, such as `11/25/2026 10:00:00`: nobody can tell day from month."""
    for path, value in leaves(document):
        if isinstance(value, str) and len(value) <= _LONGEST and _WRITTEN.match(value):
            try:
                parse_time(value, "iso")
            except ValueError:
                return path, value
    return None


def _rank(one: FoundTime) -> tuple[bool, bool, int, int]:
    return not one.seen, not _named(one.path), len(one.path), abs(one.behind_ms)


def _named(path: JsonPath) -> bool:
    return bool(path) and "".join(filter(str.isalnum, str(path[-1]))).casefold() in _NAMES


def _still(one: FoundTime, document: Any, received_at: int) -> bool:
    """Whether the same is a time in another message: a moment of starting would fall behind."""
    value = walk(document, one.path, ABSENT)
    again = _as_time(one.path, value, received_at) if value is not ABSENT else None
    return again is not None and again.unit == one.unit and abs(again.behind_ms - one.behind_ms) < _NEAR_MS


def _as_time(path: JsonPath, value: Any, received_at: int) -> FoundTime | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not path:
        return None
    if isinstance(value, str):
        return _text(path, value, received_at)
    return _number(path, float(value), received_at)


def _number(path: JsonPath, value: float, received_at: int) -> FoundTime | None:
    for unit, factor in _NUMBERS:
        behind = received_at - value * factor
        if abs(behind) < _NEAR_MS:
            return FoundTime(path, unit, None, round(behind), seen=True)
        if _named(path) and EARLIEST_MS < value * factor < received_at:
            return FoundTime(path, unit, None, round(behind), seen=False)
    return None


def _text(path: JsonPath, value: str, received_at: int) -> FoundTime | None:
    if len(value) > _LONGEST:
        return None
    try:
        at, certain = parse_time(value, "iso")
    except ValueError:
        return _number(path, float(value), received_at) if _DIGITS.fullmatch(value) else None
    behind = received_at - at
    if certain:
        if abs(behind) < _NEAR_MS or _named(path):
            return FoundTime(path, "iso", None, behind, seen=abs(behind) < _NEAR_MS)
        return None
    if abs(behind) < _ZONE_MS:
        # Within minutes of UTC it is UTC, or the clock of a site that happens to have it.
        off = round(behind / _QUARTER_MS)
        return FoundTime(path, "iso", "site" if off else "utc", behind, seen=True)
    return FoundTime(path, "iso", "site", behind, seen=False) if _named(path) else None
