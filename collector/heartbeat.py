"""The `stats` of a heartbeat: what /metrics, /readyz and the screens know of a collector."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collector.clock import Clock
from collector.ingest.committer import Stats
from collector.sharding.layout import ALONE, Shard
from collector.stats import Histogram
from collector.stores import dead_letters
from collector.stores.forwarder import Forwarder

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Heartbeat:
    """Read on the link's thread, while others count. `side` is a connection of its own, for reading."""

    stats: Stats
    forwarders: Iterable[Forwarder]
    side: sqlite3.Connection
    folder: Path
    clock: Clock
    shard: Shard = ALONE
    _counted: dict[str, Any] = field(default_factory=lambda: {"dead_letters": {}, "parked": {}})

    def content(
        self,
        brokers: Mapping[str, bool],
        *,
        histograms: Mapping[str, Histogram],
        trouble: Mapping[str, Any] | None,
    ) -> dict[str, Any]:
        """`brokers`: each one's name, and whether we are subscribed there. `trouble`: why nothing can be stored."""
        counted = self._count()
        outbox = {forwarder.destination: self._waiting(forwarder, counted["parked"]) for forwarder in self.forwarders}
        return {
            "shard": str(self.shard),
            **self._counters(),
            "dead_letters": counted["dead_letters"],
            "brokers": dict(brokers),
            "outbox": outbox,
            # The furthest behind, for who wants one number.
            "outbox_depth": max((waiting["depth"] for waiting in outbox.values()), default=0),
            "outbox_age_s": max((waiting["age_s"] for waiting in outbox.values()), default=0.0),
            "histograms": {name: histogram.snapshot() for name, histogram in histograms.items()},
            "trouble": dict(trouble) if trouble else None,
            "disk_free_bytes": self._free(),
        }

    def _counters(self) -> dict[str, int]:
        stats = self.stats
        return {
            "received": stats.received,
            "stored": stats.stored,
            "duplicates": stats.duplicates + stats.redelivered,
            "redelivered": stats.redelivered,
            "conflicts": stats.conflicts,
            "late": stats.late,
            "retained": stats.retained,
            "foreign": stats.foreign,
            "commits": stats.commits,
            "commit_failures": stats.commit_failures,
        }

    def _waiting(self, forwarder: Forwarder, parked: Mapping[str, int]) -> dict[str, Any]:
        progress = forwarder.progress
        age = 0.0 if progress.oldest_at is None else max(0.0, (self.clock() - progress.oldest_at) / 1000)
        return {
            "depth": progress.depth,
            "age_s": age,
            "parked": parked.get(forwarder.destination, 0),
            "error": progress.error,
        }

    def _count(self) -> dict[str, Any]:
        """From the file. When it cannot be read that is the trouble to tell of, and the last counts still stand."""
        try:
            parked = self.side.execute("SELECT destination, count(*) FROM parked GROUP BY destination").fetchall()
            self._counted = {"dead_letters": dead_letters.counts_by_reason(self.side), "parked": dict(parked)}
        except sqlite3.Error as error:
            log.warning("cannot count for the heartbeat: error=%s", error)
        return self._counted

    def _free(self) -> int | None:
        try:
            return shutil.disk_usage(self.folder).free
        except OSError:
            return None
