"""Copies the readings of a file that was set aside into the present one, while the collector runs.

Little at a time, so that ingest hardly waits for it; not at all while the disk is nearly full; and after a restart it
goes on with the point it was at.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import threading
import uuid
from contextlib import closing
from pathlib import Path

from collector.clock import Clock
from collector.errors import StoreUnavailable
from collector.stores import outbox
from collector.stores.collector_db import connect, get_meta, set_meta, transaction
from collector.stores.entries import record_entry
from collector.stores.salvage import Damage, Row, key, open_damaged, readable, sound_reading
from collector.stores.set_aside import set_aside_files

log = logging.getLogger(__name__)

ESSENTIALS, DONE = "essentials", "done"
# A pause between two transactions of some thousand readings: about a third of the disk's time is ours.
_PAUSE_S = 0.02
_AGAIN_S = 30.0
_KEEP_FREE = 1 << 30
_KEEP_FREE_SHARE = 0.1
_INSERT = "INSERT OR IGNORE INTO reading VALUES (?, ?, ?, ?, ?, ?)"
# Of another value for a moment that is taken: a device may have sent one before the old one was copied.
_INSERT_SECOND = (
    "INSERT OR IGNORE INTO conflict SELECT ?1, ?2, ?3, ?4, ?5, ?6"
    " WHERE EXISTS (SELECT 1 FROM reading WHERE series_id=?1 AND observed_at=?2 AND value IS NOT ?3)"
)


class ReadingsSalvage(threading.Thread):
    def __init__(self, path: Path, clock: Clock) -> None:
        super().__init__(name="salvage", daemon=True)
        self._path = path
        self._clock = clock
        self._stop_asked = threading.Event()

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        for file in set_aside_files(self._path):
            while not self._stop_asked.is_set():
                try:
                    self._copy(file)
                    break
                except (sqlite3.Error, StoreUnavailable, OSError) as error:
                    log.warning("cannot copy readings now, trying again: file=%s error=%s", file.name, error)
                    self._stop_asked.wait(_AGAIN_S)

    def _copy(self, file: Path) -> None:
        with closing(connect(self._path)) as db:
            if (state := get_meta(db, key(file))) in (None, DONE):
                return
            copied, damage = 0, Damage()
            if file.stat().st_size:
                with closing(open_damaged(file)) as old:
                    common = self._common_series(db, old, damage)
                    for series in sorted(common):
                        if state is not None and state.isdigit() and series <= int(state):
                            continue
                        copied += self._copy_series(db, old, series, damage)
                        if self._stop_asked.is_set():
                            return
                        with transaction(db):
                            set_meta(db, key(file), str(series))
                    with transaction(db):
                        _copy_conflicts(db, old, common, damage)
            self._finish(db, file, copied, damage)

    def _common_series(self, db: sqlite3.Connection, old: sqlite3.Connection, damage: Damage) -> set[int]:
        """The points that have the same number in both."""
        there: set[Row] = set()
        sql = "SELECT id, device, metric FROM series NOT INDEXED WHERE id>=? ORDER BY id LIMIT ?"
        for rows in readable(lambda first, most: old.execute(sql, (first, most)).fetchall(), damage):
            there.update(rows)
        return {row[0] for row in db.execute("SELECT id, device, metric FROM series") if row in there}

    def _copy_series(self, db: sqlite3.Connection, old: sqlite3.Connection, series: int, damage: Damage) -> int:
        sql = (
            "SELECT observed_at, value, quality, reasons, received_at FROM reading"
            " WHERE series_id=? AND observed_at>=? ORDER BY observed_at LIMIT ?"
        )
        copied = 0
        for rows in readable(lambda first, most: old.execute(sql, (series, first, most)).fetchall(), damage):
            self._await_room()
            if self._stop_asked.wait(_PAUSE_S):
                break
            sound = [row for row in ((series, *row) for row in rows) if sound_reading(row)]
            damage.met |= len(sound) < len(rows)
            with transaction(db):
                new = db.executemany(_INSERT, sound).rowcount
                if new < len(sound):
                    db.executemany(_INSERT_SECOND, sound)
            copied += new
        return copied

    def _await_room(self) -> None:
        said = False
        while not self._stop_asked.is_set():
            disk = shutil.disk_usage(self._path.parent)
            if disk.free >= min(_KEEP_FREE, disk.total * _KEEP_FREE_SHARE):
                return
            if not said:
                log.warning("copying readings waits for space on the disk: free=%d", disk.free)
            said = True
            self._stop_asked.wait(_AGAIN_S)

    def _finish(self, db: sqlite3.Connection, file: Path, copied: int, damage: Damage) -> None:
        now = self._clock()
        told = "; some could not be read" if damage.met else ""
        log.warning("readings copied out of the file set aside: file=%s readings=%d%s", file.name, copied, told)
        event = {
            "id": str(uuid.uuid4()),
            "kind": "database_salvaged",
            "detail": f"{copied} readings were copied out of {file.name}{told}; keep the file",
            "started_at": now,
            "ended_at": now,
        }
        with transaction(db):
            outbox.append(db, [record_entry("event", event)], now)
            set_meta(db, key(file), DONE)


def _copy_conflicts(db: sqlite3.Connection, old: sqlite3.Connection, common: set[int], damage: Damage) -> None:
    """Second values of a reading: few."""
    sql = (
        "SELECT rowid, series_id, observed_at, value, quality, reasons, received_at FROM conflict NOT INDEXED"
        " WHERE rowid>=? ORDER BY rowid LIMIT ?"
    )
    for rows in readable(lambda first, most: old.execute(sql, (first, most)).fetchall(), damage):
        kept = [row[1:] for row in rows if row[1] in common and sound_reading(row[1:])]
        db.executemany("INSERT OR IGNORE INTO conflict VALUES (?, ?, ?, ?, ?, ?)", kept)
