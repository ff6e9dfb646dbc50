"""Periodic curves with exact integrals, and scatter that is the same for the same moment.

A counter must be the exact integral of its power, at any moment, without walking there second by second. Curves made
of straight pieces have one in closed form.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import accumulate, pairwise

_MASK = (1 << 64) - 1


class Wave:
    """A periodic curve through `knots`, `step` seconds apart, linear in between."""

    __slots__ = ("_count", "_cumulative", "_knots", "_period_integral", "_step")

    def __init__(self, knots: Sequence[float], step: float) -> None:
        self._knots = (*knots, knots[0])
        self._count = len(knots)
        self._step = step
        pairs = pairwise(self._knots)
        self._cumulative = (0.0, *accumulate((a + b) * step / 2 for a, b in pairs))
        self._period_integral = self._cumulative[-1]

    def value(self, x: float) -> float:
        u = x / self._step % self._count
        k = int(u)
        if k == self._count:  # rounding can carry a tiny negative number to the end of the period
            k = 0
            u = 0.0
        a = self._knots[k]
        return a + (self._knots[k + 1] - a) * (u - k)

    def integral(self, x: float) -> float:
        """From 0 to `x`, in value × seconds."""
        periods, u = divmod(x / self._step, self._count)
        k = min(int(u), self._count - 1)
        a, f = self._knots[k], u - k
        part = (a + (self._knots[k + 1] - a) * f / 2) * f * self._step
        return periods * self._period_integral + self._cumulative[k] + part


def noise(seed: str, step: float, swing: float, knots: int = 1021) -> Wave:
    """A wandering curve within ±`swing` that takes a new direction every `step` seconds."""
    generator = random.Random(seed)  # noqa: S311 - weather for a demo, not a secret
    return Wave([generator.uniform(-swing, swing) for _ in range(knots)], step)


def square(period: float, duty: float, amount: float) -> Wave:
    """On for `duty` of each period and off for the rest, with edges of one hundredth of the period."""
    knots = [amount if index < 100 * duty else 0.0 for index in range(100)]
    return Wave(knots, period / 100)


def scatter(seed: int, moment: int) -> float:
    """A number in -1..1 that looks random and is the same for the same seed and moment (splitmix64)."""
    z = (seed + moment * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return (z ^ (z >> 31)) / (1 << 63) - 1.0


def trapezoid(x: float, rise: float, hold: float, fall: float) -> float:
    """0 → 1 within `rise`, 1 for `hold`, back to 0 within `fall`; 0 outside."""
    if x <= 0 or x >= rise + hold + fall:
        return 0.0
    if x < rise:
        return x / rise
    return 1.0 if x <= rise + hold else (rise + hold + fall - x) / fall


def trapezoid_integral(x: float, rise: float, hold: float, fall: float) -> float:
    """Of `trapezoid` from 0 to `x`."""
    x = min(max(x, 0.0), rise + hold + fall)
    total = min(x, rise) ** 2 / (2 * rise)
    total += min(max(x - rise, 0.0), hold)
    falling = max(x - rise - hold, 0.0)
    return total + falling - falling**2 / (2 * fall)
