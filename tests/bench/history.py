"""What a person waits for on a chart: 30 days of one point in 240 buckets, from the embedded store; and the seeding."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from collector.clock import now_ms
from collector.demo.history import seed_history
from collector.demo.site import load_demo_site
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.stores.base import resolution_for
from collector.stores.collector_db import open_collector_db
from collector.stores.sqlite_readings import SqliteReadingStore
from tests.bench.report import Row, row

DAY_MS = 86_400_000


def measure(runs: int) -> list[Row]:
    vocabulary = load_vocabulary(device_configs())
    library, site, now = load_library((device_configs(),), vocabulary), load_demo_site(), now_ms()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "collector.db"
        db = open_collector_db(path)
        seeded = seed_history(db, site, vocabulary, library, now)
        db.close()
        assert seeded is not None
        store = SqliteReadingStore(path)
        month = [_chart(store, now, 30) for _ in range(runs)]
        day = [_chart(store, now, 1) for _ in range(runs)]
    return [
        row("seeding 30 days of the demo", [seeded.readings / seeded.seconds], "readings/s"),
        row("chart of 30 days, 240 buckets", month, "charts/s"),
        row("chart of 24 hours, 240 buckets", day, "charts/s"),
    ]


def _chart(store: SqliteReadingStore, now: int, days: int) -> float:
    start = now - days * DAY_MS
    began = time.perf_counter()
    columns = store.buckets("dairy.effluent", "ph", start, now, resolution_for(start, now, 240))
    assert len(columns.t) > 100
    return 1 / (time.perf_counter() - began)
