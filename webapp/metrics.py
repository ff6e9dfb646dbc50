"""What /metrics tells: counts of this process and of the collectors, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from flask import Response
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as MetricSource
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from collector.clock import Clock
from collector.sitedb.tables import Alarm, Collector
from webapp.db import Database
from webapp.queries.points import is_open
from webapp.silence import SILENT_AFTER_MS

_COUNTERS = {
    "received": "Messages received over MQTT",
    "stored": "Readings stored",
    "duplicates": "Readings that were stored before",
    "conflicts": "Second, different values for a stored reading",
    "retained": "Retained messages passed over",
}


class WebMetrics:
    """Belongs to one application; several in one process do not mix."""

    def __init__(self, database: Database, clock: Clock, open_streams: Callable[[], int]) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "fieldproof_http_requests", "Requests answered by this process", ["status"], registry=self._registry
        )
        streams = Gauge("fieldproof_live_streams", "Live streams open in this process", registry=self._registry)
        streams.set_function(open_streams)
        self._registry.register(_SiteDatabase(database, clock))

    def count(self, response: Response) -> Response:
        self._requests.labels(str(response.status_code)).inc()
        return response

    def text(self) -> bytes:
        return generate_latest(self._registry)


class _SiteDatabase(MetricSource):
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def describe(self) -> Iterable[Metric]:
        """Said so that registering does not read the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("fieldproof_site_database_up", "Whether the site database answers")
        try:
            with self._database.read() as db:
                collectors = list(db.scalars(select(Collector).order_by(Collector.id)))
                found = select(Alarm.level, func.count()).where(is_open()).group_by(Alarm.level).order_by(Alarm.level)
                alarms = [(level, count) for level, count in db.execute(found)]
        except SQLAlchemyError:
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        opened = GaugeMetricFamily("fieldproof_alarms_open", "Alarms active or not acknowledged", labels=["level"])
        for level, count in alarms:
            opened.add_metric([level], count)
        yield opened
        yield from _of_collectors(collectors, self._clock())


def _of_collectors(collectors: list[Collector], now: int) -> Iterator[Metric]:
    for name, text in _COUNTERS.items():
        family = CounterMetricFamily(f"fieldproof_collector_{name}", text, labels=["collector"])
        for collector in collectors:
            family.add_metric([collector.id], _number(collector.stats.get(name)))
        yield family
    letters = CounterMetricFamily(
        "fieldproof_collector_dead_letters", "Messages that could not be stored", labels=["collector", "reason"]
    )
    for collector in collectors:
        for reason, count in sorted((collector.stats.get("dead_letters") or {}).items()):
            letters.add_metric([collector.id, reason], _number(count))
    yield letters
    gauges: dict[str, tuple[str, Callable[[Collector], float]]] = {
        "up": ("Whether a heartbeat came in the last minute", lambda c: now - c.last_seen_at <= SILENT_AFTER_MS),
        "connected": ("Whether it is connected to its broker", lambda c: c.connected),
        "last_seen_timestamp_seconds": ("Time of the last heartbeat", lambda c: c.last_seen_at / 1000),
        "outbox_depth": ("Entries not yet forwarded", lambda c: _number(c.stats.get("outbox_depth"))),
        "outbox_age_seconds": ("Age of the oldest of them", lambda c: _number(c.stats.get("outbox_age_s"))),
    }
    for name, (text, value) in gauges.items():
        gauge = GaugeMetricFamily(f"fieldproof_collector_{name}", text, labels=["collector"])
        for collector in collectors:
            gauge.add_metric([collector.id], value(collector))
        yield gauge


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
