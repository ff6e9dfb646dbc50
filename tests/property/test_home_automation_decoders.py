"""Whatever Shelly, Tasmota, Zigbee2MQTT, ESPHome or a plain value sends, there are readings or a reasoned refusal."""

from __future__ import annotations

import math

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.errors import MessageError
from collector.profiles.decoder import Decoded
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PROFILES = load_library((device_configs(),), VOCABULARY).profiles

TOPICS = {
    "value": ["fieldproof/a/b/value/ph", "fieldproof/a/b/value/süß", "fieldproof///value/"],
    "esphome": ["n/sensor/temperature/state", "n/binary_sensor/leak/state", "/sensor/electricity_total/state"],
    "shelly_gen1": [
        "shellies/shellyem3-1/emeter/0/power",
        "shellies/x/emeter/1/total",
        "shellies/shellyplug-s-1/relay/0",
    ],
    "shelly_gen2": ["p/events/rpc", "a/p/events/rpc", "p/status/em:0", "a/p/status/switch:3", "p/status/em1data:2"],
    "tasmota": ["tele/d/SENSOR", "d/tele/SENSOR", "stat/d/STATUS8", "d/stat/STATUS10"],
    "zigbee2mqtt": ["zigbee2mqtt/n", "zigbee2mqtt/a/n", "zigbee2mqtt/bridge/n", "zigbee2mqtt/"],
}

REASONS = {"not_json", "bad_format", "bad_time", "no_device", "empty"}

numbers = st.integers() | st.floats() | st.sampled_from([0, 12.5, -1, "7,1", "nan", "", "<0.05 mg/L", "1e5", "0x1F"])
scalars = st.none() | st.booleans() | numbers | st.text(max_size=12)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
values = numbers | anything
good_times = st.sampled_from(["2026-11-23T11:00:00", "2026-11-23T11:00:00Z", 1_795_428_000, 1_795_428_000_250])
times = good_times | good_times | anything


def objects(*keys: str, inner: st.SearchStrategy[object] = values) -> st.SearchStrategy[dict[str, object]]:
    return st.fixed_dictionaries({}, optional=dict.fromkeys(keys, inner))


components = objects("id", "apower", "output", "errors", "total_act_power", "act_power", "total_act_energy", "aenergy")
shelly = st.fixed_dictionaries(
    {},
    optional={
        "src": st.sampled_from(["shellypro3em-a8", ""]) | anything,
        "method": st.sampled_from(["NotifyStatus", "NotifyFullStatus", "NotifyEvent"]) | anything,
        "params": anything
        | st.fixed_dictionaries(
            {"ts": times}, optional=dict.fromkeys(["em:0", "em1:1", "id:3", "pm1:0", "src"], components)
        ),
    },
)
tasmota = st.fixed_dictionaries(
    {"Time": times},
    optional={
        "ENERGY": anything | objects("Power", "Total", "Voltage", inner=values | st.lists(values, max_size=4)),
        "SML": anything | objects("Total_in", "Power_curr"),
        "BME280": anything | objects("Temperature", "Humidity", "Pressure"),
        "TempUnit": anything | st.sampled_from(["C", "F"]),
        "PressureUnit": anything | st.sampled_from(["hPa", "mmHg", "inHg"]),
    },
)
zigbee = objects(
    "power", "energy", "temperature", "water_leak", "voltage", "state", "update", "friendly_name"
) | objects("power", "last_seen", inner=times)
asked = st.fixed_dictionaries({"StatusSNS": tasmota | anything})
DOCUMENTS = {"shelly_gen2": shelly | components, "tasmota": tasmota | asked, "zigbee2mqtt": zigbee}


def payloads(decoder: str) -> st.SearchStrategy[bytes]:
    """Bytes, texts, and documents near to what such devices send."""
    texts = (scalars | st.text(max_size=300)).map(lambda value: str(value).encode("utf-8", "surrogatepass"))
    return st.binary(max_size=300) | texts | (DOCUMENTS.get(decoder, anything) | anything).map(_dumped)


def _dumped(content: object) -> bytes:
    try:
        return orjson.dumps(content)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return repr(content).encode("utf-8", "replace")


def check(decoded: Decoded) -> None:
    assert decoded.device
    assert decoded.values
    for value in decoded.values:
        assert value.metric
        assert value.value is None or math.isfinite(value.value)


@pytest.mark.parametrize("decoder", sorted(TOPICS))
def test_there_are_readings_or_a_reason(decoder: str) -> None:
    library = Library(tuple(profile for profile in PROFILES if profile.decoder == decoder))
    seen = {"readings": 0}

    @settings(max_examples=1000, deadline=None, derandomize=True)
    @given(st.sampled_from(TOPICS[decoder]), payloads(decoder))
    def whatever_comes(topic: str, payload: bytes) -> None:
        refused: MessageError | None = None
        try:
            found = library.decode(topic, payload)
        except MessageError as error:
            found, refused = None, error
        assert refused is None or (refused.reason in REASONS and refused.detail)
        for decoded in found[1].decoded if found is not None else ():
            check(decoded)
            seen["readings"] += 1

    whatever_comes()
    # Otherwise nothing was tried but refusals. The same examples each time, so that this is no matter of chance.
    assert seen["readings"] > 20
