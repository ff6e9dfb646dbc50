"""What a collector's last heartbeat says, read once for /metrics, /readyz and the API.

Heartbeats are written by collectors of this version and, while an installation is being updated, of the one before:
what is missing or odd in one is left out, never a fault here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from collector.sharding.layout import Shard
from collector.sitedb.tables import Collector
from webapp.silence import SILENT_AFTER_MS


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in a collector's outbox for one destination; `error` is what it said last, None when it took all."""

    destination: str
    depth: int
    age_s: float
    parked: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a collector cannot store, and so does not acknowledge. `since` in epoch ms."""

    kind: str
    detail: str
    since: int | None


@dataclass(frozen=True, slots=True)
class Durations:
    """A histogram as Prometheus wants it: (upper bound, how many did not pass it)."""

    buckets: list[tuple[str, float]]
    total: float


def silent_s(collector: Collector, now: int) -> float | None:
    """For how many seconds it has been silent; None while it is heard."""
    silent = now - collector.last_seen_at
    return silent / 1000 if silent > SILENT_AFTER_MS else None


def shard(collector: Collector) -> Shard | None:
    """Which of several of its installation it is; None when it does not say."""
    try:
        return Shard.parse(str(collector.stats.get("shard")))
    except ValueError:
        return None


def brokers(collector: Collector) -> dict[str, bool]:
    """Each of its brokers, and whether it is connected and subscribed there."""
    found = collector.stats.get("brokers")
    if isinstance(found, dict) and found:
        return {str(name): bool(connected) for name, connected in sorted(found.items())}
    return {collector.broker: collector.connected}


def outbox(collector: Collector) -> list[Waiting]:
    found = collector.stats.get("outbox")
    if not isinstance(found, dict):
        return []
    return [_waiting(name, told) for name, told in sorted(found.items()) if isinstance(told, dict)]


def _waiting(name: str, told: Mapping[str, Any]) -> Waiting:
    error = told.get("error")
    return Waiting(
        destination=str(name),
        depth=int(number(told.get("depth"))),
        age_s=number(told.get("age_s")),
        parked=int(number(told.get("parked"))),
        error=str(error) if error else None,
    )


def trouble(collector: Collector) -> Trouble | None:
    found = collector.stats.get("trouble")
    if not isinstance(found, dict):
        return None
    since = found.get("since")
    return Trouble(
        str(found.get("kind", "unwritable")),
        str(found.get("detail", "")),
        int(since) if isinstance(since, int | float) else None,
    )


def durations(collector: Collector, name: str) -> Durations | None:
    """One of its histograms, summed up; None when it sent none."""
    histograms = collector.stats.get("histograms")
    found = histograms.get(name) if isinstance(histograms, dict) else None
    if not isinstance(found, dict):
        return None
    bounds, counts = found.get("bounds"), found.get("counts")
    if not isinstance(bounds, list) or not isinstance(counts, list) or len(counts) != len(bounds) + 1:
        return None
    buckets: list[tuple[str, float]] = []
    below = 0.0
    for bound, count in zip([*(str(float(bound)) for bound in bounds), "+Inf"], counts, strict=True):
        below += number(count)
        buckets.append((bound, below))
    return Durations(buckets, number(found.get("sum")))


def dead_letters(collector: Collector) -> dict[str, int]:
    """How many by reason."""
    found = collector.stats.get("dead_letters")
    return {str(k): int(number(v)) for k, v in sorted(found.items())} if isinstance(found, dict) else {}


def number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
