"""Each collector's file: whole, of this version, and its write-ahead log of a sane size."""

from __future__ import annotations

import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from collector.doctor.finding import Finding, amount, bad, duration, ok, unknown, warn
from collector.doctor.patient import Patient, is_open, reading
from collector.errors import StoreUnavailable
from collector.stores.collector_db import MIGRATIONS

CHECK = "collector.db"
_CHECK_S = 20.0
_WAL_BYTES = 512 << 20
# What belongs to another file, and what a reshard left, empty, of a collector that it removed.
_NOT_DAMAGED = re.compile(r"-(wal|shm|journal)$|\.retired-")
_WITH_RIGHTS = "Run this as the account of the collector: 'sudo -u fieldproof fieldproof doctor'."


def look(patient: Patient) -> Iterator[Finding]:
    files = patient.collector_files
    if not files:
        file = patient.settings.collector_db
        yield unknown(CHECK, f"there is no {file} yet", "The first start of a collector makes it.")
    for file in files:
        # However many there are, a person waits no longer.
        for finding in [*_of_one(file, _CHECK_S / len(files)), *_log(file)]:
            yield finding if len(files) == 1 else _named(finding, file)
    yield from _set_aside(patient.settings.data)


def _named(finding: Finding, file: Path) -> Finding:
    return finding if str(file) in finding.what else replace(finding, what=f"{file}: {finding.what}")


def _of_one(file: Path, check_s: float) -> list[Finding]:
    was_open = is_open(file)
    found = _examined(file, check_s)
    if not was_open and is_open(file):
        # A collector began to write while we read as if nobody did.
        found = _examined(file, check_s)
    return found


def _examined(file: Path, check_s: float) -> list[Finding]:
    try:
        with reading(file) as db:
            return list(_examine(db, file, check_s))
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


def _examine(db: sqlite3.Connection, file: Path, check_s: float) -> Iterator[Finding]:
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
    yield _whole(db, file, check_s)


def _has_wal(file: Path) -> bool:
    """By the versions in the file's head: a connection that may not write does not say."""
    with file.open("rb") as handle:
        return handle.read(20)[18:] == b"\x02\x02"


def _whole(db: sqlite3.Connection, file: Path, check_s: float) -> Finding:
    """Bounded in time: a year of readings takes minutes to check."""
    # Not by a progress handler: it is not asked while the pages are walked through, which takes most of the time.
    timer = threading.Timer(check_s, db.interrupt)
    timer.start()
    start = time.monotonic()
    try:
        (answer,) = db.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if "interrupted" not in str(error):
            return _damaged(file, str(error))
        return unknown(
            CHECK,
            f"no fault found in {check_s:.0f} s; it is too large to be checked to the end",
            f"To check it all: sqlite3 {file} 'PRAGMA quick_check'.",
        )
    except sqlite3.DatabaseError as error:
        return _damaged(file, str(error))
    finally:
        timer.cancel()
        timer.join()
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
            f"Find the program that holds it open ('fuser -v {file}'), and end it.",
        )


def _set_aside(folder: Path) -> Iterator[Finding]:
    """Earlier damage, which a collector put beside its new file; also of a collector that there is no more."""
    names = (path.name for path in folder.glob("collector*.db.*"))
    old = sorted(name for name in names if not _NOT_DAMAGED.search(name))
    if old:
        yield warn(
            CHECK,
            f"damaged files were set aside: {', '.join(old)}",
            "Readings in them may be found nowhere else.",
            "Copy them away, try 'sqlite3 FILE .recover', and look at the disk that damaged them.",
        )
