"""A damaged collector.db is set aside, never deleted: renamed with its write-ahead log, and a new one takes its place.

What must not be lost with it is salvaged (`salvage.py`). All of it can be interrupted anywhere and is taken up again.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from collector.clock import Clock
from collector.errors import StoreUnavailable
from collector.stores import salvage, write_ahead
from collector.stores.collector_db import get_meta, open_collector_db
from collector.trouble import kind_of

log = logging.getLogger(__name__)

# How long a start may look for damage: some hundred megabytes. What lies beyond is noticed when it is met.
LOOK_S = 2.0
_SIDES = ("-wal", "-shm")
_MARK = ".corrupt-"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What a former run of this collector met. `certain`: not for the first time; then looking again proves nothing."""

    why: str
    certain: bool
    look_s: float = 60.0


def open_whole(path: Path, clock: Clock, suspicion: Suspicion | None = None) -> sqlite3.Connection:
    """collector.db, open for writing: as it is when it is whole, else a new one with what could be salvaged.

    Raises StoreUnavailable or sqlite3.Error when the disk does not let us.
    """
    _finish_moving(path, clock())
    if suspicion is not None and suspicion.certain:
        _set_aside(path, suspicion.why, clock())
    log_before = write_ahead.read(path)
    try:
        db = open_collector_db(path)
        fault = first_fault(db, suspicion.look_s if suspicion else LOOK_S)
    # Python itself cannot read what SQLite says of a damaged schema: it quotes from it.
    except (StoreUnavailable, sqlite3.DatabaseError, UnicodeDecodeError) as error:
        if not isinstance(error, UnicodeDecodeError) and kind_of(error, path.parent) != "corrupt":
            raise
        fault, db = str(error.__cause__ or error), None
    if db is None or fault is not None:
        if db is not None:
            db.close()
        _set_aside(path, fault or "damaged", clock())
        db = open_collector_db(path)
    elif log_before is not None:
        write_ahead.report_lost(db, path, log_before, clock())
    for file in set_aside_files(path):
        if get_meta(db, salvage.key(file)) is None:
            salvage.essentials(file, db, clock())
    return db


def set_aside_files(path: Path) -> list[Path]:
    """The damaged files that this one took the place of, oldest first."""
    return sorted(found for found in path.parent.glob(f"{path.name}{_MARK}*") if not found.name.endswith(_SIDES))


def first_fault(db: sqlite3.Connection, seconds: float) -> str | None:
    """The first damage found in that time, in SQLite's words; None when none was."""
    # Not by a progress handler: it is not asked while the pages are walked through, which takes most of the time.
    timer = threading.Timer(seconds, db.interrupt)
    timer.start()
    try:
        (found,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return None
        raise
    finally:
        timer.cancel()
        timer.join()
    return None if found == "ok" else str(found)


def _set_aside(path: Path, fault: str, now: int) -> None:
    aside = _free_name(path, now)
    log.error("collector.db is damaged, setting it aside: file=%s to=%s fault=%s", path, aside.name, fault)
    # The file first: a log without its file is told from a file without its log, and moved by the next start.
    for side in ("", *_SIDES):
        source = path.with_name(path.name + side)
        if source.exists():
            source.rename(aside.with_name(aside.name + side))


def _free_name(path: Path, now: int) -> Path:
    stamp = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (path.with_name(f"{path.name}{_MARK}{stamp}{again}") for again in _numbered())
    return next(name for name in names if not name.exists())


def _numbered() -> Iterator[str]:
    yield ""
    number = 2
    while True:
        yield f"-{number}"
        number += 1


def _finish_moving(path: Path, now: int) -> None:
    """SQLite deletes a write-ahead log whose file is missing or empty: whatever is in it is set aside first."""
    log_file = path.with_name(path.name + "-wal")
    if not log_file.exists() or log_file.stat().st_size == 0 or (path.exists() and path.stat().st_size > 0):
        return
    if path.exists():
        _set_aside(path, "empty, beside a write-ahead log that is not", now)
        return
    former = [file for file in set_aside_files(path) if not file.with_name(file.name + "-wal").exists()]
    owner = former[-1] if former else _free_name(path, now)
    log.error("collector.db is gone, setting its write-ahead log aside: file=%s to=%s", log_file, owner.name)
    log_file.rename(owner.with_name(owner.name + "-wal"))
