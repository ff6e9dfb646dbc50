"""What must not be lost with a damaged collector.db is copied into the new one, row by row as far as it can be read.

The essentials at once, in one transaction: configuration, alarms and limit states, what waits in the outbox, and what
tells a redelivery. The readings follow later, beside the running collector (`salvage_readings.py`).
"""

from __future__ import annotations

import logging
import sqlite3
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from collector.domain.limits import Limit, Phase
from collector.domain.reading import Quality
from collector.stores import outbox, salvage_alarms
from collector.stores.collector_db import last_received_at, set_meta, transaction
from collector.stores.entries import decode, record_entry

log = logging.getLogger(__name__)

Row = tuple[Any, ...]
# Not here: `reading` and `conflict` follow later, and raw messages stay in the file that was set aside.
LATER = ("reading", "conflict", "raw_block")
_CHUNK = 1_000
# What reading a damaged file ends with. A damaged length asks for more memory than there is.
DAMAGE = (sqlite3.DatabaseError, MemoryError, UnicodeDecodeError)
_MOST_BYTES = 1 << 27
# A page holds fewer rows than this.
_MOST_ON_A_PAGE = 1_000
_TYPES: dict[str, type | tuple[type, ...]] = {"INTEGER": int, "REAL": (float, int), "TEXT": str, "BLOB": bytes}
# series_id, observed_at, value, quality, reasons, received_at
_READING: tuple[type | tuple[type, ...], ...] = (int, int, (float, int), int, int, int)
_QUALITIES = frozenset(int(quality) for quality in Quality)


@dataclass(slots=True)
class Found:
    """Rows copied by table, and the tables of which something could not be read."""

    rows: dict[str, int] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        told = ", ".join(f"{count} {table}" for table, count in self.rows.items() if count) or "nothing"
        return f"salvaged {told}" + (f"; not whole: {', '.join(self.damaged)}" if self.damaged else "")


def key(file: Path) -> str:
    """Under this name `meta` says how far the salvage of a file got."""
    return f"salvaged.{file.name}"


def open_damaged(file: Path) -> sqlite3.Connection:
    """Read-only: nothing changes a file that was set aside."""
    old = sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    old.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    # Text that was hit is replaced where it was, and not a reason to give up the row.
    old.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return old


def essentials(file: Path, db: sqlite3.Connection, now: int) -> Found:
    """All or nothing; `meta` then says that it was done. An event tells the auditor."""
    found = Found()
    with transaction(db):
        if file.stat().st_size:
            with closing(open_damaged(file)) as old:
                for table in _tables(db):
                    _copy(old, db, table, found)
                _newest_readings(old, db, found)
                _go_on_counting(old, db)
        set_meta(db, key(file), "essentials")
        log.error("the database was set aside: file=%s %s", file.name, found)
        event = {
            "id": str(uuid.uuid4()),
            "kind": "database_set_aside",
            "detail": f"{file.name} is damaged and was kept; {found}. Its readings are being copied.",
            "started_at": last_received_at(db) or now,
            "ended_at": now,
        }
        outbox.append(db, [*salvage_alarms.reconcile(db, now), record_entry("event", event)], now)
    return found


def _tables(db: sqlite3.Connection) -> list[str]:
    rows = db.execute("SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite%'")
    return [name for (name,) in rows if name not in LATER]


def _copy(old: sqlite3.Connection, db: sqlite3.Connection, table: str, found: Found) -> None:
    try:
        columns = [c for c in _columns(db, table) if c in _columns(old, table)]
    except DAMAGE:
        columns = []
    if not columns:
        found.damaged.append(table)
        return
    names = ", ".join(columns)
    before = db.total_changes
    types = [_TYPES.get(kind, object) for name, kind in _columns(db, table).items() if name in columns]
    insert = f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})"
    damage = Damage()
    for rows in _rows(old, db, table, names, damage):
        sound = [row for row in rows if _typed(row, types) and _sound(table, dict(zip(columns, row, strict=True)))]
        damage.met |= len(sound) < len(rows)
        db.executemany(insert, sound)
    found.rows[table] = db.total_changes - before
    if damage.met:
        found.damaged.append(table)


def _columns(db: sqlite3.Connection, table: str) -> dict[str, str]:
    """The declared types by name."""
    return {row[1]: row[2] for row in db.execute(f"PRAGMA table_info({table})")}


def _typed(row: Row, types: Iterable[type | tuple[type, ...]]) -> bool:
    """SQLite keeps whatever it is given: a value of another type than was declared is damage."""
    return all(value is None or isinstance(value, kind) for value, kind in zip(row, types, strict=True))


def _sound(table: str, row: dict[str, Any]) -> bool:
    """Whether what reads the row later can read it: damage may spare the structure of a page and hit what it holds."""
    try:
        if table == "limit_state":
            Phase(row["phase"])
        elif table == "alarm":
            Limit(**orjson.loads(row["limit_json"]))
        elif table in ("outbox", "parked"):
            decode(0, row["kind"], row["body"])
    except (ValueError, TypeError):
        return False
    return True


@dataclass(slots=True)
class Damage:
    met: bool = False


def _rows(
    old: sqlite3.Connection, db: sqlite3.Connection, table: str, names: str, damage: Damage
) -> Iterator[list[Row]]:
    """By number where the rows have one; the others from both ends."""
    keys = [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[5]]
    order = ", ".join(keys)
    numbered = f"SELECT rowid, {names} FROM {table} NOT INDEXED WHERE rowid>=? ORDER BY rowid LIMIT ?"
    if _has_rowid(db, table):
        for rows in readable(lambda first, most: old.execute(numbered, (first, most)).fetchall(), damage):
            yield [row[1:] for row in rows]
        return
    for direction in ("", " DESC"):
        by = ", ".join(f"{name}{direction}" for name in order.split(", "))
        yield from _until_damage(old, f"SELECT {names} FROM {table} ORDER BY {by}", damage)
        if not damage.met:
            return


def _has_rowid(db: sqlite3.Connection, table: str) -> bool:
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE type='table' AND name=?", (table,)).fetchone()
    return "WITHOUT ROWID" not in sql.upper()


def _until_damage(old: sqlite3.Connection, sql: str, damage: Damage) -> Iterator[list[Row]]:
    rows: list[Row] = []
    (pages,) = old.execute("PRAGMA page_count").fetchone()
    try:
        # One by one: a chunk that meets the damage would be lost whole.
        for number, row in enumerate(old.execute(sql)):
            rows.append(row)
            # A damaged table may lead round in circles: more rows than fit are no rows.
            if number > pages * _MOST_ON_A_PAGE:
                damage.met = True
                break
            if len(rows) == _CHUNK:
                yield rows
                rows = []
    except DAMAGE:
        damage.met = True
    yield rows


def readable(
    read: Callable[[int, int], list[Row]], damage: Damage, first: int = -(2**63), last: int = 2**63 - 1
) -> Iterator[list[Row]]:
    """All rows between two numbers that can be read. `read(from, most)` gives rows, each with its number first."""
    most = _CHUNK
    while first <= last:
        try:
            found = read(first, most)
        except DAMAGE:
            damage.met = True
            if most > 1:
                most = max(1, most // 8)
                continue
            if (after := _beyond(read, first, last)) is None:
                return
            first, most = after, _CHUNK
            continue
        # Of a table whose order is damaged rows come that were not asked for: it must end all the same.
        rows = [row for row in found if isinstance(row[0], int) and first <= row[0] <= last]
        damage.met |= any(not isinstance(row[0], int) or row[0] < first for row in found)
        if not rows:
            return
        yield rows
        first = rows[-1][0] + 1


def _beyond(read: Callable[[int, int], list[Row]], bad: int, last: int) -> int | None:
    """The lowest number above `bad` from which on can be read again: in strides that double, and back by halves."""
    low, stride = bad, 1
    while not _can(read, high := min(bad + stride, last)):
        if high == last:
            return None
        low, stride = high, 2 * stride
    while high - low > 1:
        middle = (low + high) // 2
        if _can(read, middle):
            high = middle
        else:
            low = middle
    return high


def _can(read: Callable[[int, int], list[Row]], first: int) -> bool:
    try:
        read(first, 1)
    except DAMAGE:
        return False
    return True


def _newest_readings(old: sqlite3.Connection, db: sqlite3.Connection, found: Found) -> None:
    """Of each point, so that what comes now is compared with what there was."""
    sql = "SELECT * FROM reading WHERE series_id=? ORDER BY observed_at DESC LIMIT 1"
    rows: list[Row] = []
    for (series,) in db.execute("SELECT id FROM series").fetchall():
        try:
            rows += [row for row in old.execute(sql, (series,)) if sound_reading(row)]
        except DAMAGE:
            if "reading" not in found.damaged:
                found.damaged.append("reading")
    db.executemany("INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?, ?, ?)", rows)


def sound_reading(row: Row) -> bool:
    return _typed(row, _READING) and row[3] in _QUALITIES


def _go_on_counting(old: sqlite3.Connection, db: sqlite3.Connection) -> None:
    """Lanes name numbers of entries: a number that was given must not be given again, or it counts as forwarded."""
    highest = [*_numbers(db, "SELECT max(max(after_seq), max(coalesce(until_seq, 0))) FROM lane")]
    highest += [*_numbers(db, "SELECT max(seq) FROM outbox")]
    highest += [*_numbers(old, "SELECT seq FROM sqlite_sequence WHERE name='outbox'")]
    db.execute("DELETE FROM sqlite_sequence WHERE name='outbox'")
    db.execute("INSERT INTO sqlite_sequence VALUES ('outbox', ?)", (max(highest, default=0),))


def _numbers(db: sqlite3.Connection, sql: str) -> Iterable[int]:
    try:
        return [int(number) for (number,) in db.execute(sql) if isinstance(number, int)]
    except DAMAGE:
        return []
