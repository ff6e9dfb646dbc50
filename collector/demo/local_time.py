"""Local seconds: UTC seconds plus the zone's offset, and integrals of curves that follow the local clock."""

from __future__ import annotations

import math
from bisect import bisect_right
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from collector.demo.waves import Wave

HOUR, DAY, WEEK = 3600, 86400, 604800
# 1970-01-01 was a Thursday: shifted by this, weeks begin on Monday.
_MONDAY = 3 * DAY


class LocalClock:
    """The clock on the wall of the site, for moments from `since` (epoch seconds) on."""

    def __init__(self, zone: str, since: int) -> None:
        self._zone = ZoneInfo(zone)
        self._since = since - since % HOUR
        self._starts = [self._since]
        self._offsets = [self._offset_at(self._since)]
        self._known_until = self._since
        # All points of a device are asked for the same moment, one after the other.
        self._asked = (math.nan, math.nan)

    def local(self, t: float) -> float:
        """Seconds since Thursday 1970-01-01 00:00 as the local clock counts them."""
        asked, answer = self._asked
        if asked != t:
            answer = t + self._offsets[self.segment(t)]
            self._asked = (t, answer)
        return answer

    def of_week(self, t: float) -> float:
        """Seconds since the last Monday 00:00 began, local time."""
        return (self.local(t) + _MONDAY) % WEEK

    def hour_and_day(self, t: float) -> tuple[int, int]:
        """Local hour 0..23 and day of the week, Monday 0."""
        second = self.of_week(t)
        return int(second % DAY // HOUR), int(second // DAY)

    def segment(self, t: float) -> int:
        """The number of changes of the clock between `since` and `t`."""
        if t >= self._known_until:
            self._look_ahead(t)
        return max(0, bisect_right(self._starts, t) - 1)

    def span(self, segment: int) -> tuple[int, int]:
        """When a segment begins (epoch seconds), and its offset from UTC."""
        return self._starts[segment], self._offsets[segment]

    def _look_ahead(self, t: float) -> None:
        while self._known_until <= t:
            day = self._known_until + DAY
            if self._offset_at(day) != self._offsets[-1]:
                change = next(
                    hour
                    for hour in range(self._known_until, day + 1, HOUR)
                    if self._offset_at(hour) != self._offsets[-1]
                )
                self._starts.append(change)
                self._offsets.append(self._offset_at(change))
            self._known_until = day

    def _offset_at(self, t: int) -> int:
        offset = datetime.fromtimestamp(t, UTC).astimezone(self._zone).utcoffset()
        return int(offset.total_seconds()) if offset else 0


class LocalIntegral:
    """The integral of a curve over local time since the clock began.

    A change of the clock neither counts an hour twice nor skips one.
    """

    def __init__(self, clock: LocalClock, wave: Wave, lag: float) -> None:
        self._clock = clock
        self._wave = wave
        self._lag = lag
        # For each segment: what to add to the wave's own integral at the shifted time.
        start, offset = clock.span(0)
        self._constants = [-wave.integral(start + offset - lag)]

    def __call__(self, t: float) -> float:
        segment = self._clock.segment(t)
        while len(self._constants) <= segment:
            start, offset = self._clock.span(len(self._constants))
            before = self._clock.span(len(self._constants) - 1)[1]
            done = self._constants[-1] + self._wave.integral(start + before - self._lag)
            self._constants.append(done - self._wave.integral(start + offset - self._lag))
        return self._constants[segment] + self._wave.integral(t + self._clock.span(segment)[1] - self._lag)
