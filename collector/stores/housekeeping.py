"""What keeps collector.db from growing without bound.

Little at a time: each call holds the write lock for milliseconds.
"""

from __future__ import annotations

import sqlite3

from collector.stores.collector_db import transaction

# The receive loop commits at most 20 times a second, each with one raw block: 200 in this time, fewer than _CHUNK.
EVERY_MS = 10_000
# How long messages are kept as they came, so that a wrong profile can be corrected and they be read again.
RAW_DAYS = 14
# With InfluxDB as the long-term store the readings here are a buffer; what it never got, and without it all, is kept.
BUFFER_DAYS = 14
# Commands' ids are remembered far longer than the look-back in which they could be pulled again.
COMMAND_DAYS = 90
_CHUNK = 500
_READINGS_CHUNK = 5_000
_DAY_MS = 86_400_000


def tidy(db: sqlite3.Connection, now: int, *, forwarded_since: int | None) -> None:
    """`forwarded_since`: readings received from then on have gone to the long-term store; None: there is none."""
    with transaction(db):
        db.execute(
            "DELETE FROM raw_block WHERE id IN (SELECT id FROM raw_block WHERE last_received_at<? LIMIT ?)",
            (now - RAW_DAYS * _DAY_MS, _CHUNK),
        )
        db.execute(
            "DELETE FROM applied_command WHERE applied_at<? AND seq<(SELECT max(seq) FROM applied_command) - ?",
            (now - COMMAND_DAYS * _DAY_MS, 10 * _CHUNK),
        )
    if forwarded_since is not None:
        _trim_readings(db, now - BUFFER_DAYS * _DAY_MS, forwarded_since)


def _trim_readings(db: sqlite3.Connection, before: int, since: int) -> None:
    """Those still in the outbox carry their values there: trimming loses none of them."""
    for (series,) in db.execute("SELECT id FROM series").fetchall():
        with transaction(db):
            db.execute(
                "DELETE FROM reading WHERE series_id=? AND observed_at IN (SELECT observed_at FROM reading"
                " WHERE series_id=? AND observed_at<? AND received_at>=? ORDER BY observed_at LIMIT ?)",
                (series, series, before, since, _READINGS_CHUNK),
            )
