"""Histograms of the collector: what falls where, and what the heartbeat carries."""

from __future__ import annotations

import orjson

from collector.stats import BOUNDS, HISTOGRAMS, LAG_BOUNDS, Histogram


def test_a_duration_counts_below_the_first_bound_it_does_not_pass() -> None:
    histogram = Histogram((1.0, 2.0))
    for seconds in (0.5, 1.0, 1.5, 2.0, 9.0):
        histogram.observe(seconds)
    assert histogram.snapshot() == {"bounds": [1.0, 2.0], "counts": [2, 2, 1], "sum": 14.0}


def test_a_batch_counts_as_many_as_it_held() -> None:
    one_by_one, at_once = Histogram(), Histogram()
    one_by_one.observe(0.004, 3)
    at_once.observe_all([0.004, 0.004, 0.004])
    assert one_by_one.snapshot() == at_once.snapshot()
    assert one_by_one.count == 3


def test_a_clock_that_runs_ahead_takes_nothing_away() -> None:
    histogram = Histogram((1.0,))
    histogram.observe(-5.0)
    histogram.observe_all([-7.0])
    assert histogram.snapshot() == {"bounds": [1.0], "counts": [2, 0], "sum": 0.0}


def test_all_of_them_are_a_small_part_of_a_heartbeat() -> None:
    full = {name: Histogram(LAG_BOUNDS if name == "lag" else BOUNDS) for name in HISTOGRAMS}
    for histogram in full.values():
        histogram.observe(0.0042, 123_456_789)
    body = orjson.dumps({name: histogram.snapshot() for name, histogram in full.items()})
    assert len(body) < 1_000
