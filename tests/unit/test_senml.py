"""SenML by the rules of RFC 8428: base fields, names, times, units, sums, and what must be refused."""

from __future__ import annotations

from typing import Any

import cbor2
import orjson
import pytest

from collector.domain.reading import Quality, Reading, Reason
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.decoders.senml import _SUMS, _UNITS, split_name
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PIPELINE = Pipeline(load_library((device_configs(),), VOCABULARY), VOCABULARY)
NOW = 1_795_521_600_000
AT = 1_795_428_000


def process(pack: Any, topic: str = "senml/gateway") -> Processed:
    payload = pack if isinstance(pack, bytes) else orjson.dumps(pack)
    return PIPELINE.process(Message(topic, payload, 1, 1, False, False, 1, NOW))


def readings(pack: Any) -> list[Reading]:
    result = process(pack)
    assert result.refused is None, result.refused
    return list(result.readings)


def shown(pack: Any) -> dict[str, float | None]:
    return {reading.point: reading.value for reading in readings(pack)}


def refusal(pack: Any) -> tuple[str, str]:
    refused = process(pack).refused
    assert refused is not None
    return refused.reason, refused.detail


def test_base_fields_hold_until_they_are_given_again() -> None:
    pack = [
        {"bn": "a/", "bt": AT, "bu": "Cel", "bv": 20, "n": "temperature", "v": 1.5},
        {"n": "device_temperature", "v": 2},
        {"bn": "b/", "bv": 0, "n": "temperature", "v": 3},
    ]
    assert shown(pack) == {"a/temperature": 21.5, "a/device_temperature": 22.0, "b/temperature": 3.0}


def test_a_record_without_value_takes_the_base_value() -> None:
    assert shown([{"bn": "a/", "bt": AT, "bv": 7.5}, {"n": "ph"}]) == {"a/ph": 7.5}


def test_records_of_base_fields_only_are_no_values() -> None:
    assert shown([{"bn": "a/", "bt": AT, "bver": 10}, {"n": "ph", "v": 7}]) == {"a/ph": 7.0}


@pytest.mark.parametrize(
    ("name", "device", "metric"),
    [
        ("plant/et1/ph", "plant/et1", "ph"),
        ("urn:dev:ow:10e2073a0108006:voltage", "urn:dev:ow:10e2073a0108006", "voltage"),
        ("urn:dev:ow:10e2073a0108006_voltage", "urn:dev:ow:10e2073a0108006", "voltage"),
        ("urn:dev:ow:10e2073a0108006", "urn:dev:ow:10e2073a0108006", ""),
        ("urn:dev:mac:0024befffe804ff1/room/active_power", "urn:dev:mac:0024befffe804ff1/room", "active_power"),
        ("active_power", "", "active_power"),
        ("plant/et1/", "plant/et1", ""),
    ],
)
def test_a_name_is_a_device_and_a_metric(name: str, device: str, metric: str) -> None:
    assert split_name(name) == (device, metric)


def test_a_name_without_a_device_is_of_the_device_of_the_topic() -> None:
    assert shown([{"n": "ph", "v": 7, "t": AT}]) == {"gateway/ph": 7.0}


def test_times_are_added_and_count_seconds() -> None:
    at = [reading.observed_at for reading in readings([{"bn": "a/", "bt": AT, "n": "ph", "v": 7, "t": -1.5}])]
    assert at == [AT * 1000 - 1500]


def test_a_time_relative_to_now_is_reckoned_from_the_receipt() -> None:
    result = process([{"bn": "a/", "n": "ph", "v": 7, "t": -20}, {"n": "ph", "v": 7.1}])
    assert [(reading.observed_at, reading.quality) for reading in result.readings] == [
        (NOW - 20_000, Quality.GOOD),
        (NOW, Quality.GOOD),
    ]
    # Its identity rests on our clock: a redelivery is told by its packet.
    assert result.stamped


def test_what_counts_less_than_two_to_the_28_is_relative_to_now() -> None:
    """After RFC 8428 section 4.5.3: there is no time of the years 1970 to 1978."""
    (soon,) = readings([{"bn": "a/", "n": "ph", "v": 7, "t": 30}])
    assert (soon.observed_at, soon.quality) == (NOW + 30_000, Quality.GOOD)


def test_a_relative_time_that_lies_in_the_future_becomes_the_receipt_flagged() -> None:
    (reading,) = readings([{"bn": "a/", "n": "ph", "v": 7, "t": 3600}])
    assert (reading.observed_at, reading.reasons) == (NOW, Reason.CLOCK)


def test_units_of_the_registry_are_converted() -> None:
    pack = [
        {"bn": "a/", "bt": AT, "n": "flow", "u": "l/s", "v": 1},
        {"n": "conductivity", "u": "S/m", "v": 1},
        {"n": "humidity", "u": "%RH", "v": 50},
        {"n": "energy_import", "u": "J", "v": 3_600_000},
        {"n": "power_factor", "u": "/", "v": 0.9},
    ]
    assert shown(pack) == pytest.approx(
        {
            "a/flow": 3.6,
            "a/conductivity": 10_000.0,
            "a/humidity": 50.0,
            "a/energy_import": 1.0,
            "a/power_factor": 0.9,
        }
    )


def test_parts_per_million_are_never_taken_for_milligrams_in_a_litre() -> None:
    (reading,) = readings([{"bn": "a/", "bt": AT, "n": "ammonia_air", "u": "ppm", "v": 5}])
    assert (reading.quality, reading.reasons) == (Quality.BAD, Reason.UNIT)


@pytest.mark.parametrize("unit", sorted({*_UNITS.values(), *_SUMS.values()}))
def test_every_unit_we_spell_otherwise_is_one(unit: str) -> None:
    assert VOCABULARY.understood(unit)


def test_texts_and_data_are_no_numbers() -> None:
    assert shown([{"bn": "a/", "bt": AT, "n": "ph", "vs": "7.2"}, {"n": "cod", "vd": "NDI"}, {"n": "do", "v": 8}]) == {
        "a/do": 8.0
    }


def test_booleans_are_one_and_zero() -> None:
    assert shown([{"bn": "a/", "bt": AT, "n": "leak", "vb": True}, {"n": "switched_on", "vb": False}]) == {
        "a/leak": 1.0,
        "a/switched_on": 0.0,
    }


def test_a_sum_stands_beside_the_value() -> None:
    assert shown([{"bn": "a/", "bt": AT, "bs": 100, "n": "active_power", "u": "W", "v": 500, "s": 20}]) == {
        "a/active_power": 0.5,
        "a/active_power_sum": 120.0,
    }


def test_two_values_of_one_moment_are_both_kept() -> None:
    assert [r.value for r in readings([{"bn": "a/", "bt": AT, "n": "ph", "v": 7}, {"n": "ph", "v": 7.1}])] == [7.0, 7.1]


@pytest.mark.parametrize(
    ("pack", "told"),
    [
        ([{"n": "a/ph", "v": 7, "x_": 1}], "'x_', which must be understood"),
        ([{"bver": 12, "n": "a/ph", "v": 7}], "version 12 of SenML is not known"),
        ([{"bver": 10, "n": "a/ph", "v": 7}, {"bver": 5, "n": "a/ph", "v": 7}], "record 2 is of another version"),
        ([{"bt": "now", "n": "a/ph", "v": 7}], "bt must be a number"),
        ({"n": "a/ph", "v": 7}, "a SenML pack is a list"),
        ([7], "record 1 is no object"),
        ([{"v": 7}], "record 1: it has no name"),
        ([{"n": "a/ph"}], "record 1: it has no value"),
        ([{"n": "a/ph", "v": "7"}], "record 1: v must be a number"),
        ([{"n": "a/ph", "v": 7, "t": -1e30}], "record 1: t, -1e+30 seconds from now, is no time"),
    ],
)
def test_what_breaks_the_rules_is_refused_with_a_sentence(pack: Any, told: str) -> None:
    reason, detail = refusal(pack)
    assert reason == "bad_format"
    assert told in detail


def test_version_10_and_secondary_units_are_known() -> None:
    for version in (5, 10, 26):
        assert shown([{"bver": version, "bt": AT, "n": "a/active_power", "u": "kW", "v": 2}]) == {"a/active_power": 2.0}


def test_a_bad_record_leaves_the_others_usable() -> None:
    result = process([{"bn": "a/", "bt": AT, "n": "ph", "v": 7}, {"n": "cod", "v": None}])
    assert [reading.point for reading in result.readings] == ["a/ph"]
    assert result.refused is not None
    assert "record 2" in result.refused.detail


def test_an_empty_pack_is_empty() -> None:
    assert refusal([])[0] == "empty"


def test_cbor_says_the_same_in_integers() -> None:
    pack = [{-2: "a/", -3: AT, 0: "ph", 1: "pH", 2: 7.25}, {0: "leak", 4: True}]
    result = process(cbor2.dumps(pack), "senml-cbor/gateway")
    assert {reading.point: reading.value for reading in result.readings} == {"a/ph": 7.25, "a/leak": 1.0}


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\x81",
        b"\xff",
        b"\x81" * 1000 + b"\x01",  # nested
        bytes.fromhex("d81c81d81d00"),  # a list that contains itself
        bytes.fromhex("81a10282c11b7fffffffffffffff01"),  # a date beyond the calendar
        bytes.fromhex("81a202c482") + b"\x1a\x7f\xff\xff\xff\x01\x00\x61a",  # 10 to the power of two thousand million
        cbor2.dumps([{0: "a/ph", 2: 2**200}]),
        cbor2.dumps([{0: "a/ph", 2: float("nan")}]),
    ],
)
def test_cbor_that_is_none_or_hostile_is_refused(payload: bytes) -> None:
    refused = process(payload, "senml-cbor/gateway").refused
    assert refused is not None
    assert refused.reason == "bad_format"
