"""Whatever a network or a device sends, a LoRaWAN profile answers with readings or a reasoned dead letter."""

from __future__ import annotations

import base64
import math
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.files import device_configs
from collector.profiles.layout import Layout
from collector.profiles.layout_schema import BlockSchema, layout_of
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
ALL = load_library((device_configs(),), VOCABULARY)
LORAWAN = [profile for profile in ALL.profiles if profile.decoder == "lorawan"]
EUI = "24e124746d388025"
NOW = 1_795_521_600_000

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
paths = sorted({str(rule.path[1]) for profile in LORAWAN for rule in profile.metrics if rule.path[0] == "object"})
points = st.lists(anything | st.fixed_dictionaries({"timestamp": anything | st.integers(0, 2**32)}), max_size=3)
objects = st.dictionaries(st.sampled_from([*paths, "history", "Node_type"]), anything | points, max_size=6)
encoded = st.binary(max_size=60).map(lambda data: base64.b64encode(data).decode())
times = anything | st.sampled_from(["2026-11-23T10:00:00.123456789+00:00", "2026-11-23T10:00:00Z"])
numbers = anything | st.integers(-200, 255) | st.floats(-200, 20)
ports = st.sampled_from([2, 3, 5, 85]) | anything
receptions = anything | st.lists(
    anything | st.fixed_dictionaries({}, optional={"rssi": numbers, "snr": numbers, "nsTime": times, "time": times}),
    max_size=3,
)
models = st.sampled_from([profile.id for profile in LORAWAN] + ["ct101", "lht65", "EM300-TH"])
chirpstack = st.fixed_dictionaries(
    {"deviceInfo": anything | st.fixed_dictionaries(
        {"devEui": st.just(EUI) | anything},
        optional={"deviceName": anything, "deviceProfileName": models | anything, "tags": anything})},
    optional={"time": times, "fPort": ports, "fCnt": numbers, "data": encoded | anything, "object": objects | anything,
              "rxInfo": receptions, "txInfo": anything, "margin": numbers, "batteryLevel": numbers},
)  # fmt: skip
uplinks = st.fixed_dictionaries(
    {},
    optional={"f_port": ports, "f_cnt": numbers, "frm_payload": encoded | anything, "rx_metadata": receptions,
              "decoded_payload": objects | anything, "settings": anything, "received_at": times,
              "version_ids": anything | st.fixed_dictionaries({"model_id": models})},
)  # fmt: skip
things_stack = st.fixed_dictionaries(
    {"end_device_ids": anything | st.fixed_dictionaries({"device_id": st.text(max_size=9), "dev_eui": st.just(EUI)})},
    optional={"uplink_message": uplinks | anything, "received_at": times, "simulated": st.booleans()},
)
topics = st.sampled_from(
    [f"application/1/device/{EUI}/event/up", f"application/1/device/{EUI}/event/status", "v3/a@b/devices/c/up"]
)


def process(library: Library, topic: str, payload: bytes) -> Processed:
    return Pipeline(library, VOCABULARY).process(Message(topic, payload, 1, 1, False, False, 1, NOW))


def check(result: Processed) -> None:
    if result.refused is not None:
        assert result.refused.reason in {"not_json", "bad_format", "bad_time", "empty", "no_device", "no_profile"}
        assert result.refused.detail
    for reading in result.readings:
        assert reading.value is None or math.isfinite(reading.value)
        assert 0 < reading.observed_at <= NOW + 300_000


@settings(max_examples=1500, deadline=None)
@given(topics, chirpstack | things_stack | anything, st.none() | st.sampled_from([profile.id for profile in LORAWAN]))
def test_events_near_to_what_networks_send(topic: str, content: object, given_profile: str | None) -> None:
    try:
        payload = orjson.dumps(content)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        payload = repr(content).encode("utf-8", "replace")
    library = Library(ALL.profiles, {EUI: given_profile} if given_profile else {})
    check(process(library, topic, payload))


@settings(max_examples=1000, deadline=None)
@given(st.sampled_from([profile.id for profile in LORAWAN]), st.sampled_from([2, 3, 5, 85]), st.binary(max_size=242))
def test_arbitrary_bytes_of_a_device(profile: str, port: int, data: bytes) -> None:
    event = {"deviceInfo": {"devEui": EUI}, "fPort": port, "data": base64.b64encode(data).decode()}
    library = Library(ALL.profiles, {EUI: profile})
    check(process(library, f"application/1/device/{EUI}/event/up", orjson.dumps(event)))


def _fields(names: list[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Fields of which each may depend on those before it."""

    def one(index: int) -> st.SearchStrategy[dict[str, Any]]:
        kinds = st.sampled_from([("uint", 1), ("uint", 3), ("int", 2), ("int", 8), ("float", 2), ("float", 4),
                                 ("float", 8), ("bcd", 2), ("hex", 5)])  # fmt: skip
        before = (
            st.dictionaries(st.sampled_from(names[:index]), st.integers(0, 3), max_size=2) if index else st.just({})
        )
        return st.builds(
            lambda kind, more, only_if: {
                "name": names[index], "type": kind[0], "bytes": kind[1], "only_if": only_if,
                **{key: value for key, value in more.items() if key != "mask" or kind[0] in ("uint", "int")},
            },
            kinds,
            st.fixed_dictionaries({}, optional={
                "at": st.integers(0, 30), "mask": st.sampled_from([1, 0x0C, 0x7F, 0x80]),
                "order": st.sampled_from(["big", "little"]), "scale": st.floats(-1e300, 1e300),
                "offset": st.floats(-1e300, 1e300), "texts": st.just({0: "none", 1: "failed"}),
            }),
            before,
        )  # fmt: skip

    return st.integers(1, len(names)).flatmap(lambda count: st.tuples(*map(one, range(count))).map(list))


_fields_of_three = _fields(["a", "b", "c"])


SCHEMA = BlockSchema()


def _loaded(block: dict[str, Any]) -> dict[str, Any] | None:
    try:
        return SCHEMA.load(block)  # type: ignore[no-any-return]
    except ValidationError:
        return None


blocks = st.one_of(
    st.fixed_dictionaries({"fields": _fields_of_three}, optional={"port": st.integers(0, 3)}),
    st.fixed_dictionaries({"records": st.fixed_dictionaries(
        {"into": st.just("history"), "bytes": st.integers(9, 40), "fields": _fields_of_three},
        optional={"at": st.integers(0, 9)})}),
    st.fixed_dictionaries({"channels": st.lists(st.fixed_dictionaries(
        {"key": st.sampled_from(["00", "01", "02", "FF"]), "bytes": st.integers(0, 40)},
        optional={"fields": _fields_of_three, "into": st.sampled_from(["", "history", "a"])}),
        min_size=1, max_size=4, unique_by=lambda channel: channel["key"])}),
).map(_loaded).filter(bool)  # fmt: skip
layouts = st.lists(blocks, min_size=1, max_size=2)


@settings(max_examples=1000, deadline=None)
@given(layouts, st.integers(0, 4), st.binary(max_size=242) | st.lists(st.sampled_from([0, 1, 2, 255])).map(bytes))
def test_any_layout_reads_any_bytes_or_says_why_not(loaded: list[dict[str, Any]], port: int, data: bytes) -> None:
    layout = layout_of(loaded)
    assert isinstance(layout, Layout)
    found, fault = layout.read(port, data)
    assert isinstance(found, dict)
    assert isinstance(fault, str)
    points = found.get("history")
    assert not isinstance(points, list) or len(points) <= len(data)
