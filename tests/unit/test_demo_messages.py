"""What the demo's devices publish goes through the collector's own pipeline, and says what history says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache

import orjson
import pytest

from collector.demo.messages import Messages, Outgoing
from collector.demo.past_readings import pasts
from collector.demo.records import DemoSite
from collector.demo.signals import Plant
from collector.demo.site import load_demo_site
from collector.domain.reading import Quality, Reading, Reason
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import Vocabulary, load_vocabulary

METER = "shellypro3em-a8032ab12c34"
EFFLUENT = "fieldproof/dairy/effluent/readings"


@cache
def configs() -> tuple[Vocabulary, Library, DemoSite]:
    vocabulary = load_vocabulary(device_configs())
    return vocabulary, load_library([device_configs()], vocabulary), load_demo_site(None, vocabulary)


def epoch_ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@pytest.fixture
def plant() -> Plant:
    return Plant(configs()[2])


@pytest.fixture
def messages(plant: Plant) -> Messages:
    return Messages(plant, configs()[0])


def readings(outgoing: list[Outgoing], received_at: int) -> list[Reading]:
    vocabulary, library, _ = configs()
    pipeline = Pipeline(library, vocabulary)
    found: list[Reading] = []
    for topic, payload in outgoing:
        processed = pipeline.process(Message(topic, payload, 1, 1, False, False, 1, received_at))
        assert processed.refused is None
        assert processed.readings
        found += processed.readings
    return found


def test_a_round_is_understood_and_every_point_of_the_site_speaks(messages: Messages) -> None:
    at = epoch_ms("2026-11-23T10:00:00")
    found = readings(messages.at(at), at + 20)
    assert {reading.observed_at for reading in found} == {at}
    site = configs()[2]
    assert {reading.point for reading in found} >= {*site.signals.points, *site.signals.counters}
    assert {f"{limit.device}/{limit.metric}" for limit in site.limits} <= {reading.point for reading in found}


def test_live_readings_equal_those_that_history_holds_for_the_same_moment(plant: Plant, messages: Messages) -> None:
    vocabulary, library, _ = configs()
    at = epoch_ms("2026-11-23T09:00:00")
    live = {reading.point: reading for reading in readings(messages.at(at), at + 20)}
    seeded = {
        f"{past.device}/{row[0]}": row
        for past in pasts(plant, vocabulary, library)
        for row in past.rows(at, at + 1, at * 2)
    }
    assert live.keys() == seeded.keys()
    for point, reading in live.items():
        assert reading.value == pytest.approx(seeded[point][2], abs=1e-5), point
        assert (int(reading.quality), int(reading.reasons)) == seeded[point][3:5]


def test_flow_is_sent_in_litres_a_second_and_arrives_in_cubic_metres_an_hour(plant: Plant, messages: Messages) -> None:
    at = epoch_ms("2026-11-23T09:00:00")
    body = next(orjson.loads(payload) for topic, payload in messages.at(at) if topic == EFFLUENT)
    assert body["units"] == {"flow": "L/s"}
    flow = plant.value("dairy.effluent/flow", at)
    assert body["values"]["flow"] == pytest.approx(flow / 3.6, abs=0.02)


def test_the_meter_sends_only_what_changed_and_its_totals_every_minute(messages: Messages) -> None:
    start = epoch_ms("2026-11-23T10:00:00")
    frames = [
        orjson.loads(payload)["params"]
        for k in range(25)
        for topic, payload in messages.at(start + 5_000 * k)
        if topic == f"{METER}/events/rpc"
    ]
    measurements = [frame["em:0"] for frame in frames if "em:0" in frame]
    totals = [frame for frame in frames if "emdata:0" in frame]
    assert "a_pf" in measurements[0]
    assert all("a_pf" not in component for component in measurements[1:])
    assert len({len(component) for component in measurements}) > 1
    assert [frame["ts"] for frame in totals] == [start / 1000, start / 1000 + 60, start / 1000 + 120]


def test_calibration_marks_ph_bad_and_nothing_else(messages: Messages) -> None:
    found = readings(messages.at(epoch_ms("2026-11-23T10:35:00")), epoch_ms("2026-11-23T10:35:01"))
    marked = {reading.point: reading for reading in found if reading.quality is not Quality.GOOD}
    assert marked.keys() == {"dairy.effluent/ph"}
    assert marked["dairy.effluent/ph"].reasons is Reason.CALIBRATION


def dropout(plant: Plant) -> tuple[int, int]:
    """Begin and end of the first drop-out after 2026-11-01, epoch ms."""
    begin = epoch_ms("2026-11-01T00:00:00") // 1000
    start = next(s for t in range(begin, begin + 10 * 86_400, 60) if (s := plant.dropout.start(t)) is not None)
    end = plant.dropout.end(start)
    assert end is not None
    return round(start * 1000), round(end * 1000)


def effluent(messages: Messages, moments: Iterator[int] | range) -> dict[int, list[bytes]]:
    return {at: [payload for topic, payload in messages.at(at) if topic == EFFLUENT] for at in moments}


def test_a_gateway_that_was_away_delivers_everything_it_measured_in_lists(plant: Plant, messages: Messages) -> None:
    start, end = dropout(plant)
    sent = effluent(messages, range(start - 5_000, end + 5_000, 5_000))
    assert all(not payloads for at, payloads in sent.items() if start <= at < end)
    *lists, single = [orjson.loads(payload) for payload in sent[end]]
    times = [entry["time"] for batch in lists for entry in batch]
    assert times == list(range(start, end, 5_000))
    assert single["time"] == end
    found = readings([(EFFLUENT, payload) for payload in sent[end]], end + 20)
    assert {reading.observed_at for reading in found} == {*times, end}


def test_a_simulation_that_begins_in_a_drop_out_still_delivers_its_beginning(plant: Plant, messages: Messages) -> None:
    start, end = dropout(plant)
    middle = start + 600_000
    sent = effluent(messages, range(middle, end + 5_000, 5_000))
    times = [entry["time"] for payload in sent[end][:-1] for entry in orjson.loads(payload)]
    assert times == [*range(start, middle, 60_000), *range(middle, end, 5_000)]


def test_history_holds_nothing_that_has_not_arrived_yet(plant: Plant) -> None:
    vocabulary, library, _ = configs()
    start, end = dropout(plant)
    past = next(past for past in pasts(plant, vocabulary, library) if past.device == "dairy.effluent")
    while_away = past.rows(start - 60_000, end, now=end - 1)
    assert {row[1] for row in while_away} == {start - 60_000}
    afterwards = past.rows(start, end, now=end + 1_000)
    assert {row[1] for row in afterwards} == set(range(start, end, 60_000))
    assert all(row[5] >= end for row in afterwards)
