"""What collectors and devices say of themselves, as Prometheus' families of samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from collector.sitedb.tables import Collector
from collector.stats import HISTOGRAMS
from webapp import heartbeat
from webapp.heartbeat import Waiting, number

_COUNTERS = {
    "received": "Messages received over MQTT",
    "stored": "Readings stored",
    "duplicates": "Readings that were stored before",
    "redelivered": "Messages that were stored before, by packet id and content: part of the duplicates",
    "conflicts": "Second, different values for a stored reading",
    "late": "Readings older than what was stored of their point when they came",
    "retained": "Retained messages passed over",
    "foreign": "Messages of other shards' devices, passed over",
    "commits": "Transactions that made a batch durable",
    "commit_failures": "Transactions that failed and were tried again; nothing was acknowledged",
}


class DeviceSeen(NamedTuple):
    device: str
    site: str | None
    last_seen_at: int


def families(collectors: Sequence[Collector], now: int) -> Iterator[Metric]:
    yield from _counters(collectors)
    yield from _gauges(collectors, now)
    yield _connected(collectors)
    yield from _outbox(collectors)
    yield from _histograms(collectors)


def _counters(collectors: Sequence[Collector]) -> Iterator[Metric]:
    for name, text in _COUNTERS.items():
        family = CounterMetricFamily(f"fieldproof_collector_{name}", text, labels=["collector"])
        for collector in collectors:
            family.add_metric([collector.id], number(collector.stats.get(name)))
        yield family
    letters = CounterMetricFamily(
        "fieldproof_collector_dead_letters", "Messages that could not be stored", labels=["collector", "reason"]
    )
    for collector in collectors:
        for reason, count in heartbeat.dead_letters(collector).items():
            letters.add_metric([collector.id, reason], count)
    yield letters


def _gauges(collectors: Sequence[Collector], now: int) -> Iterator[Metric]:
    gauges: dict[str, tuple[str, Callable[[Collector], float]]] = {
        "up": ("Whether a heartbeat came in the last minute", lambda c: heartbeat.silent_s(c, now) is None),
        "storing": ("Whether it can store what it receives", lambda c: heartbeat.trouble(c) is None),
        "last_seen_timestamp_seconds": ("Time of the last heartbeat", lambda c: c.last_seen_at / 1000),
        "start_timestamp_seconds": ("When its process began: counters began at 0 then", lambda c: c.started_at / 1000),
        "disk_free_bytes": ("Free space where it stores", lambda c: number(c.stats.get("disk_free_bytes"))),
    }
    for name, (text, value) in gauges.items():
        gauge = GaugeMetricFamily(f"fieldproof_collector_{name}", text, labels=["collector"])
        for collector in collectors:
            gauge.add_metric([collector.id], value(collector))
        yield gauge


def _connected(collectors: Sequence[Collector]) -> Metric:
    gauge = GaugeMetricFamily(
        "fieldproof_collector_connected", "Whether it is connected and subscribed", labels=["collector", "broker"]
    )
    for collector in collectors:
        for broker, connected in heartbeat.brokers(collector).items():
            gauge.add_metric([collector.id, broker], connected)
    return gauge


def _outbox(collectors: Sequence[Collector]) -> Iterator[Metric]:
    gauges: dict[str, tuple[str, Callable[[Waiting], float]]] = {
        "outbox_depth": ("Entries not yet forwarded to this destination", lambda w: w.depth),
        "outbox_age_seconds": ("Age of the oldest of them", lambda w: w.age_s),
        "outbox_parked": ("What it refused and is offered again later", lambda w: w.parked),
    }
    for name, (text, value) in gauges.items():
        gauge = GaugeMetricFamily(f"fieldproof_collector_{name}", text, labels=["collector", "destination"])
        for collector in collectors:
            for waiting in heartbeat.outbox(collector):
                gauge.add_metric([collector.id, waiting.destination], value(waiting))
        yield gauge


def _histograms(collectors: Sequence[Collector]) -> Iterator[Metric]:
    for name, text in HISTOGRAMS.items():
        family = HistogramMetricFamily(f"fieldproof_collector_{name}_seconds", text, labels=["collector"])
        for collector in collectors:
            if (taken := heartbeat.durations(collector, name)) is not None:
                family.add_metric([collector.id], buckets=taken.buckets, sum_value=taken.total)
        yield family


def devices(seen: Sequence[DeviceSeen], total: int) -> Iterator[Metric]:
    yield GaugeMetricFamily("fieldproof_devices", "Devices that are not retired", value=total)
    gauge = GaugeMetricFamily(
        "fieldproof_device_last_seen_timestamp_seconds", "When a device last spoke", labels=["device", "site"]
    )
    for row in seen:
        gauge.add_metric([row.device, row.site or ""], row.last_seen_at / 1000)
    yield gauge
