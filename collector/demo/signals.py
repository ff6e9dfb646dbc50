"""What the instruments of the demo site read at any moment: pure functions of time and the site's seed.

Every caller gets the same answer for the same moment, so the seeded history and the live stream join without a step.
Times are epoch milliseconds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from zlib import crc32

from collector.demo.local_time import DAY, HOUR, LocalClock, LocalIntegral
from collector.demo.records import DemoSite, Signal, Signals
from collector.demo.schedule import Exceedances, Recurring
from collector.demo.waves import Wave, noise, scatter, square

Curve = Callable[[float], float]
# Two speeds of wandering: a slow one beside the one that is configured, so that no two days look alike.
_SLOWER = 14.7
_FAST_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class _Term:
    """A wave times an amount; `local` ones follow the clock on the wall, `lag` seconds later."""

    wave: Wave
    amount: float
    local: bool = False
    lag: float = 0.0


class Plant:
    def __init__(self, site: DemoSite) -> None:
        self.site = site
        self.signals = site.signals
        self.clock = LocalClock(site.timezone, self.signals.since_s)
        self.exceedances = Exceedances(self.signals, self.clock)
        self.stuck = Recurring(self.signals.stuck, self.clock)
        self.dropout = Recurring(self.signals.dropout, self.clock)
        self.calibration = Recurring(self.signals.calibration, self.clock)
        self._shared = _shared_waves(self.signals)
        self._terms = {point: self._make_terms(point, signal) for point, signal in self.signals.points.items()}
        self._curves = {point: self._curve(self._terms[point], signal) for point, signal in self.signals.points.items()}
        self._jitter = {
            point: (signal.jitter, crc32(point.encode()) ^ self.signals.seed)
            for point, signal in self.signals.points.items()
            if signal.jitter
        }
        self._totals: dict[str, list[tuple[float, Curve]]] = {}

    def value(self, point: str, at: int) -> float:
        """What the instrument reads: the state of the plant, unless the probe is stuck or in its buffer solution."""
        t = at / 1000
        if point == self.calibration.of and self.calibration.start(t) is not None:
            return self.calibration.buffer + self._scatter(point, at)
        if point == self.stuck.of and (since := self.stuck.start(t)) is not None:
            at, t = round(since * 1000), since
        if point in self.signals.counters:
            return self.counter(point, t)
        return self.true_value(point, t) + self._scatter(point, at)

    def true_value(self, point: str, t: float) -> float:
        """The state of the plant itself, at `t` epoch seconds."""
        value = self._curves[point](t)
        for other in self.signals.points[point].includes:
            value += self._curves[other](t)
        found = self.exceedances.at(t)
        if found is None or found.what.point != point:
            return value
        if found.what.add is not None:
            return value + found.what.add * found.strength(t)
        target = found.what.target
        return value if target is None else value + (target - value) * found.strength(t)

    def counter(self, point: str, t: float) -> float:
        """The exact integral of the counter's point since the counters began, in its unit × hours."""
        counter = self.signals.counters[point]
        t = max(t, float(self.signals.since_s))
        parts = (counter.of, *self.signals.points[counter.of].includes)
        total = sum(self._integral(part, t) for part in parts) + self.exceedances.added(counter.of, t)
        return counter.start + total / HOUR

    def _integral(self, point: str, t: float) -> float:
        terms = self._totals.get(point)
        if terms is None:
            terms = self._totals[point] = [self._term_integral(term) for term in self._terms[point]]
        base = self.signals.points[point].base * (t - self.signals.since_s)
        return base + sum(amount * integral(t) for amount, integral in terms)

    def _term_integral(self, term: _Term) -> tuple[float, Curve]:
        if term.local:
            return term.amount, LocalIntegral(self.clock, term.wave, term.lag)
        origin = term.wave.integral(self.signals.since_s)
        return term.amount, lambda t: term.wave.integral(t) - origin

    def _scatter(self, point: str, at: int) -> float:
        if point not in self._jitter:
            return 0.0
        amount, seed = self._jitter[point]
        return amount * scatter(seed, at)

    def _make_terms(self, point: str, signal: Signal) -> list[_Term]:
        lag = signal.lag_min * 60
        terms = [_Term(self._shared["rhythm"], signal.rhythm, True, lag)] if signal.rhythm else []
        if signal.warmth:
            terms.append(_Term(self._shared["warmth"], signal.warmth, True))
        if signal.cleaning:
            terms.append(_Term(self._shared["cleaning"], signal.cleaning, True))
        if signal.noise:
            seed = f"{self.signals.seed}/{point}"
            terms.append(_Term(noise(seed, signal.noise_s, signal.noise), _FAST_SHARE))
            terms.append(_Term(noise(seed + "/slow", signal.noise_s * _SLOWER, signal.noise), 1 - _FAST_SHARE))
        if signal.cycle:
            cycle = signal.cycle
            terms.append(_Term(square(cycle.period_min * 60, cycle.duty, cycle.amount), 1.0))
        return terms

    def _curve(self, terms: list[_Term], signal: Signal) -> Curve:
        local = [(term.wave.value, term.amount, term.lag) for term in terms if term.local]
        free = [(term.wave.value, term.amount) for term in terms if not term.local]
        clock, base = self.clock.local, signal.base

        def curve(t: float) -> float:
            value = base
            if local:
                moment = clock(t)
                for wave, amount, lag in local:
                    value += amount * wave(moment - lag)
            for wave, amount in free:
                value += amount * wave(t)
            return value

        return curve


def _shared_waves(signals: Signals) -> dict[str, Wave]:
    """Curves of local time since Thursday 1970-01-01: the week is turned so that its knots begin there."""
    week = signals.rhythm
    thursday = 3 * 24
    warmest_h = 16
    warmth = [math.cos((half / 2 - warmest_h) / 24 * 2 * math.pi) for half in range(48)]
    return {
        "rhythm": Wave(week[thursday:] + week[:thursday], HOUR),
        "warmth": Wave(warmth, 1800),
        "cleaning": _cleaning(signals),
    }


def _cleaning(signals: Signals) -> Wave:
    """Caustic first (1), then acid (-1), with rinsing between: a shape of six parts of the cleaning's length."""
    minutes = signals.cleaning_minutes
    shape = ((0, 0.0), (1 / 6, 1.0), (2 / 6, 1.0), (3 / 6, 0.0), (4 / 6, -0.8), (5 / 6, -0.8), (1, 0.0))
    knots = [0.0] * (DAY // 60)
    for start in signals.cleaning_at:
        for minute in range(minutes):
            knots[(start + minute) % len(knots)] = _along(shape, minute / minutes)
    return Wave(knots, 60)


def _along(shape: tuple[tuple[float, float], ...], x: float) -> float:
    for (x0, y0), (x1, y1) in pairwise(shape):
        if x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
    return 0.0
