"""From a message to readings: units, quality, and what is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from collector.domain.reading import Quality, Reading
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PIPELINE = Pipeline(load_library((device_configs(),), VOCABULARY), VOCABULARY)
NOW = 1_795_521_600_000


def process(content: Any, topic: str = "fieldproof/dairy/Effluent 1/readings") -> Any:
    payload = content if isinstance(content, bytes) else orjson.dumps(content)
    return PIPELINE.process(Message(topic, payload, 1, 7, False, False, 1, NOW))


def one(content: Any) -> Reading:
    (reading,) = process(content).readings
    return reading


def test_the_device_id_is_a_slug_and_the_native_name_is_kept() -> None:
    (device,) = process({"values": {"ph": 7}}).devices
    assert (device.id, device.source_name, device.site) == ("dairy.effluent-1", "Effluent 1", "dairy")


@pytest.mark.parametrize(
    ("metric", "value", "unit", "canonical"),
    [
        ("flow", 1, "L/s", 3.6),
        ("active_power", 1500, "W", 1.5),
        ("energy_import", 2500, "Wh", 2.5),
        ("temperature", 68, "degF", 20),
        ("temperature", 293.15, "K", 20),
        ("conductivity", 1.5, "mS/cm", 1500),
        ("cod", 0.1, "g/L", 100),
    ],
)
def test_values_are_stored_in_the_canonical_unit(metric: str, value: float, unit: str, canonical: float) -> None:
    reading = one({"values": {metric: value}, "units": {metric: unit}})
    assert reading.value == pytest.approx(canonical)
    assert reading.quality is Quality.GOOD


def test_a_unit_that_cannot_be_converted_is_bad_and_keeps_the_value_as_sent() -> None:
    reading = one({"values": {"flow": 5}, "units": {"flow": "bananas"}})
    assert (reading.value, reading.quality, reading.reasons.words) == (5, Quality.BAD, ["unit"])


def test_a_value_outside_its_physical_bounds_is_bad() -> None:
    reading = one({"values": {"ph": 15}})
    assert (reading.quality, reading.reasons.words) == (Quality.BAD, ["range"])


def test_an_unknown_metric_is_stored_and_flagged() -> None:
    reading = one({"values": {"sparkle": 3}})
    assert (reading.metric, reading.value, reading.reasons.words) == ("sparkle", 3, ["unknown_metric"])


@pytest.mark.parametrize("value", ["fault", "nan", "", None, [], {}])
def test_a_status_in_place_of_a_number_is_a_bad_reading_without_a_value(value: Any) -> None:
    reading = one({"values": {"ph": value}})
    assert (reading.value, reading.quality, reading.reasons.words) == (None, Quality.BAD, ["no_value"])


def test_numbers_as_text_and_booleans_are_numbers() -> None:
    values = {r.metric: r.value for r in process({"values": {"ph": "7,2", "flow": "3.5", "do": True}}).readings}
    assert values == {"ph": 7.2, "flow": 3.5, "do": 1.0}


@pytest.mark.parametrize(
    ("text", "value"), [("7,25", 7.25), ("1,234", None), ("1_000", None), ("1e3", 1000), ("0x1f", None)]
)
def test_a_text_is_a_number_only_when_it_can_be_read_in_one_way(text: str, value: float | None) -> None:
    assert one({"values": {"cod": text}}).value == value


@pytest.mark.parametrize(
    "unit", ["9**9**9**9", "2**2**40", "10**10**10", "x" * 200_000, "(((", "__import__('os')", "m" * 41]
)
def test_a_hostile_unit_is_no_unit_and_costs_nothing(unit: str) -> None:
    result = process({"values": {"ph": 7}, "units": {"ph": unit}})
    assert result.refused is not None or result.readings[0].reasons.words == ["unit"]


@pytest.mark.parametrize("key", ["units", "quality"])
def test_a_deeply_nested_text_is_refused_and_stops_nothing(key: str) -> None:
    nested = b"[" * 1000 + b"]" * 1000
    assert process(b'{"values": {"ph": 7}, "%s": {"ph": %s}}' % (key.encode(), nested)).refused.reason == "bad_format"


def test_a_value_that_overflows_its_conversion_is_bad() -> None:
    reading = one({"values": {"energy_import": 1e308}, "units": {"energy_import": "TWh"}})
    assert (reading.value, reading.quality) == (None, Quality.BAD)


def test_a_dead_letter_belongs_to_the_site_that_its_topic_names() -> None:
    assert process(b"garbage", "fieldproof/brewery/tank/readings").site == "brewery"


def test_two_names_that_are_too_long_for_an_id_are_refused_and_never_made_one_device() -> None:
    """Cut off, they would be one and the same."""
    assert process({"values": {"ph": 7}}, f"fieldproof/dairy/{'x' * 200}-1/readings").refused.reason == "no_device"


def test_one_faulty_object_of_a_list_leaves_the_others_and_is_told() -> None:
    result = process([{"values": {"ph": 7}}, {"value": 1}, {"time": "soon", "values": {"ph": 7}}])
    assert len(result.readings) == 1
    assert result.refused.reason == "bad_format"
    assert "object 2 of 3" in result.refused.detail
    assert "object 3 of 3" in result.refused.detail


def test_a_time_without_an_offset_is_taken_as_utc_and_flagged() -> None:
    reading = one({"time": "2026-11-24T11:59:00", "values": {"ph": 7}})
    assert (reading.observed_at, reading.quality, reading.reasons.words) == (NOW - 60_000, Quality.UNCERTAIN, ["clock"])


def test_a_payload_beyond_any_device_is_refused_unread() -> None:
    assert process(b" " * 1_000_001).refused.reason == "too_large"


def test_a_decoder_that_fails_costs_its_own_message_and_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An exception that went further would end the receive loop, and with each redelivery the next process."""
    real = Library.decode

    def decode(library: Library, topic: str, payload: bytes) -> Any:
        if payload == b"the fault":
            raise RuntimeError("a fault of ours")
        return real(library, topic, payload)

    monkeypatch.setattr(Library, "decode", decode)
    refused = process(b"the fault")
    assert (refused.refused.reason, refused.refused.detail, list(refused.readings)) == ("internal", "RuntimeError", [])
    assert "decoder failed" in caplog.text
    assert one({"values": {"ph": 7}}).value == 7


def test_no_text_that_a_message_brings_has_a_nul() -> None:
    """PostgreSQL takes none: the device, or the dead letter, would never be seen on the screens."""
    pack = orjson.dumps([{"n": "a\0b/ph", "v": 7}, {"n": "a/cod", "v": 7, "t": "x\0"}, {"n": "a/ph"}])
    result = process(pack, "senml/gateway")
    assert [device.source_name for device in result.devices] == ["ab"]
    refused = process({"values": {"ph": 7}, "time": "yes\0terday"}).refused
    assert "yes\N{REPLACEMENT CHARACTER}terday" in refused.detail


def test_what_edge_nodes_say_is_left_to_the_host_where_there_is_one_whatever_a_profile_asks_for() -> None:
    """A profile of `+/+/+/+` brings it by the ordinary connection too."""
    pipeline = Pipeline(load_library((device_configs(),), VOCABULARY), VOCABULARY)
    topic, payload = "spBv1.0/plant/NDATA/plc-1", b'{"metrics": [{"name": "ph", "dataType": "Float", "value": 7.0}]}'
    ordinary = Message(topic, payload, 1, 7, False, False, 1, NOW, "b:1883")
    assert len(pipeline.process(ordinary).readings) == 1
    pipeline.hosted = {"b:1883"}
    assert pipeline.process(ordinary)[1:5] == ((), (), None, False)
    assert len(pipeline.process(ordinary._replace(broker="b:1883/sparkplug")).readings) == 1
    assert len(pipeline.process(ordinary._replace(broker="other:1883")).readings) == 1
