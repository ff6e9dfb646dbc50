"""What keeps collector.db from growing without bound.

Little at a time: each call holds the write lock for milliseconds.
"""

from __future__ import annotations

import sqlite3

from collector.stores.collector_db import transaction

EVERY_MS = 60_000
# How long messages are kept as they came, so that a wrong profile can be corrected and they be read again.
RAW_DAYS = 14
# Commands' ids are remembered far longer than the look-back in which they could be pulled again.
COMMAND_DAYS = 90
_CHUNK = 500
_DAY_MS = 86_400_000


def tidy(db: sqlite3.Connection, now: int) -> None:
    with transaction(db):
        db.execute(
            "DELETE FROM raw_block WHERE id IN (SELECT id FROM raw_block WHERE last_received_at<? LIMIT ?)",
            (now - RAW_DAYS * _DAY_MS, _CHUNK),
        )
        db.execute(
            "DELETE FROM applied_command WHERE applied_at<? AND seq<(SELECT max(seq) FROM applied_command) - ?",
            (now - COMMAND_DAYS * _DAY_MS, 10 * _CHUNK),
        )
