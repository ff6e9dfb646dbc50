"""What a removed collector's file holds besides devices: the first collector takes it over, nothing is thrown away.

On the connection of the first one's file, with the other's as `old` (see move.py). Each part notes in the transaction
that it belongs to how far it has come, so that running again takes nothing twice.
"""

from __future__ import annotations

import sqlite3

from collector.stores.collector_db import get_meta, set_meta, transaction

_ROWS = 500
# The rows that stand in an order of their own, by what numbers them, and what is taken of each.
_NUMBERED = {
    "outbox": ("seq", "created_at, kind, count, body"),
    "raw_block": ("id", "first_received_at, last_received_at, count, body"),
    "parked": ("id", "destination, kind, body, detail, tries, next_try_at, parked_at"),
}
_NOTE = "folded."


def fold(db: sqlite3.Connection, name: str) -> None:
    """`name` tells this file, on this occasion, from others."""
    for table in _NUMBERED:
        while _take(db, name, table):
            pass
    _take_dead_letters(db, name)


def forget_notes(db: sqlite3.Connection) -> None:
    """Inside a transaction, when the files that were folded are gone."""
    db.execute("DELETE FROM meta WHERE key>=? AND key<?", (_NOTE, f"{_NOTE}\uffff"))


def _take(db: sqlite3.Connection, name: str, table: str) -> bool:
    """Some rows; False when there are no more.

    What waits in the outbox goes to every destination, also what one of them had before: it changes nothing there.
    """
    number, columns = _NUMBERED[table]
    note = f"{_NOTE}{name}.{table}"
    with transaction(db):
        after = int(get_meta(db, note) or 0)
        (until,) = db.execute(
            f"SELECT max({number}) FROM (SELECT {number} FROM old.{table} WHERE {number}>? ORDER BY {number} LIMIT ?)",
            (after, _ROWS),
        ).fetchone()
        if until is None:
            return False
        db.execute(
            f"INSERT INTO main.{table} ({columns})"
            f" SELECT {columns} FROM old.{table} WHERE {number}>? AND {number}<=? ORDER BY {number}",
            (after, until),
        )
        set_meta(db, note, str(until))
    return True


def _take_dead_letters(db: sqlite3.Connection, name: str) -> None:
    note = f"{_NOTE}{name}.dead_letter"
    with transaction(db):
        if get_meta(db, note):
            return
        db.execute(
            "INSERT INTO main.dead_letter SELECT * FROM old.dead_letter WHERE true ON CONFLICT(id) DO UPDATE SET"
            " count=count+excluded.count, first_seen_at=min(first_seen_at, excluded.first_seen_at),"
            " last_seen_at=max(last_seen_at, excluded.last_seen_at)"
        )
        set_meta(db, note, "1")
