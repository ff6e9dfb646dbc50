"""Several collectors' files as one reading store."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from collector.domain.reading import Quality
from collector.errors import StoreUnavailable
from collector.settings import Settings
from collector.sharding.layout import Shard
from collector.stores.collector_db import open_collector_db
from collector.stores.open import open_reading_store

Row = tuple[int, float, Quality]


def write(folder: Path, index: int, device: str, rows: list[Row]) -> None:
    with closing(open_collector_db(Shard(index, 9).database(folder))) as db:
        db.execute("INSERT OR IGNORE INTO series (device, metric) VALUES (?, 'ph')", (device,))
        (series,) = db.execute("SELECT id FROM series WHERE device=?", (device,)).fetchone()
        db.executemany(
            "INSERT INTO reading VALUES (?, ?, ?, ?, 0, 0)", [(series, t, value, int(q)) for t, value, q in rows]
        )


def test_each_device_is_found_in_whichever_file_it_is(tmp_path: Path) -> None:
    store = open_reading_store(Settings(data=tmp_path))
    with pytest.raises(StoreUnavailable, match=r"collector\.db does not exist"):
        store.check()
    write(tmp_path, 0, "a", [(1_000, 7.0, Quality.GOOD)])
    store.check()
    # Made while the store is in use, as by a reshard.
    write(tmp_path, 2, "b", [(2_000, 8.0, Quality.GOOD)])
    assert store.raw("a", "ph", 0, 9_000, 10).value == [7.0]
    assert store.raw("b", "ph", 0, 9_000, 10).value == [8.0]
    assert store.buckets("b", "ph", 0, 9_000, 1).mean == [8.0]
    assert store.raw("c", "ph", 0, 9_000, 10).t == []
    assert store.buckets("c", "ph", 0, 9_000, 1).t == []


def test_what_stands_in_two_files_counts_once_and_the_first_file_wins(tmp_path: Path) -> None:
    """Half of a device has moved: copied, and not yet deleted where it was."""
    write(tmp_path, 0, "a", [(1_100, 1.0, Quality.GOOD), (1_200, 2.0, Quality.GOOD)])
    write(tmp_path, 1, "a", [(1_200, 9.0, Quality.GOOD), (1_300, 6.0, Quality.GOOD), (2_500, 4.0, Quality.BAD)])
    store = open_reading_store(Settings(data=tmp_path))
    raw = store.raw("a", "ph", 0, 9_000, 10)
    assert (raw.t, raw.value) == ([1_100, 1_200, 1_300, 2_500], [1.0, 2.0, 6.0, 4.0])
    assert raw.quality == ["good", "good", "good", "bad"]
    assert store.raw("a", "ph", 0, 9_000, 2).t == [1_100, 1_200]
    buckets = store.buckets("a", "ph", 0, 9_000, 1)
    assert (buckets.t, buckets.mean, buckets.min, buckets.max, buckets.count) == ([1_000], [3.0], [1.0], [6.0], [3])
    assert store.heard("a", 1_250, 9_000, 1) == [1_000, 2_000]
    assert store.heard("a", 1_250, 2_500, 1) == [1_000]
