"""collector.db: whole, of this version, and its write-ahead log of a sane size."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from collector.doctor.finding import Finding, amount, bad, duration, ok, unknown, warn
from collector.doctor.patient import Patient
from collector.errors import StoreUnavailable
from collector.stores.collector_db import MIGRATIONS

CHECK = "collector.db"
_CHECK_S = 20.0
_STEPS = 100_000
_WAL_BYTES = 512 << 20
_WITH_RIGHTS = "Run this as the account of the collector: 'sudo -u fieldproof fieldproof doctor'."


def look(patient: Patient) -> Iterator[Finding]:
    file = patient.settings.collector_db
    if not file.exists():
        yield unknown(CHECK, f"there is no {file} yet", "The first start of a collector makes it.")
        return
    was_open = patient.collector_db_is_open
    found = _examined(patient, file)
    if not was_open and patient.collector_db_is_open:
        # A collector began to write while we read as if nobody did.
        found = _examined(patient, file)
    yield from found
    yield from _log(file)
    yield from _set_aside(file)


def _examined(patient: Patient, file: Path) -> list[Finding]:
    try:
        with patient.collector_db() as db:
            return [] if db is None else list(_examine(db, file))
    except StoreUnavailable as error:
        return [_unreadable(file, str(error))]


def _unreadable(file: Path, error: str) -> Finding:
    if "malformed" in error or "not a database" in error:
        return _damaged(file, error)
    return unknown(CHECK, error, _WITH_RIGHTS)


def _damaged(file: Path, error: str) -> Finding:
    return bad(
        CHECK,
        f"{file} is damaged: {error}",
        "Readings in it can be missing, and a collector cannot go on with it.",
        "Start the collector: it sets the file aside and begins a new one. Keep the old file; look at the disk.",
    )


def _examine(db: sqlite3.Connection, file: Path) -> Iterator[Finding]:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    if version > len(MIGRATIONS):
        yield bad(
            CHECK,
            f"it was written by a newer version (schema {version}, this one knows {len(MIGRATIONS)})",
            "This version's collector will not start with it.",
            "Update fieldproof.",
        )
    if not _has_wal(file):
        yield warn(
            CHECK,
            "it has no write-ahead log",
            "Readers then hold up the collector. It sets this at its start, where the file system allows it.",
            "Move the data folder to a disk of this machine.",
        )
    yield _whole(db, file)


def _has_wal(file: Path) -> bool:
    """By the versions in the file's head: a connection that may not write does not say."""
    with file.open("rb") as handle:
        return handle.read(20)[18:] == b"\x02\x02"


def _whole(db: sqlite3.Connection, file: Path) -> Finding:
    """Bounded in time: a year of readings takes minutes to check."""
    deadline = time.monotonic() + _CHECK_S
    db.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
    start = time.monotonic()
    try:
        (answer,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            return _damaged(file, str(error))
        return unknown(
            CHECK,
            f"no fault found in {_CHECK_S:.0f} s; it is too large to be checked to the end",
            "To check it all: sqlite3 collector.db 'PRAGMA quick_check'.",
        )
    except sqlite3.DatabaseError as error:
        return _damaged(file, str(error))
    finally:
        db.set_progress_handler(None, 0)
    if answer != "ok":
        return _damaged(file, str(answer))
    size = amount(file.stat().st_size)
    return ok(CHECK, f"{file} is whole ({size}, checked in {duration(time.monotonic() - start)})")


def _log(file: Path) -> Iterator[Finding]:
    log = Path(f"{file}-wal")
    size = log.stat().st_size if log.exists() else 0
    if size > _WAL_BYTES:
        yield warn(
            CHECK,
            f"its write-ahead log has {amount(size)}",
            "A reader that never ends keeps it from being emptied: it grows until the disk is full.",
            "Find the program that holds collector.db open ('fuser -v collector.db'), and end it.",
        )


def _set_aside(file: Path) -> Iterator[Finding]:
    """Earlier damage, which the collector put beside the new file."""
    beside = (path.name for path in file.parent.glob(f"{file.name}.*"))
    old = sorted(name for name in beside if not name.endswith(("-wal", "-shm", "-journal")))
    if old:
        yield warn(
            CHECK,
            f"damaged files were set aside: {', '.join(old)}",
            "Readings in them may be found nowhere else.",
            "Copy them away, try 'sqlite3 FILE .recover', and look at the disk that damaged them.",
        )
