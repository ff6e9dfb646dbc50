"""What a profile says of a value, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from collector.domain.reading import Reading
from collector.errors import ConfigError
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.files import device_configs
from collector.profiles.library import Library
from collector.profiles.loading import load_profile
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
RECEIVED = 1_795_428_060_000
HEAD = """
schema: 1
id: one
decoder: json
match: [{topic: "x/{device}"}]
device_id: "{device}"
examples: [{description: one, topic: x/a, payload: {}, expect: none}]
"""


def process(folder: Path, rules: str, content: Any, topic: str = "x/a") -> Processed:
    file = folder / "one.yaml"
    file.write_text(HEAD + rules)
    pipeline = Pipeline(Library((load_profile(file, VOCABULARY),)), VOCABULARY)
    return pipeline.process(Message(topic, orjson.dumps(content), 1, 1, False, False, 1, RECEIVED))


def said(reading: Reading) -> tuple[float | None, str, list[str]]:
    return reading.value, reading.quality.word, reading.reasons.words


@pytest.mark.parametrize(
    ("rule", "sent", "stored"),
    [
        ("", "25.60", (25.6, "good", [])),
        ("", "7,1", (7.1, "good", [])),
        ("", "1,234", (None, "bad", ["no_value"])),
        ("", "25.6 degC", (25.6, "good", [])),
        ("", "25,6degC", (25.6, "good", [])),
        ("", "25.6 DEGC", (None, "bad", ["no_value"])),
        ("", "298 K", (None, "bad", ["no_value"])),
        ("", "1,234 degC", (None, "bad", ["no_value"])),
        ("", "<0.05", (0.05, "uncertain", ["below_detection"])),
        ("", "> 30", (30.0, "bad", ["range"])),
        ("", True, (1.0, "good", [])),
        ("", None, (None, "bad", ["no_value"])),
        (
            "states: {read failed: device_fault, cal: calibration}",
            "Read failed",
            (None, "bad", ["device_fault", "no_value"]),
        ),
        ("states: {read failed: device_fault, cal: calibration}", "cal", (None, "bad", ["calibration", "no_value"])),
        ("words: {low: 1, high: 9.5}", " High ", (9.5, "good", [])),
        ("cast: boolean", "ON", (1.0, "good", [])),
        ("cast: boolean", "closed", (0.0, "good", [])),
        ("cast: boolean", "maybe", (None, "bad", ["no_value"])),
        ("cast: hex", "0x1F", (31.0, "good", [])),
        ("cast: hex", "1f", (31.0, "good", [])),
        ("cast: hex", "0x" + "f" * 40, (None, "bad", ["no_value"])),
        ("invalid: [655.35, -1]", 655.35, (None, "bad", ["device_fault", "no_value"])),
        ("invalid: [655.35, -1]", -1, (None, "bad", ["device_fault", "no_value"])),
        ("range: [0, 50]", 50.5, (50.5, "bad", ["range"])),
        ("range: [0, null]", 50.5, (50.5, "good", [])),
        ("scale: 0.1, offset: -40", 652, (25.2, "good", [])),
        ("scale: 0.1, invalid: [32767]", 32767, (None, "bad", ["device_fault", "no_value"])),
    ],
)
def test_a_value_is_read_as_its_rule_says(
    tmp_path: Path, rule: str, sent: Any, stored: tuple[float | None, str, list[str]]
) -> None:
    metric = f"{{name: temperature, path: [T], unit: degC{', ' + rule if rule else ''}}}"
    (reading,) = process(tmp_path, f"metrics: [{metric}]", {"T": sent}).readings
    value, quality, reasons = said(reading)
    assert (None if value is None else round(value, 9), quality, sorted(reasons)) == (
        stored[0],
        stored[1],
        sorted(stored[2]),
    )


def test_what_is_left_out_is_zero_only_where_the_profile_says_so(tmp_path: Path) -> None:
    rules = "metrics: [{name: flow, path: [f], unit: L/s, default: 0}, {name: ph, path: [ph], unit: pH}]"
    readings = process(tmp_path, rules, {"ph": 7.0}).readings
    assert [(reading.metric, reading.value) for reading in readings] == [("flow", 0.0), ("ph", 7.0)]


def test_a_list_or_an_object_in_place_of_a_value_is_passed_over(tmp_path: Path) -> None:
    rules = "metrics: [{name: ph, path: [ph], unit: pH}, {name: cod, path: [ph, 0], unit: mg/L}]"
    readings = process(tmp_path, rules, {"ph": [40.0]}).readings
    assert [(reading.metric, reading.value) for reading in readings] == [("cod", 40.0)]


@pytest.mark.parametrize(
    ("rule", "content", "quality"),
    [
        ("{path: [err], nonempty: uncertain}", {"err": ["x"]}, "uncertain"),
        ("{path: [err], nonempty: uncertain}", {"err": []}, "good"),
        ("{path: [s], one_of: [CAL, MAINT], quality: bad, reason: calibration}", {"s": "CAL"}, "bad"),
        ("{path: [s], one_of: [CAL, MAINT], quality: bad, reason: calibration}", {"s": "OK"}, "good"),
        ("{path: [s], none_of: [OK, 0], quality: bad}", {"s": 3}, "bad"),
        ("{path: [s], none_of: [OK, 0], quality: bad}", {"s": 0}, "good"),
        ("{path: [s], none_of: [OK, 0], quality: bad}", {}, "good"),
        ("{path: [s], none_of: [OK], quality: bad, metrics: [cod]}", {"s": "E7", "cod": 1}, "good"),
    ],
)
def test_the_device_s_own_word_makes_a_value_worse(
    tmp_path: Path, rule: str, content: dict[str, Any], quality: str
) -> None:
    rules = f"metrics: [{{name: ph, path: [ph], unit: pH}}, {{name: cod, path: [cod], unit: mg/L}}]\nquality: [{rule}]"
    readings = process(tmp_path, rules, {"ph": 7.0, **content}).readings
    assert {reading.metric: reading.quality.word for reading in readings}["ph"] == quality
    assert all(reading.quality.word == "bad" for reading in readings if reading.metric == "cod")


HISTORY = """
time: {path: [t], unit: s}
history: [{path: [log], time: {path: [at], unit: s}}]
metrics: [{name: ph, path: [ph], unit: pH}]
"""


def test_points_of_a_history_have_times_of_their_own_and_come_beside_the_message(tmp_path: Path) -> None:
    content = {"t": 1795428000, "ph": 7.3, "log": [{"at": 1795427000, "ph": 7.1}, {"at": 1795427500, "ph": 7.2}]}
    readings = process(tmp_path, HISTORY, content).readings
    assert [(reading.observed_at, reading.value) for reading in readings] == [
        (1795428000000, 7.3), (1795427000000, 7.1), (1795427500000, 7.2),
    ]  # fmt: skip


def test_a_point_with_a_fault_leaves_the_others_and_is_told(tmp_path: Path) -> None:
    content = {"t": 1795428000, "ph": 7.3, "log": [{"at": "noon", "ph": 7.1}, {"at": 1795427500, "ph": 7.2}]}
    result = process(tmp_path, HISTORY, content)
    assert [reading.value for reading in result.readings] == [7.3, 7.2]
    assert result.refused is not None
    assert "time 'noon'" in result.refused.detail


def test_a_batch_that_is_the_message_itself_may_name_a_device_for_each_point(tmp_path: Path) -> None:
    rules = """
batch: [{path: [], time: {path: [at], unit: s}}]
metrics: [{name: ph, path: [ph], unit: pH}]
"""
    text = HEAD.replace('device_id: "{device}"', 'device_id: "{device}.{point:probe}"\ngroup: "{device}"') + rules
    (tmp_path / "one.yaml").write_text(text)
    pipeline = Pipeline(Library((load_profile(tmp_path / "one.yaml", VOCABULARY),)), VOCABULARY)
    content = [{"at": 1795427000, "probe": "in", "ph": 7.1}, {"at": 1795427000, "probe": "out", "ph": 7.2}, {"ph": 7}]
    result = pipeline.process(Message("x/a", orjson.dumps(content), 1, 1, False, False, 1, RECEIVED))
    assert [(reading.device, reading.value) for reading in result.readings] == [("a.in", 7.1), ("a.out", 7.2)]
    assert result.refused is not None


def test_more_points_than_any_device_keeps_are_cut_off_and_told(tmp_path: Path) -> None:
    rules = "batch: [{path: []}]\nmetrics: [{name: ph, path: [ph], unit: pH}]\n"
    result = process(tmp_path, rules, [{"ph": 7.0}] * 20_005)
    assert len(result.readings) == 20_000
    assert result.refused is not None
    assert "only the first 20000 points" in result.refused.detail


@pytest.mark.parametrize(("word", "reasons"), [("keep", ["unit"]), ("canonical", [])])
def test_numbers_that_no_metric_names_are_kept_where_the_profile_says_so(
    tmp_path: Path, word: str, reasons: list[str]
) -> None:
    """And nobody says the unit of a `cod`: it is uncertain, unless the profile says that it is the vocabulary's."""
    rules = f"unlisted: {word}\nmetrics: [{{name: turbidity, path: [NTU], unit: NTU}}]\n"
    content = {"NTU": 7.0, "Oil Film": 3, "cod": "40", "PH": 7.2, "name": "x", "more": {"a": 1}}
    readings = process(tmp_path, rules, content).readings
    assert [(reading.metric, reading.value, reading.reasons.words) for reading in readings] == [
        ("turbidity", 7.0, []), ("oil-film", 3.0, ["unknown_metric"]), ("cod", 40.0, reasons), ("ph", 7.2, []),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("when", "content", "meant"),
    [
        ("{path: [kind], one_of: [a, b]}", {"kind": "b"}, True),
        ("{path: [kind], one_of: [a, b]}", {"kind": "c"}, False),
        ("[{path: [kind], equals: a}, {path: [ph], exists: true}]", {"kind": "a", "ph": 7}, True),
        ("[{path: [kind], equals: a}, {path: [test], exists: false}]", {"kind": "a", "test": 1, "ph": 7}, False),
    ],
)
def test_all_conditions_must_hold(tmp_path: Path, when: str, content: dict[str, Any], meant: bool) -> None:
    text = HEAD.replace('{topic: "x/{device}"}', f'{{topic: "x/{{device}}", when: {when}}}')
    (tmp_path / "one.yaml").write_text(text + "metrics: [{name: ph, path: [ph], unit: pH}]")
    profile = load_profile(tmp_path / "one.yaml", VOCABULARY)
    assert (Library((profile,)).decode("x/a", orjson.dumps(content)) is not None) is meant


PH = "metrics: [{name: ph, path: [T], unit: pH}]"


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (
            "metrics: [{name: temprature, path: [T], unit: degC}]",
            ":8: metrics.0.name: 'temprature' is not in vocabulary",
        ),
        ("metrics: [{name: temprature, path: [T], unit: degC}]", "did you mean temperature"),
        ("metrics: [{name: ph, path: [T], unit: pH, kind: counter}]", ":8: metrics.0.kind: ph is a gauge"),
        ("metrics: [{name: ph, path: [T], unit: pH, range: [9, 4]}]", "metrics.0.range: the first bound must be below"),
        ("metrics: [{name: ph, path: [T], unit: pH, scale: 0}]", "metrics.0.scale: all values would be 0"),
        ("metrics: [{name: ph, path: [T], unit: pH, states: {x: broken}}]", "metrics.0.states"),
        ("metrics: []", "metrics: missing; which values of a message are to be stored?"),
        (
            f"{PH}\nlimits: [{{metric: cod, kind: high, value: 3}}]",
            ":9: limits.0.metric: 'cod' is not among the metrics",
        ),
        (f"{PH}\nquality: [{{path: [e]}}]", "quality.0.path: give one of nonempty, one_of"),
        (f"{PH}\n{PH}", ":9: the key 'metrics' stands twice"),
        (f"{PH}\nsource_name: '{{devise}}'", "source_name: {devise} is not among the parts of the topic"),
        (f"{PH}\nsource_name: '{{devise}}'", "which are {device}; did you mean device?"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told_with_its_line(tmp_path: Path, rules: str, told: str) -> None:
    (tmp_path / "one.yaml").write_text(HEAD + rules)
    with pytest.raises(ConfigError) as caught:
        load_profile(tmp_path / "one.yaml", VOCABULARY)
    assert told in "\n".join(caught.value.faults)


@pytest.mark.parametrize(
    ("topic", "told"),
    [
        ("x/+", "instead of + write a {name}"),
        ("x/#", "# is not possible"),
        ("x/a{device}", "stands for one whole level"),
        ("{device}/{device}", "stands twice"),
        ("x/{1}", "must not begin with a digit"),
    ],
)
def test_a_topic_that_cannot_be_is_told(tmp_path: Path, topic: str, told: str) -> None:
    text = HEAD.replace('"x/{device}"', f'"{topic}"') + "metrics: [{name: ph, path: [T], unit: pH}]"
    (tmp_path / "one.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_profile(tmp_path / "one.yaml", VOCABULARY)
    assert told in "\n".join(caught.value.faults)


def test_of_two_profiles_that_fit_the_one_with_a_condition_is_taken_unless_people_chose_the_other(
    tmp_path: Path,
) -> None:
    special = HEAD.replace('{topic: "x/{device}"}', '{topic: "x/{device}", when: {path: [PH], exists: true}}')
    (tmp_path / "b.yaml").write_text(
        special.replace("id: one", "id: special") + "metrics: [{name: ph, path: [PH], unit: pH}]"
    )
    (tmp_path / "a.yaml").write_text(
        HEAD.replace("id: one", "id: general") + "metrics: [{name: cod, path: [PH], unit: mg/L}]"
    )
    library = Library(tuple(load_profile(tmp_path / f"{name}.yaml", VOCABULARY) for name in "ab"))

    def taken() -> str:
        found = library.decode("x/a", b'{"PH": 7}')
        assert found is not None
        return found[0].id

    assert taken() == "special"
    library.assigned = {"a": "general"}
    assert taken() == "general"
    library.assigned = {"a": "of another topic"}
    assert taken() == "special"


@pytest.mark.parametrize("sent", ["1234.5", {"0": 5}, [], 12])
def test_a_position_leads_into_lists_only_and_never_to_a_character_of_a_text(tmp_path: Path, sent: Any) -> None:
    rules = "metrics: [{name: active_power, path: [power, 0], unit: W}]"
    assert process(tmp_path, rules, {"power": sent}).readings == []


def test_of_two_values_that_would_bear_one_name_the_first_is_kept_and_the_other_told(tmp_path: Path) -> None:
    """Stored as they come they would be one metric that jumps between two."""
    rules = "unlisted: keep\nmetrics: [{name: temperature, path: [t1], unit: degC}]"
    found = process(tmp_path, rules, {"t1": 20.5, "temperature": 68.9, "pH": 7.1, "ph": 8.2, "COD": 40, "cod": 40})
    assert [(reading.metric, reading.value) for reading in found.readings] == [
        ("temperature", 20.5), ("ph", 7.1), ("cod", 40.0),
    ]  # fmt: skip
    assert found.refused is not None
    assert "stored as temperature, and 68.9 was left out" in found.refused.detail
    assert "stored as ph, and 8.2 was left out" in found.refused.detail
    assert "cod" not in found.refused.detail


def test_a_point_of_a_list_without_its_time_is_refused_alone_and_not_given_the_present(tmp_path: Path) -> None:
    rules = "batch: [{path: [], time: {path: [t], unit: s}}]\nmetrics: [{name: ph, path: [ph], unit: pH}]"
    found = process(tmp_path, rules, [{"t": 1_795_428_000, "ph": 7.1}, {"ph": 7.2}, {"t": None, "ph": 7.3}])
    assert [(reading.observed_at, reading.value) for reading in found.readings] == [(1_795_428_000_000, 7.1)]
    assert found.refused is not None
    assert "a point of the list has no time" in found.refused.detail


def test_where_the_receipt_is_trusted_points_of_a_list_need_no_time(tmp_path: Path) -> None:
    rules = (
        "batch: [{path: [], time: {path: [t], unit: s, trust: receipt}}]\nmetrics: [{name: ph, path: [ph], unit: pH}]"
    )
    assert [reading.value for reading in process(tmp_path, rules, [{"ph": 7.2}]).readings] == [7.2]
    assert process(tmp_path, rules, [{"t": 1_795_000_000, "ph": 7.2}]).readings[0].observed_at == RECEIVED


@pytest.mark.parametrize(
    ("status", "quality"),
    [("ok", "good"), ("OK", "good"), (" Ok ", "good"), (0, "good"), ("Timeout", "bad"), (None, "bad"), ([1], "bad")],
)
def test_a_status_is_the_same_word_in_large_and_small_letters(tmp_path: Path, status: Any, quality: str) -> None:
    rules = """
metrics: [{name: ph, path: [ph], unit: pH}]
quality: [{path: [status], none_of: [0, ok], quality: bad}]
"""
    (reading,) = process(tmp_path, rules, {"ph": 7.1, "status": status}).readings
    assert reading.quality.word == quality
