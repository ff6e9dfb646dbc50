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
_DAY_MS = 86_400_000
# So many readings are looked at in one call: as many as may come meanwhile.
_READINGS_CHUNK = 100_000
# A point's readings are looked at when so many more have had their time: not a few of each point in every call.
_TRIM_EVERY_MS = 3_600_000
_NEVER = -(2**63)


class Housekeeping:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        # Up to where each series was looked at. What is kept for good is not looked at again every time.
        self._looked_until: dict[int, int] = {}
        self._day = 0
        self._through = True

    def tidy(self, now: int, *, forwarded_since: int | None) -> None:
        """`forwarded_since`: readings received from then on have gone to the long-term store; None: there is none."""
        try:
            with transaction(self._db):
                self._tidy(now, forwarded_since)
        except BaseException:
            # What was deleted is there again.
            self._looked_until.clear()
            raise

    def _tidy(self, now: int, forwarded_since: int | None) -> None:
        self._db.execute(
            "DELETE FROM raw_block WHERE id IN (SELECT id FROM raw_block WHERE last_received_at<? LIMIT ?)",
            (now - RAW_DAYS * _DAY_MS, _CHUNK),
        )
        self._db.execute(
            "DELETE FROM applied_command WHERE applied_at<? AND seq<(SELECT max(seq) FROM applied_command) - ?",
            (now - COMMAND_DAYS * _DAY_MS, 10 * _CHUNK),
        )
        if forwarded_since is not None:
            self._trim_readings(now - BUFFER_DAYS * _DAY_MS, forwarded_since)

    def _trim_readings(self, before: int, since: int) -> None:
        """Those still in the outbox carry their values there: trimming loses none of them."""
        # Once a day from the beginning, if the end was reached: readings that came late may lie behind.
        if self._through and self._day != before // _DAY_MS:
            self._day = before // _DAY_MS
            self._looked_until.clear()
        self._through = False
        left = _READINGS_CHUNK
        for (series,) in self._db.execute("SELECT id FROM series").fetchall():
            if left <= 0:
                return
            left -= self._trim_series(series, before, since, left)
        self._through = True

    def _trim_series(self, series: int, before: int, since: int, most: int) -> int:
        """How many readings it looked at."""
        start = self._looked_until.get(series, _NEVER)
        if before - start < _TRIM_EVERY_MS:
            return 0
        count, last = self._db.execute(
            "SELECT count(*), max(observed_at) FROM (SELECT observed_at FROM reading"
            " WHERE series_id=? AND observed_at>=? AND observed_at<? ORDER BY observed_at LIMIT ?)",
            (series, start, before, most),
        ).fetchone()
        until = last + 1 if count == most else before
        self._db.execute(
            "DELETE FROM reading WHERE series_id=? AND observed_at>=? AND observed_at<? AND received_at>=?",
            (series, start, until, since),
        )
        self._looked_until[series] = until
        return int(count)
