"""The embedded reading store: collector.db opened read-only, on the collector's own host."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from collector.domain.reading import Quality
from collector.errors import StoreUnavailable
from collector.stores.base import BucketColumns, RawColumns
from collector.stores.collector_db import connect

_WORDS = {int(quality): quality.word for quality in Quality}


class SqliteReadingStore:
    """A connection for each query: short read transactions never hold back the collector's checkpoints."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if not self.path.exists():
            raise StoreUnavailable(f"{self.path} does not exist yet: the collector has not run here")
        db = connect(self.path, read_only=True)
        try:
            yield db
        except sqlite3.Error as error:
            raise StoreUnavailable(f"cannot read {self.path}: {error}") from error
        finally:
            db.close()

    def check(self) -> None:
        with self._open() as db:
            db.execute("SELECT 1 FROM series LIMIT 1").fetchone()

    def raw(self, device: str, metric: str, start: int, end: int, limit: int) -> RawColumns:
        columns = RawColumns()
        with self._open() as db:
            rows = db.execute(
                "SELECT observed_at, value, quality FROM reading"
                " WHERE series_id=(SELECT id FROM series WHERE device=? AND metric=?)"
                " AND observed_at>=? AND observed_at<? ORDER BY observed_at LIMIT ?",
                (device, metric, start, end, limit),
            ).fetchall()
        for observed_at, value, quality in rows:
            columns.t.append(observed_at)
            columns.value.append(value)
            columns.quality.append(_WORDS[quality])
        return columns

    def buckets(self, device: str, metric: str, start: int, end: int, resolution_s: int) -> BucketColumns:
        columns = BucketColumns(resolution_s)
        step = resolution_s * 1000
        with self._open() as db:
            rows = db.execute(
                "SELECT observed_at / ? * ?, avg(value), min(value), max(value), count(value) FROM reading"
                " WHERE series_id=(SELECT id FROM series WHERE device=? AND metric=?)"
                " AND observed_at>=? AND observed_at<? AND quality<? AND value IS NOT NULL"
                " GROUP BY 1 ORDER BY 1",
                (step, step, device, metric, start, end, int(Quality.BAD)),
            ).fetchall()
        for t, mean, low, high, count in rows:
            columns.t.append(t)
            columns.mean.append(mean)
            columns.min.append(low)
            columns.max.append(high)
            columns.count.append(count)
        return columns

    def heard(self, device: str, start: int, end: int, resolution_s: int) -> list[int]:
        """A look into each bucket, which ends at the first reading: not through all there are."""
        step = resolution_s * 1000
        with self._open() as db:
            rows = db.execute(
                "WITH RECURSIVE bucket(t) AS (SELECT ? UNION ALL SELECT t + ? FROM bucket WHERE t + ? < ?)"
                " SELECT t FROM bucket WHERE EXISTS (SELECT 1 FROM series JOIN reading ON series_id=series.id"
                " WHERE device=? AND observed_at>=max(t, ?) AND observed_at<min(t + ?, ?)) ORDER BY t",
                (start // step * step, step, step, end, device, start, step, end),
            ).fetchall()
        return [t for (t,) in rows]
