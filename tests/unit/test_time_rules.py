"""The time rules of profiles, from a message to its readings (docs/time.md)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from collector.domain.reading import Reading
from collector.errors import ConfigError
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
MINUTE, HOUR = 60_000, 3_600_000
# A plug whose clock shows local time and names no offset, as Tasmota's does.
PLUG = """
schema: 1
id: plug
decoder: json
match: [{topic: "tele/{site}/{device}/SENSOR"}]
device_id: "{site}.{device}"
RULE
metrics: [{name: active_power, path: [Power], unit: W}]
examples: [{description: one, topic: tele/a/b/SENSOR, payload: {Power: 7}, expect: {device: a.b, readings: {}}}]
"""
PLAIN = """
schema: 1
id: fieldproof-plain
decoder: plain
match: [{topic: "fieldproof/{site}/{device}/readings"}]
device_id: "{site}.{device}"
RULE
examples: [{description: one, topic: fieldproof/a/b/readings, payload: [], expect: {refused: empty}}]
"""


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


SUMMER, WINTER = utc("2026-07-01T12:00:00"), utc("2026-12-01T12:00:00")


def loaded(folder: Path, rule: str, profile: str = PLUG) -> Pipeline:
    (folder / "profiles").mkdir(exist_ok=True)
    (folder / "profiles" / "one.yaml").write_text(profile.replace("RULE", rule))
    pipeline = Pipeline(load_library((folder,), VOCABULARY), VOCABULARY, {"b:1883": "meath"})
    pipeline.use({}, {"meath": "Europe/Dublin", "howe": "Australia/Lord_Howe", "odd": "Mars/Olympus"})
    return pipeline


def process(pipeline: Pipeline, time: Any, received: int, topic: str = "tele/meath/plug/SENSOR") -> Processed:
    content = {"Time": time, "Power": 2000} if topic.startswith("tele") else {"time": time, "values": {"ph": 7}}
    result = pipeline.process(Message(topic, orjson.dumps(content), 1, 7, False, False, 1, received, "x:1883"))
    assert result.refused is None, result.refused
    return result


def one(pipeline: Pipeline, time: Any, received: int, topic: str = "tele/meath/plug/SENSOR") -> Reading:
    (reading,) = process(pipeline, time, received, topic).readings
    assert reading.received_at == received
    return reading


def outcome(reading: Reading) -> tuple[int, str, list[str], bool]:
    return reading.observed_at, reading.quality.word, reading.reasons.words, reading.stamped


def test_without_a_zone_a_naive_time_is_taken_as_utc_and_flagged(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso}")
    assert outcome(one(pipeline, "2026-12-01T12:00:00", WINTER)) == (WINTER, "uncertain", ["clock"], False)


def test_a_naive_time_that_would_be_in_the_future_as_utc_becomes_the_receipt_flagged(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso}")
    assert outcome(one(pipeline, "2026-07-01T13:00:00", SUMMER)) == (SUMMER, "uncertain", ["clock"], True)


@pytest.mark.parametrize(
    ("zone", "face", "moment"),
    [
        ("utc", "2026-07-01T11:59:00", SUMMER - MINUTE),
        ("Europe/Dublin", "2026-07-01T12:59:00", SUMMER - MINUTE),
        ("Asia/Kolkata", "2026-07-01T17:29:00", SUMMER - MINUTE),
        ("site", "2026-07-01T12:59:00", SUMMER - MINUTE),
    ],
)
def test_a_naive_time_in_a_stated_zone_is_good(tmp_path: Path, zone: str, face: str, moment: int) -> None:
    pipeline = loaded(tmp_path, f"time: {{path: [Time], unit: iso, zone: {zone}}}")
    assert outcome(one(pipeline, face, SUMMER)) == (moment, "good", [], False)


def test_a_stated_zone_leaves_a_time_with_an_offset_alone(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso, zone: Asia/Kolkata}")
    assert outcome(one(pipeline, "2026-07-01T12:00:00Z", SUMMER)) == (SUMMER, "good", [], False)


def test_in_the_hour_that_passes_twice_the_nearest_moment_is_taken_and_flagged(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso, zone: site}")
    first = utc("2026-10-25T00:30:00")
    face = "2026-10-25T01:30:00"
    assert outcome(one(pipeline, face, first + 500)) == (first, "uncertain", ["clock"], False)
    assert outcome(one(pipeline, face, first + HOUR + 500)) == (first + HOUR, "uncertain", ["clock"], False)


def test_a_moment_chosen_by_the_receipt_makes_a_redelivery_told_by_its_packet(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso, zone: site}")
    assert process(pipeline, "2026-10-25T01:30:00", utc("2026-10-25T00:30:01")).stamped
    assert not process(pipeline, "2026-10-25T00:30:00", utc("2026-10-25T00:30:01")).stamped


def test_in_the_hour_that_is_left_out_the_nearest_moment_is_taken_and_flagged(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso, zone: site}")
    received = utc("2026-03-29T01:30:20")
    assert outcome(one(pipeline, "2026-03-29T01:30:00", received)) == (
        received - 20_000, "uncertain", ["clock"], False,
    )  # fmt: skip


def test_a_site_given_by_people_wins_over_the_one_in_the_topic(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso, zone: site}")
    pipeline.use({"meath.plug": "howe"}, {"meath": "Europe/Dublin", "howe": "Australia/Lord_Howe"})
    assert outcome(one(pipeline, "2026-07-01T22:29:00", SUMMER)) == (SUMMER - MINUTE, "good", [], False)


def test_a_site_that_moves_to_another_zone_is_read_in_it_from_then_on(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso, zone: site}")
    pipeline.use({}, {"meath": "Asia/Kolkata"})
    assert outcome(one(pipeline, "2026-07-01T17:30:00", SUMMER)) == (SUMMER, "good", [], False)


@pytest.mark.parametrize("site", ["nowhere", "odd"])
def test_with_a_site_or_a_zone_that_is_not_known_it_is_as_without_one(tmp_path: Path, site: str) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso, zone: site}")
    reading = one(pipeline, "2026-07-01T11:59:00", SUMMER, f"tele/{site}/plug/SENSOR")
    assert outcome(reading) == (SUMMER - MINUTE, "uncertain", ["clock"], False)


def test_the_site_of_the_brokers_address_counts_where_the_topic_names_none(tmp_path: Path) -> None:
    profile = PLUG.replace("{site}/{device}/S", "{device}/S").replace("{site}.{device}", "{device}")
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso, zone: site}", profile)
    payload = orjson.dumps({"Time": "2026-07-01T12:59:00", "Power": 1})
    result = pipeline.process(Message("tele/plug/SENSOR", payload, 1, 7, False, False, 1, SUMMER, "b:1883"))
    assert outcome(result.readings[0]) == (SUMMER - MINUTE, "good", [], False)


def test_where_the_receipt_is_trusted_the_devices_time_is_not_even_read(tmp_path: Path) -> None:
    for rule in ("time: {trust: receipt}", "time: {path: [Time], unit: s, trust: receipt}"):
        pipeline = loaded(tmp_path, rule)
        for time in (0, "1970-01-01T00:00:07", "next week", "2099-01-01T00:00:00Z", None):
            result = process(pipeline, time, SUMMER)
            assert outcome(result.readings[0]) == (SUMMER, "good", [], True)
            assert result.stamped


def test_the_plain_format_takes_zone_and_trust_too(tmp_path: Path) -> None:
    topic = "fieldproof/meath/effluent/readings"
    pipeline = loaded(tmp_path, "time: {zone: site}", PLAIN)
    assert outcome(one(pipeline, "2026-07-01T12:59:00", SUMMER, topic)) == (SUMMER - MINUTE, "good", [], False)
    pipeline = loaded(tmp_path, "time: {trust: receipt}", PLAIN)
    assert outcome(one(pipeline, "2099-01-01T00:00:00Z", SUMMER, topic)) == (SUMMER, "good", [], True)


@pytest.mark.parametrize("unit", ["us", "ns"])
def test_microseconds_and_nanoseconds_are_read_where_the_profile_says_so(tmp_path: Path, unit: str) -> None:
    pipeline = loaded(tmp_path, f"time: {{path: [Time], unit: {unit}}}")
    sent = SUMMER * {"us": 1_000, "ns": 1_000_000}[unit]
    assert outcome(one(pipeline, sent, SUMMER)) == (SUMMER, "good", [], False)


def test_microseconds_that_nobody_announced_become_a_dead_letter_that_says_what_to_do(tmp_path: Path) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: s}")
    payload = orjson.dumps({"Time": SUMMER * 1_000, "Power": 1})
    result = pipeline.process(Message("tele/meath/plug/SENSOR", payload, 1, 7, False, False, 1, SUMMER))
    assert result.refused is not None
    assert result.refused.reason == "bad_time"
    assert "is it 'us'" in result.refused.detail


@pytest.mark.parametrize("time", [0, -1, "1970-01-01T00:00:00Z", "2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_clock_that_was_never_set_or_is_far_ahead_becomes_the_receipt_flagged(tmp_path: Path, time: Any) -> None:
    pipeline = loaded(tmp_path, "time: {path: [Time], unit: iso}")
    assert outcome(one(pipeline, time, SUMMER)) == (SUMMER, "uncertain", ["clock"], True)


@pytest.mark.parametrize("zone", ["Europe/Dublin", "Pacific/Apia", "America/Adak"])
@pytest.mark.parametrize("time", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_the_ends_of_the_calendar_are_no_trouble_in_any_zone(tmp_path: Path, zone: str, time: str) -> None:
    pipeline = loaded(tmp_path, f"time: {{path: [Time], unit: iso, zone: {zone}}}")
    assert outcome(one(pipeline, time, SUMMER)) == (SUMMER, "uncertain", ["clock"], True)


@pytest.mark.parametrize(
    ("rule", "profile", "told"),
    [
        ("time: {path: [Time]}", PLUG, "time.unit: path and unit go together"),
        ("time: {unit: s}", PLUG, "time.path: path and unit go together"),
        ("time: {zone: site}", PLUG, "time.path: missing"),
        ("time: {path: [Time], unit: minutes}", PLUG, "time.unit: Must be one of"),
        ("time: {path: [Time], unit: s, zone: Mars/Olympus}", PLUG, "time.zone: 'Mars/Olympus' is no time zone"),
        ("time: {path: [Time], unit: s, zone: ../etc/passwd}", PLUG, "is no time zone"),
        ("time: {path: [Time], unit: s, zone: ''}", PLUG, "is no time zone"),
        ("time: {path: [Time], unit: s, trust: nobody}", PLUG, "time.trust: Must be one of"),
        ("time: {path: [Time], unit: s}", PLAIN, "time.path: the format has a place of its own"),
    ],
)
def test_a_time_rule_that_cannot_be_meant_is_a_fault_of_the_file(
    tmp_path: Path, rule: str, profile: str, told: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, rule, profile)
    assert told in "\n".join(caught.value.faults)
