"""SenML, line protocol and HJ 212: what is written by the rules of a format is read as it was meant."""

from __future__ import annotations

import cbor2
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.domain.reading import Reading
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline
from collector.profiles.decoders import hj212, line_protocol
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PIPELINE = Pipeline(load_library((device_configs(),), VOCABULARY), VOCABULARY)
NOW = 1_795_521_600_000
_LABELS = {"bver": -1, "bn": -2, "bt": -3, "bu": -4, "bv": -5, "bs": -6, "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4,
           "s": 5, "t": 6, "ut": 7, "vd": 8}  # fmt: skip

numbers = st.floats(-1e9, 1e9) | st.integers(-(10**9), 10**9)
senml_times = st.integers(-100_000, 0) | st.integers(1_700_000_000, 1_795_000_000) | st.just(0)
senml_records = st.fixed_dictionaries(
    {},
    optional={
        "bn": st.sampled_from(["a/", "urn:dev:ow:10e2073a0108006:", "", "b"]),
        "bt": senml_times,
        "bu": st.sampled_from(["Cel", "l/s", "W", "%RH"]),
        "bv": numbers,
        "n": st.sampled_from(["ph", "flow", "temperature", "c/cod", ""]),
        "u": st.sampled_from(["Cel", "K", "S/m", "m3/s", "/", "pH", "bananas"]),
        "v": numbers,
        "vb": st.booleans(),
        "vs": st.text(max_size=5),
        "s": numbers,
        "t": st.integers(-100_000, 1000),
        "ut": st.integers(0, 100),
    },
)


def readings(topic: str, payload: bytes) -> list[Reading]:
    return list(PIPELINE.process(Message(topic, payload, 1, 1, False, False, 1, NOW)).readings)


@settings(max_examples=1000)
@given(st.lists(senml_records, min_size=1, max_size=6))
def test_senml_says_the_same_in_json_and_in_cbor(pack: list[dict[str, object]]) -> None:
    integers = [{_LABELS[label]: value for label, value in record.items()} for record in pack]
    assert readings("senml/g", orjson.dumps(pack)) == readings("senml-cbor/g", cbor2.dumps(integers))


# A backslash at the end of a name cannot be written in line protocol: it would escape what follows.
names = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\t\0"), min_size=1, max_size=12).filter(
    lambda name: not name.endswith("\\") and "\\" not in name and not name.startswith("#") and name.strip() == name
)
values = (
    st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**63), 2**63 - 1)
    | st.booleans()
    | st.text(st.characters(codec="utf-8"), max_size=12)
)


def escaped(name: str, marks: str) -> str:
    return "".join(f"\\{mark}" if mark in marks else mark for mark in name)


def written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "f"
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return f"{value}i" if isinstance(value, int) else repr(value)


@settings(max_examples=1000)
@given(
    st.lists(
        st.tuples(
            names,
            st.dictionaries(names, names, max_size=3),
            st.dictionaries(names, values, min_size=1, max_size=3),
            st.none() | st.integers(-(2**63), 2**63 - 1),
        ),
        min_size=1,
        max_size=3,
    )
)
def test_line_protocol_is_read_as_it_was_written(
    lines: list[tuple[str, dict[str, str], dict[str, object], int | None]],
) -> None:
    text = ""
    for measurement, tags, fields, time in lines:
        text += escaped(measurement, ", ")
        text += "".join(f",{escaped(tag, ',= ')}={escaped(value, ',= ')}" for tag, value in tags.items())
        text += " " + ",".join(f"{escaped(name, ',= ')}={written(value)}" for name, value in fields.items())
        text += "\n" if time is None else f" {time}\n"
    assert line_protocol.DECODER.read({}, text.encode()) == [
        {"measurement": measurement, "tags": tags, "fields": fields, "time": time}
        for measurement, tags, fields, time in lines
    ]


@settings(max_examples=500)
@given(st.dictionaries(st.sampled_from(["w01001", "w01018", "w21003"]), st.floats(0, 14), min_size=1), st.binary())
def test_an_hj_212_packet_is_read_and_with_one_byte_changed_refused(codes: dict[str, float], noise: bytes) -> None:
    body = "".join(f";{code}-Rtd={value:.3f},{code}-Flag=N" for code, value in codes.items())
    data = f"ST=32;CN=2011;PW=1;MN=a;Flag=4;CP=&&DataTime=20261123180000{body}&&".encode()
    packet = b"##%04d%s%04X\r\n" % (len(data), data, hj212.crc(data))
    found = readings("hj212/g", packet)
    assert sorted(round(reading.value or 0, 3) for reading in found) == sorted(round(v, 3) for v in codes.values())
    at = 6 + sum(noise) % len(data)
    assert readings("hj212/g", packet[:at] + bytes((packet[at] ^ 1,)) + packet[at + 1 :]) == []
