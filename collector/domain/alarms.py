"""One alarm is one occurrence: condition × acknowledgement, as ISA-18.2 / IEC 62682 draw it.

normal ──raised──▶ active_unacked ──acknowledged──▶ active_acked ──cleared──▶ normal
                         └────────cleared────▶ cleared_unacked ──acknowledged──▶ normal
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Literal

from collector.domain.limits import Change, Limit
from collector.domain.reading import point_name

# Any fixed UUID serves: it only keeps our ids apart from other people's version-5 ids.
_NAMESPACE = uuid.UUID("5f8a4d1e-7c0b-5e6a-9b39-0f1e1dbe11d0")

TransitionKind = Literal["raised", "cleared", "acknowledged", "commented"]


def alarm_id(limit: str, point: str, raised_at: int) -> str:
    """UUIDv5 of (limit, point, raise time): judging the same readings again names the same occurrence."""
    return str(uuid.uuid5(_NAMESPACE, f"{limit}|{point}|{raised_at}"))


@dataclass(frozen=True, slots=True)
class Alarm:
    """An occurrence. Times in epoch ms; `value` is the one that raised it; `revision` counts its changes."""

    id: str
    limit: Limit
    raised_at: int
    value: float | None
    peak: float | None
    cleared_at: int | None = None
    acknowledged_at: int | None = None
    acknowledged_by: str | None = None
    revision: int = 1

    @property
    def condition(self) -> Literal["active", "cleared"]:
        return "active" if self.cleared_at is None else "cleared"

    @property
    def state(self) -> str:
        return state_of(self.condition, acknowledged=self.acknowledged_at is not None)

    @property
    def ended(self) -> bool:
        return self.state == "normal"


def state_of(condition: str, *, acknowledged: bool) -> str:
    """The ISA-18.2 state of an occurrence from its two halves."""
    if condition == "active":
        return "active_acked" if acknowledged else "active_unacked"
    return "normal" if acknowledged else "cleared_unacked"


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of an alarm's history. For a person's operation `id` is the operation's own id."""

    id: str
    alarm: str
    kind: TransitionKind
    at: int
    recorded_at: int
    limit_version: int
    by: str | None = None
    note: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """What a person asked for. `done_at` is their clock, which may be hours before it reaches us."""

    id: str
    alarm: str
    op: Literal["acknowledge", "comment"]
    by: str
    done_at: int
    note: str | None = None


def raise_alarm(limit: Limit, change: Change, now: int) -> tuple[Alarm, Transition]:
    ident = alarm_id(limit.id, point_name(limit.device, limit.metric), change.at)
    alarm = Alarm(ident, limit, change.at, change.value, change.value if change.peak is None else change.peak)
    return alarm, _machine_transition(alarm, "raised", change, now)


def clear_alarm(alarm: Alarm, change: Change, now: int) -> tuple[Alarm, Transition]:
    """Clears at the change's time, never before it was raised."""
    at = max(change.at, alarm.raised_at)
    peak = alarm.peak if change.peak is None else change.peak
    cleared = replace(alarm, cleared_at=at, peak=peak, revision=alarm.revision + 1)
    return cleared, _machine_transition(alarm, "cleared", replace(change, at=at), now)


def operate(alarm: Alarm, operation: Operation, now: int) -> tuple[Alarm, Transition]:
    """Apply a person's operation. On an ended or already acknowledged occurrence it is recorded and changes nothing."""
    kind: TransitionKind = "acknowledged" if operation.op == "acknowledge" else "commented"
    version = alarm.limit.version
    transition = Transition(operation.id, alarm.id, kind, operation.done_at, now, version, operation.by, operation.note)
    if kind == "acknowledged" and alarm.acknowledged_at is None:
        acknowledged = replace(
            alarm,
            acknowledged_at=operation.done_at,
            acknowledged_by=operation.by,
            revision=alarm.revision + 1,
        )
        return acknowledged, transition
    return alarm, transition


def _machine_transition(alarm: Alarm, kind: TransitionKind, change: Change, now: int) -> Transition:
    # Deterministic as the alarm's own id is, so that a replay writes the same row again.
    ident = str(uuid.uuid5(_NAMESPACE, f"{alarm.id}|{kind}|{change.at}"))
    return Transition(ident, alarm.id, kind, change.at, now, alarm.limit.version, value=change.value)
