"""An alarm and the state of its limit belong together, and damage may take one and leave the other."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from collector.domain.alarms import Alarm, clear_alarm
from collector.domain.limits import Change, Phase
from collector.stores import alarm_table
from collector.stores.entries import NewEntry, alarm_record, record_entry, transition_record

# In these phases an alarm is open, and in no other.
_RAISED = (Phase.ACTIVE, Phase.CLEARING)
NOTE = "state lost with the damaged file"


def reconcile(db: sqlite3.Connection, now: int) -> list[NewEntry]:
    """Inside a transaction. A limit without its alarm begins afresh; an open alarm that nothing would clear is cleared.

    If its value is still beyond the limit, the next reading raises a new one. Returns what is to be forwarded.
    """
    alone = _open_alarms(db)
    for limit, (_, state, alarm) in alarm_table.load_states(db).items():
        own = alone.get(alarm) if alarm is not None else None
        held = own is not None and own.limit.id == limit
        if held != (state.phase in _RAISED):
            alarm_table.drop_state(db, limit)
        elif own is not None and held:
            del alone[own.id]
    return [entry for alarm in alone.values() for entry in _clear(db, alarm, now)]


def _open_alarms(db: sqlite3.Connection) -> dict[str, Alarm]:
    idents = db.execute("SELECT id FROM alarm WHERE cleared_at IS NULL ORDER BY raised_at, id").fetchall()
    found = (alarm_table.load_alarm(db, ident) for (ident,) in idents)
    return {alarm.id: alarm for alarm in found if alarm is not None}


def _clear(db: sqlite3.Connection, alarm: Alarm, now: int) -> list[NewEntry]:
    cleared, transition = clear_alarm(alarm, Change("cleared", now, alarm.value or 0.0), now)
    # No reading cleared it, so there is no value that did.
    transition = replace(transition, note=NOTE, value=None)
    alarm_table.add_transition(db, transition)
    alarm_table.save_alarm(db, cleared)
    return [record_entry("transition", transition_record(transition)), record_entry("alarm", alarm_record(cleared))]
