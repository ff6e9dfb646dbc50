"""Shelly, Tasmota, Zigbee2MQTT, ESPHome and plain values: what is read, what is nothing, what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from collector.domain.reading import Quality, Reading, Reason
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
LIBRARY = load_library((device_configs(),), VOCABULARY)
PIPELINE = Pipeline(LIBRARY, VOCABULARY)
# 2026-11-23T10:00:20Z
NOW = 1_795_428_020_000

VALUES = "fieldproof/dairy/et1/value/"
EM3 = "shellies/shellyem3-68C63AFB5856/emeter/"


def process(topic: str, payload: str | bytes) -> Processed:
    body = payload.encode() if isinstance(payload, str) else payload
    return PIPELINE.process(Message(topic, body, 1, 1, False, False, 1, NOW))


def only(readings: Sequence[Reading]) -> Reading:
    assert len(readings) == 1
    return readings[0]


def refused(result: Processed) -> str | None:
    return result.refused.reason if result.refused is not None else None


def nothing(result: Processed) -> bool:
    return not result.readings and result.refused is None


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7.02", 7.02),
        (" 7,02\r\n", 7.02),
        ("7.02 pH", 7.02),
        ("+7", 7.0),
        ("7e0", 7.0),
    ],
)
def test_a_plain_number_is_read_as_people_and_controllers_write_it(text: str, value: float) -> None:
    reading = only(process(VALUES + "ph", text).readings)
    assert (reading.device, reading.metric, reading.value, reading.quality) == ("dairy.et1", "ph", value, Quality.GOOD)
    assert reading.observed_at == NOW


@pytest.mark.parametrize("text", ["", "NaN", "---", "unavailable", "unknown", "sensor not connected"])
def test_a_text_in_place_of_a_value_is_a_missing_value(text: str) -> None:
    reading = only(process(VALUES + "ph", text).readings)
    assert reading.value is None
    assert (reading.quality, reading.reasons) == (Quality.BAD, Reason.NO_VALUE)


@pytest.mark.parametrize("payload", [b"7" * 201, b"\xff\xfe", "7 " * 150, "ä" * 500])
def test_what_is_no_single_value_is_refused(payload: str | bytes) -> None:
    assert refused(process(VALUES + "ph", payload)) == "bad_format"


def test_the_unit_behind_a_number_goes_before_that_of_the_profile() -> None:
    assert only(process(VALUES + "flow", "10 L/s").readings).value == pytest.approx(36)
    assert only(process(VALUES + "temperature", "68 °F").readings).value == pytest.approx(20)


def test_a_bound_with_a_unit_keeps_both() -> None:
    reading = only(process(VALUES + "ammonia", "<50 ug/L").readings)
    assert reading.value == pytest.approx(0.05)
    assert reading.reasons is Reason.BELOW_DETECTION


def test_a_word_that_the_profile_knows_is_not_taken_apart() -> None:
    reading = only(process("shellies/shellyplug-s-6A6374/relay/0", "overpower").readings)
    assert reading.metric == "switched_on"
    assert reading.reasons == Reason.DEVICE_FAULT | Reason.NO_VALUE


def test_the_same_topics_mean_phases_on_one_model_and_single_meters_on_another() -> None:
    phase = only(process(EM3 + "1/power", "345.0").readings)
    assert (phase.device, phase.metric) == ("shellyem3-68c63afb5856", "active_power_l2")
    clamp = only(process("shellies/shellyem-B929CC/emeter/1/power", "345.0").readings)
    assert (clamp.device, clamp.metric) == ("shellyem-b929cc.emeter-1", "active_power")
    assert phase.value == clamp.value == pytest.approx(0.345)


def test_a_notification_and_a_status_topic_give_the_same_values() -> None:
    body = '{"id": 0, "apower": 12.5, "output": true}'
    source = "shellyplus1pm-441793d4db20"
    told = process(f"{source}/events/rpc", f'{{"src": "{source}", "params": {{"ts": 1795428000, "switch:0": {body}}}}}')
    asked = process(f"{source}/status/switch:0", body)
    assert told.readings
    assert [(*reading[:2], reading.value) for reading in told.readings] == [
        (*reading[:2], reading.value) for reading in asked.readings
    ]
    assert {reading.observed_at for reading in told.readings} == {1_795_428_000_000}
    assert {reading.observed_at for reading in asked.readings} == {NOW}


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("homeassistant/status/x", "online"),
        ("plant/gateway/status/wifi", "not even JSON"),
        ("mains/events/rpc", '{"src": "x", "method": "NotifyEvent", "params": {"events": []}}'),
        ("mains/events/rpc", '{"id": 1, "src": "x", "method": "Switch.Set", "params": {"id": 0, "on": true}}'),
        ("mains/status/em:0", "{}"),
        ("zigbee2mqtt/bridge/state", "online"),
        ("zigbee2mqtt/bridge", "1"),
        ("zigbee2mqtt/plug/availability", "offline"),
        ("zigbee2mqtt/plug/set", '{"state": "ON"}'),
        ("zigbee2mqtt/plug/get", '{"power": ""}'),
        ("zigbee2mqtt/plug", ""),
        ("zigbee2mqtt/plug/state", "ON"),
        ("zigbee2mqtt/plug/power", "84"),
        ("shellies/shellyplug-s-6A6374/info", '{"wifi_sta": "' + "x" * 300 + '"}'),
        ("shellies/shellyplug-s-6A6374/online", "true"),
        ("shellies/shellyplug-s-6A6374/temperature_f", "88.59"),
        ("tele/plug/SENSOR", '{"Time": "2026-11-23T11:00:00", "Switch1": "ON"}'),
    ],
)
def test_what_is_published_beside_measurements_leaves_no_dead_letter(topic: str, payload: str) -> None:
    assert nothing(process(topic, payload))


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("mains/events/rpc", "[1]", "bad_format"),
        ("mains/events/rpc", '{"src": "x", "method": "NotifyStatus"}', "bad_format"),
        ("mains/events/rpc", '{"src": null, "params": {"em:0": {"a_freq": 50}}}', "no_device"),
        ("mains/events/rpc", '{"src": "x", "params": {"ts": "noon", "em:0": {"a_freq": 50}}}', "bad_time"),
        ("mains/status/em:0", "7", "bad_format"),
        ("tele/plug/SENSOR", "[]", "bad_format"),
        ("stat/plug/STATUS8", '{"StatusSNS": 7}', "bad_format"),
        ("zigbee2mqtt/plug", "[]", "bad_format"),
        ("zigbee2mqtt/plug", '{"power": 7, "last_seen": "a while ago"}', "bad_time"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(topic: str, payload: str, reason: str) -> None:
    assert refused(process(topic, payload)) == reason


def test_the_local_time_of_a_plug_is_that_of_its_site() -> None:
    pipeline = Pipeline(LIBRARY, VOCABULARY)
    pipeline.use({"plug": "dairy"}, {"dairy": "Europe/Berlin"})
    payload = b'{"Time": "2026-11-23T11:00:00", "ENERGY": {"Power": 12}}'
    reading = only(pipeline.process(Message("tele/plug/SENSOR", payload, 1, 1, False, False, 1, NOW)).readings)
    assert (reading.observed_at, reading.quality) == (1_795_428_000_000, Quality.GOOD)


def test_inches_of_mercury_and_fahrenheit_become_hectopascal_and_celsius() -> None:
    payload = '{"BME280": {"Temperature": "212", "Pressure": 29.92}, "PressureUnit": "inHg", "TempUnit": "F"}'
    found = {reading.metric: reading.value for reading in process("tele/roof/SENSOR", payload).readings}
    assert found == {"temperature": pytest.approx(100), "air_pressure": pytest.approx(1013.2, abs=0.01)}


def test_a_message_goes_to_the_profile_that_finds_its_values_and_to_no_other() -> None:
    taken = {
        '{"ENERGY": {"Power": 5}}': "tasmota-energy",
        '{"ENERGY": {"Power": [5, 6, 7]}}': "tasmota-energy-three-phase",
        '{"SML": {"Power_curr": 5}, "ESP32": {"Temperature": 50}}': "tasmota-sml",
        '{"DS18B20": {"Temperature": 5}}': "tasmota-climate",
    }
    for payload, profile in taken.items():
        assert [found.id for found in LIBRARY.fitting("tele/x/SENSOR", payload.encode())] == [profile]


def test_the_relay_of_an_energy_meter_does_not_hide_its_measurements() -> None:
    params = '{"ts": 1795428000, "switch:0": {"output": true}, "em1:1": {"act_power": 5}}'
    body = f'{{"src": "m", "method": "NotifyFullStatus", "params": {params}}}'
    reading = only(process("m/events/rpc", body).readings)
    assert (reading.device, reading.metric, reading.value) == ("m.em1-1", "active_power", 0.005)


SENSORS = """
schema: 1
id: {id}
decoder: esphome
match: [{{topic: "{topic}", when: {{path: [name], equals: pump}}}}]
device_id: "{device}"
key: "{key}"
metrics: [{{name: level, path: [{path}], unit: m}}]
examples: [{{description: one, topic: x/sensor/x/state, payload: "1", expect: none}}]
"""


def test_two_profiles_may_name_the_parts_of_one_topic_differently(tmp_path: Path) -> None:
    """What was read for one, whose `name` is the sensor, is not the other's, whose `name` is the node."""
    first = {"id": "a", "topic": "{prefix}/sensor/{name}/state", "device": "{prefix}", "key": "{name}", "path": "pump"}
    second = {"id": "b", "topic": "{name}/sensor/{what}/state", "device": "{name}", "key": "{what}", "path": "depth"}
    (tmp_path / "profiles").mkdir()
    for profile in (first, second):
        (tmp_path / "profiles" / f"{profile['id']}.yaml").write_text(SENSORS.format(**profile))
    library = load_library((tmp_path,), VOCABULARY)
    found = library.decode("pump/sensor/depth/state", b"2.5")
    assert found is not None
    assert found[0].id == "b"
    assert [value.value for value in found[1].decoded[0].values] == [2.5]
