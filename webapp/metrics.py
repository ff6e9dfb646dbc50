"""What /metrics tells: counts of this process and of the collectors, in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from flask import Response
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector as MetricSource
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from collector.clock import Clock
from collector.sitedb.tables import Alarm, Collector, Device
from webapp import collector_metrics
from webapp.collector_metrics import DeviceSeen
from webapp.db import Database
from webapp.queries.points import is_open

# One series each. A plant with more is watched by its collectors' counters and its silence limits.
DEVICES_SHOWN = 5_000


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
                seen, total = _devices(db)
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
        yield from collector_metrics.families(collectors, self._clock())
        yield from collector_metrics.devices(seen, total)


def _devices(db: Session) -> tuple[list[DeviceSeen], int]:
    """Always the same ones when there are too many, so that no series comes and goes."""
    installed = Device.state != "retired"
    found = (
        select(Device.id, Device.site_id, Device.last_seen_at)
        .where(installed, Device.last_seen_at.is_not(None))
        .order_by(Device.id)
        .limit(DEVICES_SHOWN)
    )
    total = db.scalar(select(func.count()).select_from(Device).where(installed))
    return [DeviceSeen(ident, site, at) for ident, site, at in db.execute(found) if at is not None], total or 0
