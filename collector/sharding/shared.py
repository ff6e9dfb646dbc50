"""What every collector of a folder needs to know alike before it begins: configuration, commands, how far to trim."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable

from collector.stores.collector_db import get_meta, set_meta, transaction

_SINCE = "forwarding_since."


def share_snapshot(before: Iterable[sqlite3.Connection], after: Iterable[sqlite3.Connection]) -> None:
    """A new collector judges from its first message on, also with the site database away."""
    rows = [row for db in before for row in db.execute("SELECT version, body, taken_at FROM config_snapshot")]
    if not rows:
        return
    newest = max(rows, key=lambda row: int(row[2]))
    for db in after:
        if db.execute("SELECT 1 FROM config_snapshot").fetchone() is None:
            with transaction(db):
                db.execute("INSERT INTO config_snapshot VALUES (?, ?, ?)", newest)


def share_commands(before: Iterable[sqlite3.Connection], after: Iterable[sqlite3.Connection]) -> None:
    """As done counts what every collector has seen, and so its owner too.

    A collector notes a command as done also when the alarm is another's. What one of them did not see yet is asked of
    all again: the alarm's owner of today may be one that only passed it by. To be told twice changes nothing.
    """
    seen = [dict(db.execute("SELECT id, seq FROM applied_command").fetchall()) for db in before]
    common = set.intersection(*[set(ids) for ids in seen])
    rows = _rows(before, common)
    for db in after:
        surplus = [(ident,) for (ident,) in db.execute("SELECT id FROM applied_command") if ident not in common]
        with transaction(db):
            db.executemany("DELETE FROM applied_command WHERE id=?", surplus)
            db.executemany("INSERT OR IGNORE INTO applied_command VALUES (?, ?, ?)", rows)


def _rows(before: Iterable[sqlite3.Connection], common: Collection[str]) -> list[tuple[str, int, int]]:
    found = next(iter(before)).execute("SELECT id, seq, applied_at FROM applied_command").fetchall()
    return [row for row in found if row[0] in common]


def trim_from(before: Iterable[sqlite3.Connection], after: Iterable[sqlite3.Connection], now: int) -> None:
    """Readings that went to InfluxDB are trimmed here. Those that came from another file went there since its day."""
    for db in after:
        keys = [
            key for (key,) in db.execute("SELECT key FROM meta WHERE key>=? AND key<?", (_SINCE, f"{_SINCE}\uffff"))
        ]
        with transaction(db):
            for key in keys:
                since = [get_meta(other, key) for other in (*before, db)]
                set_meta(db, key, str(max(now if at is None else int(at) for at in since)))
