"""One LoRaWAN device behind either network: the same document, the same readings, and what is refused."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import orjson
import pytest

from collector.devices.examples import example_payload
from collector.devices.suggest import suggest
from collector.errors import MessageError
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.decoders.lorawan import DECODER
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
LIBRARY = load_library((device_configs(),), VOCABULARY)
EUI = "24e124746d388025"
CHIRPSTACK = f"application/1/device/{EUI}/event/up"
THINGS_STACK = "v3/plant@tenant/devices/meter-1/up"
NOW = 1_795_521_600_000


def chirpstack(sent: str = "", **event: Any) -> bytes:
    """An uplink of these bytes (hex)."""
    uplink = {
        "time": "2026-11-23T09:59:00Z",
        "deviceInfo": {"devEui": EUI, "deviceName": "meter 1", "applicationName": "plant"},
        "fCnt": 7,
        "fPort": 85,
        "data": base64.b64encode(bytes.fromhex(sent)).decode(),
        "rxInfo": [{"gatewayId": "a", "rssi": -80, "snr": 6, "nsTime": "2026-11-23T10:00:00Z"}],
    }
    return orjson.dumps(uplink | event)


def things_stack(sent: str = "", **uplink: Any) -> bytes:
    message = {
        "f_port": 85,
        "f_cnt": 7,
        "frm_payload": base64.b64encode(bytes.fromhex(sent)).decode(),
        "rx_metadata": [{"gateway_ids": {"gateway_id": "a"}, "rssi": -80, "snr": 6}],
        "received_at": "2026-11-23T10:00:00Z",
    }
    ids = {"device_id": "meter-1", "application_ids": {"application_id": "plant"}, "dev_eui": EUI.upper()}
    return orjson.dumps({"end_device_ids": ids, "uplink_message": message | uplink})


def process(topic: str, payload: bytes, library: Library = LIBRARY) -> Processed:
    return Pipeline(library, VOCABULARY).process(Message(topic, payload, 1, 1, False, False, 1, NOW))


def values(result: Processed) -> dict[str, float | None]:
    assert result.refused is None, result.refused
    return {reading.metric: reading.value for reading in result.readings}


def given(profile: str, device: str = EUI) -> Library:
    return Library(LIBRARY.profiles, {device: profile})


def fits(profile: Profile, example: dict[str, Any]) -> bool:
    return bool(Library((profile,)).fitting(example["topic"], example_payload(example)))


def test_both_networks_say_the_same_of_an_uplink() -> None:
    decoded = {"total_current": 100}
    one = DECODER.read({}, chirpstack("039710270000", object=decoded))
    other = DECODER.read({}, things_stack("039710270000", decoded_payload=decoded))
    same = {"event", "eui", "application", "port", "counter", "object", "bytes", "rssi", "snr", "gateways"}
    assert {key: one[key] for key in same} == {key: other[key] for key in same}
    assert one["bytes"] == [0x03, 0x97, 0x10, 0x27, 0, 0]


def test_the_gateway_that_heard_it_best_counts_and_the_network_servers_clock() -> None:
    heard = [
        {"gatewayId": "far", "rssi": -110, "snr": -9, "nsTime": "2026-11-23T10:00:02Z"},
        {
            "gatewayId": "near",
            "rssi": -48,
            "snr": 11,
            "gwTime": "1980-01-06T00:00:00Z",
            "nsTime": "2026-11-23T10:00:01Z",
        },
        {"gatewayId": "deaf"},
    ]
    document = DECODER.read({}, chirpstack(rxInfo=heard))
    assert (document["gateway"], document["rssi"], document["snr"], document["gateways"]) == ("near", -48, 11, 3)
    assert document["time"] == "2026-11-23T10:00:01Z"
    assert document["gateway_time"] == "1980-01-06T00:00:00Z"


def test_what_a_network_leaves_out_because_it_is_zero_is_zero() -> None:
    content = orjson.loads(things_stack())
    uplink = content["uplink_message"]
    del uplink["f_cnt"], uplink["rx_metadata"][0]["snr"]
    uplink["settings"] = {"data_rate": {"lora": {"spreading_factor": 7}}}
    found = values(process(THINGS_STACK, orjson.dumps(content)))
    assert found == {"uplink_counter": 0, "signal_strength": -80, "signal_to_noise": 0}


def test_a_device_keeps_its_identity_when_it_moves_to_another_network() -> None:
    devices = {process(*message).devices[0].id for message in
               ((CHIRPSTACK, chirpstack()), (THINGS_STACK, things_stack()))}  # fmt: skip
    assert devices == {EUI}


def test_a_device_without_an_eui_is_known_by_its_name_within_the_application() -> None:
    content = orjson.loads(things_stack())
    del content["end_device_ids"]["dev_eui"]
    assert process(THINGS_STACK, orjson.dumps(content)).devices[0].id == "plant.meter-1"


@pytest.mark.parametrize("event", ["join_accept", "downlink_ack", "downlink_failed", "location_solved"])
def test_what_is_no_uplink_brings_nothing(event: str) -> None:
    content = orjson.loads(things_stack())
    content[event] = content.pop("uplink_message")
    result = process(THINGS_STACK, orjson.dumps(content))
    assert (list(result.readings), result.refused) == ([], None)


def test_a_join_in_chirpstack_brings_nothing() -> None:
    content = {"time": "2026-11-23T10:00:00Z", "deviceInfo": {"devEui": EUI}, "devAddr": "00189440"}
    assert list(process(CHIRPSTACK, orjson.dumps(content)).readings) == []


@pytest.mark.parametrize(
    ("payload", "reason", "told"),
    [
        (b"\x0a\x243ac7e3c4-4401-4b8d-9386-a5c902f9202d\x12", "not_json", "json = true"),
        (b"{", "not_json", "unexpected"),
        (b'{"devEUI": "AQ==", "fPort": 2}', "bad_format", "ChirpStack 4"),
        (b"[]", "bad_format", "ChirpStack 4"),
        (chirpstack(data="%%%"), "bad_format", "base64"),
        (chirpstack(data="A" * 4000), "bad_format", "512 bytes"),
        (chirpstack(deviceInfo={}), "no_device", "{payload:eui}"),
        (chirpstack(rxInfo=[{"nsTime": "yesterday"}]), "bad_time", "yesterday"),
    ],
)  # fmt: skip
def test_what_is_no_event_of_either_network_is_refused_with_the_reason(
    payload: bytes, reason: str, told: str
) -> None:  # fmt: skip
    refused = process(CHIRPSTACK, payload).refused
    assert refused is not None
    assert refused.reason == reason
    assert told in refused.detail


def test_the_codec_of_the_network_comes_before_the_layout() -> None:
    result = process(CHIRPSTACK, chirpstack("039710270000", object={"total_current": 99}))
    assert values(result)["charge_total"] == 99


def test_bytes_that_the_layout_does_not_know_are_no_fault_where_the_network_could_read_them() -> None:
    assert values(process(CHIRPSTACK, chirpstack("7A0101", object={"total_current": 99})))["charge_total"] == 99


def test_without_a_codec_the_profile_that_people_chose_reads_the_bytes() -> None:
    payload = chirpstack("039710270000 0498B80B")
    assert "charge_total" not in values(process(CHIRPSTACK, payload))
    found = values(process(CHIRPSTACK, payload, given("milesight-ct10x")))
    assert (found["charge_total"], found["current"]) == (100, 30)


def test_what_came_before_an_unknown_channel_is_kept_and_the_rest_is_told() -> None:
    result = process(CHIRPSTACK, chirpstack("039710270000 7A0101"), given("milesight-ct10x"))
    assert {reading.metric: reading.value for reading in result.readings}["charge_total"] == 100
    assert result.refused is not None
    assert "channel 7A 01, at byte 6" in result.refused.detail


def test_a_point_that_was_kept_without_its_time_is_not_taken_for_one_of_now() -> None:
    result = process(CHIRPSTACK, chirpstack(object={"depth": 12, "history": [{"depth": 9}]}))
    assert [reading.value for reading in result.readings if reading.metric == "level"] == [0.12]
    assert result.refused is not None
    assert "has no time" in result.refused.detail


def test_an_unknown_device_shows_its_first_values_and_they_are_not_believed() -> None:
    result = process(CHIRPSTACK, chirpstack(fPort=9, object={"pressure": 101.3, "deep": {"x": 1}, "state": "ok"}))
    assert [device.profile for device in result.devices] == ["lorawan-generic"]
    pressure = next(reading for reading in result.readings if reading.metric == "pressure")
    assert (pressure.value, pressure.quality.word, pressure.reasons.words) == (101.3, "uncertain", ["unit"])


def test_profiles_whose_layout_reads_the_bytes_are_offered_for_an_unknown_device() -> None:
    offered = [one.profile.id for one in suggest(LIBRARY, CHIRPSTACK, chirpstack("039710270000 0498B80B"))]
    assert offered == ["milesight-ct10x", "lorawan-generic"]


def test_what_a_condition_tells_is_offered_alone() -> None:
    payload = chirpstack("017564 03770200", object={"battery": 100, "depth": 2})
    offered = [one.profile.id for one in suggest(LIBRARY, CHIRPSTACK, payload)]
    assert offered == ["milesight-em500-swl", "lorawan-generic"]


@pytest.mark.parametrize(
    ("profile", "example"),
    [
        pytest.param(profile.id, example, id=f"{profile.id}: {example['description']}")
        for profile in LIBRARY.profiles
        if profile.decoder == "lorawan" and profile.id != "lorawan-generic"
        for example in profile.examples
        if fits(profile, example)
    ],
)
def test_conditions_tell_each_device_from_all_others(profile: str, example: dict[str, Any]) -> None:
    fitting = LIBRARY.fitting(example["topic"], example_payload(example))
    assert [one.id for one in fitting if one.id != "lorawan-generic"] == [profile]


PROFILE = """
schema: 1
id: own
decoder: lorawan
match: [{when: {path: [model], equals: own}}]
metrics:
  - {name: pulse_count, path: [object, pulses], unit: count, default: 0}
  - {name: signal_strength, path: [object, heard], unit: dBm}
examples: [{description: one, topic: x, payload: {}, expect: none}]
"""


def test_a_default_needs_a_decoded_payload_and_a_listed_metric_stands_in_for_the_usual_one(tmp_path: Path) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "own.yaml").write_text(PROFILE)
    library = load_library((tmp_path,), VOCABULARY)
    own = {"devEui": EUI, "deviceProfileName": "Own"}
    assert values(process(CHIRPSTACK, chirpstack(deviceInfo=own), library)) == {
        "uplink_counter": 7,
        "signal_to_noise": 6,
    }
    decoded = chirpstack(deviceInfo=own, object={"heard": -44})
    assert values(process(CHIRPSTACK, decoded, library)) == {
        "uplink_counter": 7, "signal_to_noise": 6, "pulse_count": 0, "signal_strength": -44,
    }  # fmt: skip


def test_conditions_see_the_model_that_either_network_names() -> None:
    named = {"devEui": EUI, "deviceProfileName": "Milesight EM500-SWL (EU868)", "tags": {"model": "EM500-SWL"}}
    assert DECODER.read({}, chirpstack(deviceInfo=named))["model"] == "em500-swl"
    version = {"brand_id": "milesight-iot", "model_id": "em500-swl"}
    assert DECODER.read({}, things_stack(version_ids=version))["model"] == "em500-swl"


def test_a_document_that_is_no_object_is_refused() -> None:
    with pytest.raises(MessageError, match="deviceInfo"):
        DECODER.read({}, b"7")
