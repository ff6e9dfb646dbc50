"""What is read from a collector's heartbeat, and what is passed over."""

from __future__ import annotations

from typing import Any

import pytest

from collector.sitedb.tables import Collector
from collector.stats import BOUNDS, Histogram
from webapp import heartbeat
from webapp.heartbeat import Trouble, Waiting


def collector(**stats: Any) -> Collector:
    return Collector(
        id="c", started_at=0, last_seen_at=0, connected=True, broker="b:1883", config_version=1, stats=stats
    )


def test_silent_is_whoever_said_nothing_for_a_minute() -> None:
    assert heartbeat.silent_s(collector(), 60_000) is None
    assert heartbeat.silent_s(collector(), 61_500) == 61.5


def test_each_broker_is_told_apart_and_an_older_collector_has_its_one() -> None:
    two = collector(brokers={"b:1883": True, "a:1883": False})
    assert heartbeat.brokers(two) == {"a:1883": False, "b:1883": True}
    assert heartbeat.brokers(collector()) == {"b:1883": True}


def test_the_outbox_is_told_by_destination() -> None:
    told = {"site": {"depth": 0, "age_s": 0.0}, "influx": {"depth": 9, "age_s": 4, "parked": 2, "error": "away"}}
    assert heartbeat.outbox(collector(outbox=told)) == [
        Waiting("influx", 9, 4.0, 2, "away"),
        Waiting("site", 0, 0.0, 0, None),
    ]


def test_a_histogram_is_summed_up_as_prometheus_wants_it() -> None:
    histogram = Histogram()
    for seconds in (0.0005, 0.002, 0.002, 99.0):
        histogram.observe(seconds)
    found = heartbeat.durations(collector(histograms={"lag": histogram.snapshot()}), "lag")
    assert found is not None
    assert found.buckets[:3] == [("0.001", 1), ("0.0025", 3), ("0.005", 3)]
    assert found.buckets[-1] == ("+Inf", 4)
    assert len(found.buckets) == len(BOUNDS) + 1
    assert found.total == pytest.approx(99.0045)


def test_trouble_is_read_as_it_was_told() -> None:
    told = {"kind": "disk_full", "detail": "no space on /data", "since": 5}
    assert heartbeat.trouble(collector(trouble=told)) == Trouble("disk_full", "no space on /data", 5)
    assert heartbeat.trouble(collector(trouble=None)) is None


@pytest.mark.parametrize("odd", [None, 7, "x", [], {"x": 1}, {"bounds": [1], "counts": [1]}])
def test_what_is_odd_is_passed_over(odd: Any) -> None:
    strange = collector(brokers=odd, outbox=odd, histograms={"lag": odd}, trouble=odd)
    assert heartbeat.durations(strange, "lag") is None
    assert heartbeat.outbox(strange) == []
    assert heartbeat.durations(collector(histograms=odd), "lag") is None
    assert heartbeat.brokers(strange)
    assert heartbeat.dead_letters(collector(dead_letters=odd)) in ({}, odd, {"bounds": 0, "counts": 0})
    heartbeat.trouble(strange)
