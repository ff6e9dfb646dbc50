"""Judges readings against the control limits inside the ingest transaction, and carries out people's operations.

Memory holds the states; `flush` writes what changed. After a rolled-back transaction call `reload`, so that memory
never runs ahead of the disk.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import itemgetter

from collector.domain.alarms import Alarm, Operation, Transition, clear_alarm, operate, raise_alarm
from collector.domain.limits import Change, Limit, LimitState, Phase, Step, judge, quiet, set_right, tick
from collector.domain.reading import Quality, Reading
from collector.stores import alarm_table
from collector.stores.entries import NewEntry, alarm_record, record_entry, transition_record

# Every reading passes here: these run without any Python code of their own.
_observed_at, _value, _quality = (
    itemgetter(Reading._fields.index(name)) for name in ("observed_at", "value", "quality")
)


class Evaluator:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._limits: dict[str, Limit] = {}
        self._by_point: dict[tuple[str, str], list[Limit]] = {}
        self._states: dict[str, LimitState] = {}
        self._open: dict[str, Alarm] = {}
        # Limits with a delay running: only these can change when time passes.
        self._waiting: set[str] = set()
        self._dirty: set[str] = set()
        self._entries: list[NewEntry] = []
        self.reload()

    def reload(self) -> None:
        """Take states and open alarms from the database again."""
        self._dirty.clear()
        self._entries.clear()
        self._states.clear()
        self._open.clear()
        for ident, (_, state, alarm) in alarm_table.load_states(self._db).items():
            self._states[ident] = state
            found = alarm_table.load_alarm(self._db, alarm) if alarm else None
            if found is not None:
                self._open[ident] = found
        self._waiting = {ident for ident, state in self._states.items() if _delayed(state)}

    def configure(self, limits: Iterable[Limit], now: int) -> None:
        """Use these limits from now on. An open alarm of a limit that was changed or withdrawn is cleared.

        Inside a transaction; a changed limit judges the next reading afresh.
        """
        known = {limit.id: limit for limit in limits}
        for ident, (version, state, _) in alarm_table.load_states(self._db).items():
            if ident not in known or known[ident].version != version:
                self._retire(ident, state, now)
        self._limits = known
        by_point: defaultdict[tuple[str, str], list[Limit]] = defaultdict(list)
        for limit in known.values():
            by_point[(limit.device, limit.metric)].append(limit)
        self._by_point = dict(by_point)

    def _retire(self, ident: str, state: LimitState, now: int) -> None:
        alarm = self._open.pop(ident, None)
        if alarm is not None:
            at = max(state.last_at, alarm.raised_at)
            cleared, transition = clear_alarm(alarm, Change("cleared", at, state.value or 0.0), now)
            self._record(cleared, replace(transition, note="limit changed"))
        alarm_table.drop_state(self._db, ident)
        self._states.pop(ident, None)
        self._waiting.discard(ident)
        self._dirty.discard(ident)

    def take(self, run: Sequence[Reading]) -> None:
        """Newly stored readings of one point, by event time. Bad ones are stored and shown, and judged by nobody."""
        limits = self._by_point.get((run[0].device, run[0].metric))
        if not limits:
            return
        judged = _judgeable(run)
        if not judged:
            return
        times, values = list(map(_observed_at, judged)), list(map(_value, judged))
        for limit in limits:
            calm = quiet(limit, self._states.get(limit.id, LimitState()), times, values)
            if calm is not None:
                self._states[limit.id] = calm
                self._dirty.add(limit.id)
                continue
            for reading, value in zip(judged, values, strict=True):
                state = self._states.get(limit.id, LimitState())
                self._follow(limit, judge(limit, state, reading.observed_at, value), reading.received_at)

    def tick(self, now: int) -> None:
        """Let time pass: raise or clear what has outlasted its delay with no reading coming."""
        for ident in list(self._waiting):
            limit = self._limits.get(ident)
            if limit is not None:
                self._follow(limit, tick(limit, self._states[ident], now), now)

    def set_right(self, now: int) -> None:
        """Inside a transaction: our clock was set back to `now`, and readings from now on are to be judged again."""
        for ident, state in self._states.items():
            right = set_right(state, now)
            if right != state and ident in self._limits:
                self._states[ident] = right
                self._dirty.add(ident)

    def due(self, now: int) -> bool:
        """Whether `tick(now)` would change anything."""
        return any(
            tick(self._limits[ident], self._states[ident], now)[1] for ident in self._waiting if ident in self._limits
        )

    def _follow(self, limit: Limit, step: Step, now: int) -> None:
        state, changes = step
        self._states[limit.id] = state
        self._dirty.add(limit.id)
        (self._waiting.add if _delayed(state) else self._waiting.discard)(limit.id)
        for change in changes:
            self._change(limit, change, now)
        alarm = self._open.get(limit.id)
        if alarm is not None and state.peak is not None and alarm.peak != state.peak:
            alarm = replace(alarm, peak=state.peak, revision=alarm.revision + 1)
            self._open[limit.id] = alarm
            self._save(alarm)

    def _change(self, limit: Limit, change: Change, now: int) -> None:
        if change.kind == "raised":
            alarm, transition = raise_alarm(limit, change, now)
            self._open[limit.id] = alarm
        else:
            found = self._open.pop(limit.id, None)
            # Its row may be lost with a damaged file: that must not cost the reading too.
            if found is None:
                return
            alarm, transition = clear_alarm(found, change, now)
        self._record(alarm, transition)

    def operate(self, operation: Operation, now: int) -> bool:
        """Carry out a person's operation, inside a transaction. False when there is no such alarm here."""
        alarm = self._alarm(operation.alarm)
        if alarm is None:
            return False
        changed, transition = operate(alarm, operation, now)
        if alarm.limit.id in self._open and self._open[alarm.limit.id].id == alarm.id:
            self._open[alarm.limit.id] = changed
        self._record(changed, transition)
        return True

    def _alarm(self, ident: str) -> Alarm | None:
        for alarm in self._open.values():
            if alarm.id == ident:
                return alarm
        return alarm_table.load_alarm(self._db, ident)

    def _record(self, alarm: Alarm, transition: Transition) -> None:
        alarm_table.add_transition(self._db, transition)
        self._entries.append(record_entry("transition", transition_record(transition)))
        self._save(alarm)

    def _save(self, alarm: Alarm) -> None:
        alarm_table.save_alarm(self._db, alarm)
        self._entries.append(record_entry("alarm", alarm_record(alarm)))

    def flush(self) -> list[NewEntry]:
        """Inside the transaction: write the states that changed; returns what is to be forwarded."""
        for ident in self._dirty:
            alarm = self._open.get(ident)
            limit = self._limits[ident]
            alarm_table.save_state(self._db, limit, self._states[ident], alarm.id if alarm else None)
        self._dirty.clear()
        entries, self._entries = self._entries, []
        return entries


def _judgeable(run: Sequence[Reading]) -> Sequence[Reading]:
    """Those with a value that is not bad: nearly always all of them."""
    if max(map(_quality, run)) < Quality.BAD and None not in map(_value, run):
        return run
    return [reading for reading in run if reading.value is not None and reading.quality is not Quality.BAD]


def _delayed(state: LimitState) -> bool:
    return state.phase in (Phase.PENDING, Phase.CLEARING)
