"""Line protocol as devices send it: escapes, types, times, and lines that cannot be read."""

from __future__ import annotations

from typing import Any

import pytest

from collector.errors import MessageError
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.decoder import Unreadable
from collector.profiles.decoders.line_protocol import DECODER
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.loading import load_profile
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PIPELINE = Pipeline(load_library((device_configs(),), VOCABULARY), VOCABULARY)
NOW = 1_795_521_600_000
PROFILE = """
schema: 1
id: meters
decoder: line_protocol
match: [{topic: "lines/{plant}"}]
device_id: "{point:measurement}.{point:name}"
group: "{plant}"
time: {path: [time], unit: s}
metrics:
  - {name: active_power, path: [p], unit: W}
  - {name: switched_on, path: [state], unit: dimensionless, words: {running: 1, stopped: 0}}
quality:
  - {path: [status], none_of: [ok], quality: bad, reason: device_fault}
examples:
  - {description: one, topic: lines/x, payload: "m,name=a p=1", expect: none}
"""


def lines(text: str) -> list[Any]:
    return list(DECODER.read({}, text.encode()))


def process(payload: bytes, topic: str = "telegraf/host/plugin", pipeline: Pipeline = PIPELINE) -> Processed:
    return pipeline.process(Message(topic, payload, 1, 1, False, False, 1, NOW))


def test_measurement_tags_fields_and_time_are_told_apart() -> None:
    assert lines("cpu,host=a,core=0 value=45i,load=.5 1653579140440951943") == [
        {
            "measurement": "cpu",
            "tags": {"host": "a", "core": "0"},
            "fields": {"value": 45, "load": 0.5},
            "time": 1_653_579_140_440_951_943,
        }
    ]


@pytest.mark.parametrize(
    ("written", "value"),
    [("1", 1.0), ("-1.5e3", -1500.0), ("1.", 1.0), ("7i", 7), ("-7i", -7), ("7u", 7), ("t", True), ("FALSE", False)],
)
def test_a_value_is_of_the_type_in_which_it_is_written(written: str, value: object) -> None:
    (line,) = lines(f"m f={written}")
    assert line["fields"]["f"] == value
    assert type(line["fields"]["f"]) is type(value)


def test_escapes_are_taken_off_where_they_are_escapes() -> None:
    (line,) = lines(r'my\ m\,a=b,ta\=g=a\ b\,c\=d,path=C:\dir fi\ eld=1,text="a \"b\" \\ C:\dir, x=y"')
    assert line["measurement"] == "my m,a=b"
    assert line["tags"] == {"ta=g": "a b,c=d", "path": r"C:\dir"}
    assert line["fields"] == {"fi eld": 1.0, "text": r'a "b" \ C:\dir, x=y'}


def test_a_text_in_quotes_may_hold_a_new_line() -> None:
    first, second = lines('m a="one\ntwo",b=1\nm b=2')
    assert first["fields"] == {"a": "one\ntwo", "b": 1.0}
    assert second["fields"] == {"b": 2.0}


def test_a_line_that_cannot_be_read_is_told_by_its_number_and_the_others_stand() -> None:
    found = lines("m a=1\n# a remark\n\nm a=nan 5\r\nm a=2\r\n")
    assert [line.why if isinstance(line, Unreadable) else line["fields"]["a"] for line in found] == [
        1.0,
        "line 4: 'nan', of a, is neither number, true, false nor a text in quotes",
        2.0,
    ]
    result = process(b"m ph=7.1\nm ph=\nm ph=7.3 1795428000000000000")
    assert [reading.value for reading in result.readings] == [7.1, 7.3]
    assert result.refused is not None
    assert "line 2: a value of ph is missing" in result.refused.detail


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("m", "there are no fields"),
        ("m a", "'a' has no value"),
        ("m,tag a=1", "'tag' has no value"),
        ("m,tag= a=1", "a value of the tag tag is missing"),
        (",a=1", "a measurement is missing"),
        ('m a="open', "a value of a is missing"),
        ("m a=1 yesterday", "what follows the fields is no time"),
        ("m a=1 1.5", "what follows the fields is no time"),
        ("m a=1, b=2", "a field is missing"),
        ("m a=1i2", "neither number"),
        ('{"a": 1}', "no value"),
    ],
)
def test_what_is_wrong_with_a_line_is_said(text: str, told: str) -> None:
    with pytest.raises(MessageError, match=told) as caught:
        lines(text)
    assert caught.value.reason == "bad_format"


def test_nothing_is_empty_and_other_bytes_are_no_line_protocol() -> None:
    for payload, reason in ((b"", "empty"), (b"# remark\n\n", "empty"), (b"m a=\xff", "bad_format")):
        refused = process(payload).refused
        assert refused is not None
        assert refused.reason == reason


def test_a_profile_names_devices_by_tags_takes_words_and_another_precision(tmp_path: Any) -> None:
    path = tmp_path / "meters.yaml"
    path.write_text(PROFILE, encoding="utf-8")
    pipeline = Pipeline(Library((load_profile(path, VOCABULARY),)), VOCABULARY)
    payload = b'm,name=a,status=ok p=1500,state="running" 1795428000\nm,name=b,status=E3 p=20i,note="7" 1795428000'
    found = {(r.point, r.value, r.quality.word, r.observed_at) for r in process(payload, "lines/x", pipeline).readings}
    assert found == {
        ("m.a/active_power", 1.5, "good", 1_795_428_000_000),
        ("m.a/switched_on", 1.0, "good", 1_795_428_000_000),
        ("m.b/active_power", 0.02, "bad", 1_795_428_000_000),
    }


def test_devices_that_only_lines_name_belong_together_by_their_topic(tmp_path: Any) -> None:
    """Or a message would be of one collector, and what is known of its devices of another."""
    for topic, group in (("lines/{plant}/{gateway}", "north.g1"), ("lines/north/g1", "meters")):
        path = tmp_path / "meters.yaml"
        path.write_text(PROFILE.replace("lines/{plant}", topic).replace('group: "{plant}"\n', ""), encoding="utf-8")
        pipeline = Pipeline(Library((load_profile(path, VOCABULARY),)), VOCABULARY)
        result = process(b"m,name=a p=1\nm,name=b p=2", "lines/north/g1", pipeline)
        assert [(device.id, device.group) for device in result.devices] == [("m.a", group), ("m.b", group)]
        assert pipeline.library.group("lines/north/g1", b"") == (group, True)
