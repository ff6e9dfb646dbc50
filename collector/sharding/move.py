"""A device's rows from one collector's file into another's: copied, made durable, then deleted where they were.

Whatever is killed, whenever: a row is in one of the files or in both, and running again ends with it in one.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from collector.domain.reading import Quality, Reason, states_the_same
from collector.stores.collector_db import transaction

# What belongs to a device, and goes with it; and what belongs to a collector (see retire.py and reshard.py).
OF_DEVICES = frozenset(
    ("device", "device_group", "series", "reading", "conflict", "limit_state", "alarm", "alarm_transition")
)
OF_COLLECTORS = frozenset(
    ("meta", "raw_block", "dead_letter", "delivery", "applied_command", "config_snapshot", "outbox", "lane", "parked")
)
# Readings moved at once: a transaction of half a second, and a write-ahead log that stays small.
CHUNK = 20_000


@contextmanager
def beside(db: sqlite3.Connection, source: Path) -> Iterator[sqlite3.Connection]:
    """The file `source` as `old`, for writing, on the connection of the file that rows go to."""
    db.execute("ATTACH DATABASE ? AS old", (source.absolute().as_uri(),))
    try:
        # What is deleted there was made durable here first.
        db.execute("PRAGMA old.synchronous=FULL")
        yield db
    finally:
        db.execute("DETACH DATABASE old")


def groups(files: Iterable[sqlite3.Connection]) -> dict[str, str]:
    """Every device that any file knows, with its group. Of a device that changed its group the newest counts."""
    found: dict[str, tuple[int, str]] = {}
    for db in files:
        rows = db.execute(
            "SELECT d.id, d.last_seen_at, coalesce(g.name, d.id)"
            " FROM device d LEFT JOIN device_group g ON g.device=d.id"
        )
        for device, seen, group in rows:
            if device not in found or seen > found[device][0]:
                found[device] = (seen, group)
        for device in devices(db):
            found.setdefault(device, (0, device))
    return {device: group for device, (_, group) in found.items()}


def devices(db: sqlite3.Connection) -> set[str]:
    """Those that have any rows in the file."""
    rows = db.execute("SELECT device FROM series UNION SELECT id FROM device UNION SELECT device FROM device_group")
    return {device for (device,) in rows} | set(limits_of(db))


def limits_of(db: sqlite3.Connection) -> dict[str, set[str]]:
    """The limits that have a state or an alarm in the file, by device."""
    device_of: dict[str, str] = {}
    for limit, body in db.execute("SELECT limit_id, limit_json FROM alarm"):
        device_of[limit] = orjson.loads(body)["device"]
    # A limit may have been given to another device since.
    for (body,) in db.execute("SELECT body FROM config_snapshot"):
        device_of |= {limit["id"]: limit["device"] for limit in orjson.loads(body)["limits"]}
    found: defaultdict[str, set[str]] = defaultdict(set)
    for (limit,) in db.execute("SELECT limit_id FROM limit_state UNION SELECT limit_id FROM alarm"):
        if limit in device_of:
            found[device_of[limit]].add(limit)
    return dict(found)


def move(db: sqlite3.Connection, device: str, limits: Iterable[str], told: Callable[[int], None]) -> None:
    """From `old` (see `beside`); `told` of each number of readings that was moved."""
    with transaction(db):
        _copy_device(db, device)
        for limit in limits:
            _copy_limit(db, limit)
    series = db.execute("SELECT id, metric FROM old.series WHERE device=?", (device,)).fetchall()
    for there, metric in series:
        here = _series(db, device, metric)
        while moved := _move_readings(db, there, here):
            told(moved)
    with transaction(db):
        for there, metric in series:
            _move_conflicts(db, there, _series(db, device, metric))
    with transaction(db):
        _forget(db, device, limits)


def _copy_device(db: sqlite3.Connection, device: str) -> None:
    """Where both know it, the one that heard it last tells of it."""
    old = db.execute("SELECT first_seen_at, last_seen_at FROM old.device WHERE id=?", (device,)).fetchone()
    new = db.execute("SELECT first_seen_at, last_seen_at FROM main.device WHERE id=?", (device,)).fetchone()
    if old is None:
        return
    if new is None or old[1] >= new[1]:
        db.execute("INSERT OR REPLACE INTO main.device SELECT * FROM old.device WHERE id=?", (device,))
        db.execute("DELETE FROM main.device_group WHERE device=?", (device,))
        db.execute("INSERT INTO main.device_group SELECT * FROM old.device_group WHERE device=?", (device,))
    first = old[0] if new is None else min(old[0], new[0])
    db.execute("UPDATE main.device SET first_seen_at=? WHERE id=?", (first, device))


def _copy_limit(db: sqlite3.Connection, limit: str) -> None:
    """An open alarm stays one alarm: its new collector goes on judging where the old one stopped."""
    db.execute("INSERT OR IGNORE INTO main.alarm SELECT * FROM old.alarm WHERE limit_id=?", (limit,))
    db.execute(
        "INSERT OR IGNORE INTO main.alarm_transition SELECT t.* FROM old.alarm_transition t"
        " JOIN old.alarm a ON a.id=t.alarm_id WHERE a.limit_id=?",
        (limit,),
    )
    state = "SELECT alarm_id IS NOT NULL, last_at FROM {}.limit_state WHERE limit_id=?"
    old = db.execute(state.format("old"), (limit,)).fetchone()
    new = db.execute(state.format("main"), (limit,)).fetchone()
    # Where both have one, the one with an alarm open: that is still to be cleared.
    if old is not None and (new is None or old > new):
        db.execute("INSERT OR REPLACE INTO main.limit_state SELECT * FROM old.limit_state WHERE limit_id=?", (limit,))


def _series(db: sqlite3.Connection, device: str, metric: str) -> int:
    db.execute("INSERT OR IGNORE INTO main.series (device, metric) VALUES (?, ?)", (device, metric))
    return int(db.execute("SELECT id FROM main.series WHERE device=? AND metric=?", (device, metric)).fetchone()[0])


def _move_readings(db: sqlite3.Connection, there: int, here: int) -> int:
    """The oldest of a series; returns how many."""
    count, until = db.execute(
        "SELECT count(*), max(observed_at) FROM"
        " (SELECT observed_at FROM old.reading WHERE series_id=? ORDER BY observed_at LIMIT ?)",
        (there, CHUNK),
    ).fetchone()
    if not count:
        return 0
    with transaction(db):
        copied = db.execute(
            "INSERT OR IGNORE INTO main.reading SELECT ?, observed_at, value, quality, reasons, received_at"
            " FROM old.reading WHERE series_id=? AND observed_at<=?",
            (here, there, until),
        ).rowcount
        if copied < count:
            _keep_differing(db, there, here, until)
    with transaction(db):
        db.execute("DELETE FROM old.reading WHERE series_id=? AND observed_at<=?", (there, until))
    return int(count)


def _keep_differing(db: sqlite3.Connection, there: int, here: int, until: int) -> None:
    """Of an identity that both files have, what the device said otherwise is kept beside the first, as always."""
    rows = db.execute(
        "SELECT n.value, n.quality, n.reasons, o.observed_at, o.value, o.quality, o.reasons, o.received_at"
        " FROM old.reading o JOIN main.reading n ON n.series_id=? AND n.observed_at=o.observed_at"
        " WHERE o.series_id=? AND o.observed_at<=?"
        " AND (o.value IS NOT n.value OR o.quality<>n.quality OR o.reasons<>n.reasons)",
        (here, there, until),
    ).fetchall()
    for row in rows:
        if row[0] != row[4] or not states_the_same(_said(row[1], row[2]), _said(row[5], row[6])):
            db.execute("INSERT OR IGNORE INTO main.conflict VALUES (?, ?, ?, ?, ?, ?)", (here, *row[3:]))


def _said(quality: int, reasons: int) -> tuple[Quality, Reason]:
    return Quality(quality), Reason(reasons)


def _move_conflicts(db: sqlite3.Connection, there: int, here: int) -> None:
    db.execute(
        "INSERT OR IGNORE INTO main.conflict SELECT ?, observed_at, value, quality, reasons, received_at"
        " FROM old.conflict WHERE series_id=?",
        (here, there),
    )


def _forget(db: sqlite3.Connection, device: str, limits: Iterable[str]) -> None:
    """All of it is in its new file by now."""
    of_device = "(SELECT id FROM old.series WHERE device=?)"
    db.execute(f"DELETE FROM old.conflict WHERE series_id IN {of_device}", (device,))
    db.execute("DELETE FROM old.series WHERE device=?", (device,))
    for limit in limits:
        db.execute(
            "DELETE FROM old.alarm_transition WHERE alarm_id IN (SELECT id FROM old.alarm WHERE limit_id=?)", (limit,)
        )
        db.execute("DELETE FROM old.alarm WHERE limit_id=?", (limit,))
        db.execute("DELETE FROM old.limit_state WHERE limit_id=?", (limit,))
    db.execute("DELETE FROM old.device_group WHERE device=?", (device,))
    db.execute("DELETE FROM old.device WHERE id=?", (device,))
