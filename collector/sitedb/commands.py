"""People's commands: rows of the site database's append-only `command` table, pulled by cursor."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from collector.domain.alarms import Operation
from collector.sitedb.tables import Command

# PostgreSQL hands out sequence numbers before the rows become visible: a row may appear behind the cursor.
# Reading some numbers back, and remembering what was applied, catches it.
_LOOK_BACK = 200
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Pulled:
    seq: int
    id: str
    kind: str
    target: str
    body: dict[str, Any]
    author: str


def pull(db: Connection, cursor: int) -> list[Pulled]:
    """Commands after the cursor, with some before it for safety; apply each id once."""
    rows = db.execute(
        select(Command.seq, Command.id, Command.kind, Command.target, Command.body, Command.author)
        .where(Command.seq > cursor - _LOOK_BACK)
        .order_by(Command.seq)
        .limit(_BATCH + _LOOK_BACK)
    )
    return [Pulled(*row) for row in rows]


def last_seq(db: Connection) -> int:
    """The newest command's number. Below our cursor it says that this is another site database than before."""
    return int(db.execute(select(func.max(Command.seq))).scalar() or 0)


def operation(command: Pulled) -> Operation | None:
    """The alarm operation a command asks for; None when this version does not know it."""
    body = command.body
    if command.kind != "alarm" or body.get("op") not in ("acknowledge", "comment"):
        return None
    note = body.get("note")
    return Operation(
        command.id,
        command.target,
        body["op"],
        command.author,
        int(body["done_at"]),
        str(note) if note else None,
    )


def applied(db: sqlite3.Connection, ident: str) -> bool:
    return db.execute("SELECT 1 FROM applied_command WHERE id=?", (ident,)).fetchone() is not None


def mark_applied(db: sqlite3.Connection, command: Pulled, now: int) -> None:
    """Inside the transaction that carries the command out."""
    db.execute("INSERT OR IGNORE INTO applied_command VALUES (?, ?, ?)", (command.id, command.seq, now))


def cursor(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(seq), 0) FROM applied_command").fetchone()[0])
