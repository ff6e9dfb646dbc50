"""Alarms, their transitions and the evaluators' state in collector.db. Writes belong in the caller's transaction."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict

import orjson

from collector.domain.alarms import Alarm, Transition
from collector.domain.limits import Limit, LimitState, Phase
from collector.stores.collector_db import intact

_ALARM = "id, limit_json, raised_at, cleared_at, acknowledged_at, acknowledged_by, value, peak, revision"


def load_alarm(db: sqlite3.Connection, ident: str) -> Alarm | None:
    row = db.execute(f"SELECT {_ALARM} FROM alarm WHERE id=?", (ident,)).fetchone()
    if row is None:
        return None
    ident, limit, raised_at, cleared_at, acknowledged_at, by, value, peak, revision = row
    with intact("an alarm"):
        limit = Limit(**orjson.loads(limit))
    return Alarm(ident, limit, raised_at, value, peak, cleared_at, acknowledged_at, by, revision)


def save_alarm(db: sqlite3.Connection, alarm: Alarm) -> None:
    db.execute(
        f"INSERT OR REPLACE INTO alarm ({_ALARM}, limit_id) VALUES (?,?,?,?,?,?,?,?,?,?)",
        (
            alarm.id,
            orjson.dumps(asdict(alarm.limit)),
            alarm.raised_at,
            alarm.cleared_at,
            alarm.acknowledged_at,
            alarm.acknowledged_by,
            alarm.value,
            alarm.peak,
            alarm.revision,
            alarm.limit.id,
        ),
    )


def add_transition(db: sqlite3.Connection, transition: Transition) -> None:
    """The same transition again, from a replay or a command pulled twice, changes nothing."""
    db.execute(
        "INSERT OR IGNORE INTO alarm_transition VALUES (?,?,?,?,?,?,?,?,?)",
        (
            transition.id,
            transition.alarm,
            transition.kind,
            transition.at,
            transition.recorded_at,
            transition.limit_version,
            transition.by,
            transition.note,
            transition.value,
        ),
    )


def load_states(db: sqlite3.Connection) -> dict[str, tuple[int, LimitState, str | None]]:
    """By limit id: the version judged by, the state, and the open alarm's id."""
    rows = db.execute("SELECT limit_id, version, phase, since, last_at, value, peak, alarm_id FROM limit_state")
    with intact("the state of a limit"):
        return {
            ident: (version, LimitState(Phase(phase), since, last_at, value, peak), alarm)
            for ident, version, phase, since, last_at, value, peak, alarm in rows
        }


def save_state(db: sqlite3.Connection, limit: Limit, state: LimitState, alarm: str | None) -> None:
    db.execute(
        "INSERT OR REPLACE INTO limit_state VALUES (?,?,?,?,?,?,?,?)",
        (
            limit.id,
            limit.version,
            state.phase.value,
            state.since,
            state.last_at,
            state.value,
            state.peak,
            alarm,
        ),
    )


def drop_state(db: sqlite3.Connection, limit_id: str) -> None:
    db.execute("DELETE FROM limit_state WHERE limit_id=?", (limit_id,))
