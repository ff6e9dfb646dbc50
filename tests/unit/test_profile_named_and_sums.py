"""Lists whose elements bear names, values that stand in several parts, and status words made of bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from collector.domain.reading import Quality, Reason
from collector.errors import ConfigError
from collector.profiles.decoders import DECODERS
from collector.profiles.files import device_configs
from collector.profiles.loading import load_profile
from collector.profiles.paths import keyed
from collector.profiles.profile import Profile
from collector.profiles.rules import MetricRule, QualityRule, measure
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
TAGS = [{"name": "ph", "value": 7.1}, {"name": "flow", "error": 2014}]


def profile(tmp_path: Path, more: str) -> Profile:
    path = tmp_path / "gateway.yaml"
    path.write_text(
        'schema: 1\nid: gateway\ndecoder: json\nmatch: [{topic: "gateway/{device}"}]\ndevice_id: "{device}"\n'
        f'examples: [{{description: none, topic: gateway/a, payload: "", expect: {{refused: not_json}}}}]\n{more}'
    )
    return load_profile(path, VOCABULARY)


def values(known: Profile, content: Any) -> list[dict[str, float | None]]:
    decoding = DECODERS["json"].decode(known, {"device": "a"}, content)
    return [{value.metric: value.value for value in one.values} for one in decoding.decoded]


def test_a_list_is_read_by_the_names_of_its_elements_wherever_they_stand(tmp_path: Path) -> None:
    known = profile(
        tmp_path, "named: [{path: [tags], by: name}]\nmetrics: [{name: ph, path: [tags, ph, value], unit: pH}]\n"
    )
    assert values(known, {"tags": TAGS}) == [{"ph": 7.1}]
    assert values(known, {"tags": TAGS[::-1]}) == [{"ph": 7.1}]


def test_a_list_of_named_values_may_stand_in_each_point_of_a_batch(tmp_path: Path) -> None:
    known = profile(
        tmp_path,
        "batch: [{path: []}]\nnamed: [{path: [tags], by: name}]\n"
        "metrics: [{name: ph, path: [tags, ph, value], unit: pH}]\n",
    )
    assert values(known, [{"tags": TAGS}, {"tags": [{"name": "ph", "value": 7.3}]}]) == [{"ph": 7.1}, {"ph": 7.3}]


def test_the_message_itself_may_be_the_list(tmp_path: Path) -> None:
    known = profile(tmp_path, "named: [{path: [], by: n}]\nmetrics: [{name: ph, path: [ph, v], unit: pH}]\n")
    assert values(known, [{"n": "ph", "v": "7.1"}, {"v": 3}, 5, None, {"n": None}]) == [{"ph": 7.1}]


def test_of_two_elements_of_one_name_the_last_counts() -> None:
    assert keyed([{"n": "ph", "v": 1}, {"n": "ph", "v": 2}], (), "n") == {"ph": {"n": "ph", "v": 2}}


def test_reading_a_list_by_names_leaves_the_message_as_it_came() -> None:
    content = {"tags": TAGS, "time": 1}
    assert keyed(content, ("tags",), "name")["tags"]["ph"] == TAGS[0]
    assert content == {"tags": TAGS, "time": 1}


@pytest.mark.parametrize("content", [None, 5, "text", [], {}, {"tags": "text"}, {"tags": {"ph": 7}}])
def test_where_there_is_no_such_list_nothing_is_changed(content: Any) -> None:
    assert keyed(content, ("tags",), "name") == content


def test_two_tariffs_make_a_total_and_what_is_fed_back_a_net_value() -> None:
    total = MetricRule("energy_import", ("t1",), "kWh", plus=(("t2",),))
    net = MetricRule("active_power", ("in",), "kW", minus=(("out",),))
    found = measure([total, net], [], {"t1": "161.346", "t2": 2, "in": 0, "out": "1.5"})
    assert {value.metric: value.value for value in found} == {"energy_import": 163.346, "active_power": -1.5}


@pytest.mark.parametrize("rest", [{}, {"t2": None}, {"t2": "NaN"}, {"t2": [1]}, {"t2": 65535}])
def test_a_part_that_is_missing_makes_no_sum(rest: dict[str, Any]) -> None:
    rule = MetricRule("energy_import", ("t1",), "kWh", plus=(("t2",),), invalid=frozenset({65535.0}))
    assert rule.measure({"t1": 161.3, **rest}) is None


def test_parts_are_added_before_scale_and_offset() -> None:
    rule = MetricRule("energy_import", ("t1",), "kWh", scale=0.1, offset=5.0, plus=(("t2",),))
    found = rule.measure({"t1": 10, "t2": 20})
    assert found is not None
    assert found.value == 8.0


def test_null_is_a_value_that_failed_unless_the_device_sends_it_of_what_it_does_not_measure() -> None:
    failed = MetricRule("voltage_l2", ("v2",), "V").measure({"v2": None})
    assert failed is not None
    assert failed.value is None
    assert MetricRule("voltage_l2", ("v2",), "V", nullable=True).measure({"v2": None}) is None


@pytest.mark.parametrize(
    ("word", "holds"),
    [(0, False), (8, True), (9, True), (4, False), ("9", True), ("0x0008", True), ("0xFFF7", True), (8.0, True),
     (True, True), (2**63 + 2, False), (-1, True), (None, False), ("fault", False), ([8], False), ("0x", False)],
)  # fmt: skip
def test_a_bit_of_a_status_word_is_a_fault(word: Any, holds: bool) -> None:
    rule = QualityRule(("status",), Quality.BAD, Reason.DEVICE_FAULT, bits=0b1001)
    assert rule.holds({"status": word}) is holds


def test_bits_are_given_by_their_numbers(tmp_path: Path) -> None:
    known = profile(
        tmp_path,
        "metrics: [{name: ph, path: [ph], unit: pH}]\n"
        "quality: [{path: [status], bits: [1, 3], quality: bad, reason: calibration}]\n",
    )
    assert [rule.bits for rule in known.quality] == [0b1010]
    with pytest.raises(ConfigError, match=r"quality.0.bits.0"):
        profile(
            tmp_path, "metrics: [{name: ph, path: [ph], unit: pH}]\nquality: [{path: [s], bits: [64], quality: bad}]\n"
        )
