"""When things happen in the demo: exceedances by the hour, windows on certain days. All from seed and clock."""

from __future__ import annotations

from dataclasses import dataclass

from collector.demo.local_time import DAY, HOUR, LocalClock
from collector.demo.records import Exceedance, Signals, Window
from collector.demo.waves import scatter, trapezoid, trapezoid_integral

# Minutes that stay free at both ends of an hour.
_MARGIN_S = 120


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An exceedance at its time. `start_s` in epoch seconds."""

    what: Exceedance
    start_s: float

    def strength(self, t: float) -> float:
        """0 outside, 1 at its height."""
        what = self.what
        return trapezoid(t - self.start_s, what.rise_s, what.hold_s, what.fall_s)

    def strength_integral(self, t: float) -> float:
        """Of `strength`, up to `t`, in seconds."""
        what = self.what
        return trapezoid_integral(t - self.start_s, what.rise_s, what.hold_s, what.fall_s)


class Exceedances:
    """One in every hour (UTC) that has a fitting one; which and when is drawn from the seed."""

    def __init__(self, signals: Signals, clock: LocalClock) -> None:
        self._kinds = signals.exceedances
        self._seed = signals.seed
        self._clock = clock
        self._found: dict[int, Occurrence | None] = {}
        self._now: tuple[int, Occurrence | None] = (-1, None)
        self._first_hour = signals.since_s // HOUR
        # For each point that a counter integrates: what was added up to the start of each hour.
        self._added: dict[str, list[float]] = {kind.point: [0.0] for kind in self._kinds if kind.add is not None}

    def at(self, t: float) -> Occurrence | None:
        hour = int(t // HOUR)
        if hour != self._now[0]:
            if hour not in self._found:
                self._found[hour] = self._draw(hour)
            self._now = (hour, self._found[hour])
        return self._now[1]

    def added(self, point: str, t: float) -> float:
        """The integral of all that was added to the point since the counters began, in value × seconds."""
        sums = self._added.get(point)
        if sums is None:
            return 0.0
        index = max(0, int(t // HOUR) - self._first_hour)
        while len(sums) <= index:
            hour = self._first_hour + len(sums) - 1
            sums.append(sums[-1] + self._added_in(point, hour, (hour + 1) * HOUR))
        return sums[index] + self._added_in(point, self._first_hour + index, t)

    def _added_in(self, point: str, hour: int, t: float) -> float:
        found = self.at(hour * HOUR)
        if found is None or found.what.add is None or found.what.point != point:
            return 0.0
        return found.what.add * found.strength_integral(t)

    def _draw(self, hour: int) -> Occurrence | None:
        local_hour, weekday = self._clock.hour_and_day(hour * HOUR)
        fitting = [kind for kind in self._kinds if kind.hours[0] <= local_hour < kind.hours[1] and weekday in kind.days]
        if not fitting:
            return None
        drawn = self._chance(2 * hour) * sum(kind.weight for kind in fitting)
        chosen = fitting[-1]
        for kind in fitting:
            drawn -= kind.weight
            if drawn < 0:
                chosen = kind
                break
        room = HOUR - 2 * _MARGIN_S - chosen.length_s
        return Occurrence(chosen, hour * HOUR + _MARGIN_S + self._chance(2 * hour + 1) * room)

    def _chance(self, number: int) -> float:
        return (scatter(self._seed, number) + 1) / 2


class Recurring:
    """A window of local time on every n-th day."""

    def __init__(self, window: Window, clock: LocalClock) -> None:
        self.of = window.of
        self.buffer = window.buffer
        self._every = window.every_days
        self._from = window.minute * 60
        self._to = self._from + window.minutes * 60
        self._clock = clock

    def start(self, t: float) -> float | None:
        """When the window that `t` lies in began (epoch seconds); None outside."""
        day, second = divmod(self._clock.local(t), DAY)
        if self._from <= second < self._to and day % self._every == 0:
            return t - (second - self._from)
        return None

    def end(self, t: float) -> float | None:
        """When the window that `t` lies in will have ended; None outside."""
        start = self.start(t)
        return None if start is None else start + self._to - self._from
