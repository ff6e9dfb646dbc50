"""High and low control limits with deadband, on-delay and off-delay, judged by event time.

A value is held until the next one comes, so delays are judged on readings and on `tick` alike and give the same
moments. Terms as in ISA-18.2 / IEC 62682: the deadband keeps an alarm from returning to normal on a small
improvement; the on-delay must be outlasted before it is raised, the off-delay before it is cleared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NamedTuple

from collector.domain.times import FUTURE_TOLERANCE_MS


@dataclass(frozen=True, slots=True)
class Limit:
    """One version of one control limit. `value` and `deadband` in the metric's canonical unit, delays in ms."""

    id: str
    version: int
    device: str
    metric: str
    kind: Literal["high", "low"]
    level: str
    priority: str
    value: float
    deadband: float = 0.0
    on_delay_ms: int = 0
    off_delay_ms: int = 0
    message: str = ""
    site: str | None = None
    aspect: str | None = None

    def violated(self, value: float) -> bool:
        """A value equal to the limit complies: permits say "not above" and "not below"."""
        return value > self.value if self.kind == "high" else value < self.value

    def returned(self, value: float) -> bool:
        """Whether the value is back behind the deadband."""
        if self.kind == "high":
            return value <= self.value - self.deadband
        return value >= self.value + self.deadband

    def worse(self, a: float, b: float) -> float:
        return max(a, b) if self.kind == "high" else min(a, b)


class Phase(StrEnum):
    NORMAL = "normal"
    PENDING = "pending"  # violated, on-delay running
    ACTIVE = "active"
    CLEARING = "clearing"  # behind the deadband, off-delay running


class LimitState(NamedTuple):
    """What must be remembered between two readings of one limit. `since` is when the phase began, by event time."""

    phase: Phase = Phase.NORMAL
    since: int = 0
    last_at: int = 0
    value: float | None = None
    peak: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An alarm is to be raised or cleared, at this event time, with the value that decided and the worst one so far."""

    kind: Literal["raised", "cleared"]
    at: int
    value: float
    # Not part of what makes two changes the same.
    peak: float | None = field(default=None, compare=False)


Step = tuple[LimitState, tuple[Change, ...]]


def judge(limit: Limit, state: LimitState, at: int, value: float) -> Step:
    """Take a reading. One that is older than the last judged changes nothing: its window is past."""
    if at < state.last_at:
        return state, ()
    state, changes = tick(limit, state, at)
    state = _moved(limit, state, at, value)._replace(last_at=at, value=value)
    state, more = tick(limit, state, at)
    return state, changes + more


def quiet(limit: Limit, state: LimitState, times: Sequence[int], values: Sequence[float]) -> LimitState | None:
    """The state after readings that comply and change nothing, times ascending; None when `judge` must look at each.

    Nearly all readings are such, and one comparison settles a whole run of them.
    """
    if state.phase is not Phase.NORMAL or times[0] < state.last_at:
        return None
    if limit.violated(max(values) if limit.kind == "high" else min(values)):
        return None
    return LimitState(Phase.NORMAL, state.since, times[-1], values[-1], None)


def tick(limit: Limit, state: LimitState, now: int) -> Step:
    """Let time pass up to `now` with the last value held."""
    value = state.value
    if value is None:
        return state, ()
    if state.phase is Phase.PENDING and now >= state.since + limit.on_delay_ms:
        at = state.since + limit.on_delay_ms
        return state._replace(phase=Phase.ACTIVE, since=at), (Change("raised", at, value, state.peak),)
    if state.phase is Phase.CLEARING and now >= state.since + limit.off_delay_ms:
        at = state.since + limit.off_delay_ms
        return state._replace(phase=Phase.NORMAL, since=at, peak=None), (Change("cleared", at, value, state.peak),)
    return state, ()


def set_right(state: LimitState, now: int) -> LimitState:
    """Our own clock was set back: what was judged far ahead of it is no reason to judge nothing until then."""
    if max(state.last_at, state.since) <= now + FUTURE_TOLERANCE_MS:
        return state
    return state._replace(last_at=min(state.last_at, now), since=min(state.since, now))


def _moved(limit: Limit, state: LimitState, at: int, value: float) -> LimitState:
    """The phase that this value leads to, before any delay has run."""
    if state.phase is Phase.NORMAL:
        return state._replace(phase=Phase.PENDING, since=at, peak=value) if limit.violated(value) else state
    if state.phase is Phase.PENDING and not limit.violated(value):
        return state._replace(phase=Phase.NORMAL, since=at, peak=None)
    peak = value if state.peak is None else limit.worse(state.peak, value)
    if state.phase is Phase.ACTIVE and limit.returned(value):
        return state._replace(phase=Phase.CLEARING, since=at, peak=peak)
    if state.phase is Phase.CLEARING and not limit.returned(value):
        return state._replace(phase=Phase.ACTIVE, since=at, peak=peak)
    return state._replace(peak=peak)
