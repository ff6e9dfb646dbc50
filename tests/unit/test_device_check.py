"""`devices check`: faults, examples that lie and paths that lead nowhere, told so that a person can act on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.devices.check import Checked, Report, check_file, check_folders, check_paths
from collector.errors import ConfigError
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
GOOD = """
schema: 1
id: test-meter
decoder: json
match: [{topic: "plant/{device}/state", when: {path: [type], equals: meter}}]
device_id: "{device}"
metrics:
  - {name: active_power, path: [el, power], unit: W}
  - {name: ph, path: [el, PH], unit: pH}
examples:
  - description: one
    topic: plant/a/state
    payload: {type: meter, el: {power: 5000, PH: 7}}
    expect: {device: a, readings: {active_power: 5, ph: 7}}
"""

PAYLOAD = "payload: {type: meter, el: {power: 5000, PH: 7}}"
EXPECT = "expect: {device: a, readings: {active_power: 5, ph: 7}}"


def checked(folder: Path, *changes: tuple[str, str]) -> Checked:
    text = GOOD
    for wrong, right in changes:
        assert wrong in text
        text = text.replace(wrong, right)
    file = folder / "meter.yaml"
    file.write_text(text)
    return check_file(file, VOCABULARY)


def test_a_good_profile_has_hints_at_most(tmp_path: Path) -> None:
    found = checked(tmp_path)
    assert found.good
    assert [hint.split(":")[0] for hint in found.hints] == ["products", "caveats", "expect", "examples"]


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("kWh", "they measure different things"),
        ("kWh", "kWh is a unit of energy_import, energy_export"),
        ("w", "no such unit is known; did you mean W?"),
        ("bananas", "that may be kW, W, MW, "),
    ],
)
def test_a_unit_that_is_none_of_the_metric_is_told_with_those_that_are(tmp_path: Path, unit: str, told: str) -> None:
    (fault,) = checked(tmp_path, ("unit: W", f"unit: {unit}")).faults
    assert fault.startswith(f"{tmp_path}/meter.yaml:8: metrics.0.unit: '{unit}' cannot be converted to kW")
    assert told in fault


def test_a_unit_that_is_wrong_by_a_factor_is_told_with_the_one_that_would_be_right(tmp_path: Path) -> None:
    (wrong,) = checked(tmp_path, ("unit: W", "unit: kW")).wrong
    assert wrong.startswith(f"{tmp_path}/meter.yaml:11: examples.0: (one) active_power: ")
    assert "expects 5 kW, but the message gives 5000 kW: at [el, power] there is 5000, taken as kW" in wrong
    assert "With unit W it would be as expected" in wrong


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("[el, powr]", "at [el] there is no powr, but these keys: power, PH; did you mean power?"),
        ("[el, Power]", "did you mean power? Capitals count"),
        ("[power]", "at the top of the message there is no power, but these keys: type, el; did you mean [el, power]?"),
        ("[el]", "[el] leads to these keys: power, PH, which is no value itself"),
        ("[el, power, 0]", "at [el, power] there is the value 5000, and nothing below it"),
    ],
)
def test_a_path_that_leads_nowhere_is_told_with_what_is_there(tmp_path: Path, path: str, told: str) -> None:
    wrong = checked(tmp_path, ("[el, power]", path)).wrong
    assert len(wrong) == 2, "of the example that expects it, and of the metric that no example shows"
    assert all(told in text for text in wrong)
    assert wrong[1].startswith(f"{tmp_path}/meter.yaml:8: metrics.0.path: no example shows active_power: ")


def test_a_part_of_a_sum_that_is_nowhere_is_told(tmp_path: Path) -> None:
    wrong = checked(tmp_path, ("[el, power], unit: W", "[el, power], plus: [[el, powr2]], unit: W")).wrong
    assert any("[el, powr2] leads nowhere: at [el] there is no powr2" in text for text in wrong)
    null = checked(tmp_path, ("power: 5000", "power: null"), ("unit: W", "unit: W, nullable: true")).wrong
    assert any("at [el, power] there is null, which nullable: true takes as left out" in text for text in null)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("ph: 7}}", "ph: 7.5}}"), "expects 7.5 pH, but the message gives 7 pH: at [el, PH] there is 7"),
        (("active_power: 5, ", ""), "active_power: the message gives 5 kW, which the example does not expect"),
        (("ph: 7}}", "ph: 7, flow: 3}}"), "flow: the example expects it, but the profile has no such metric"),
        (("device: a,", "device: b,"), "expects readings of b, but the message gives a at 2030-"),
        (("topic: plant/a/state", "topic: plant/a/status"), "level 3 is 'status', not 'state'"),
        (("topic: plant/a/state", "topic: plant/a"), "it has 2 levels, and plant/{device}/state has 3"),
        (("{type: meter, el", "{type: plug, el"), "at [type] there is plug, not meter"),
        (("{type: meter, el", "{Type: meter, el"), "did you mean Type? Capitals count"),
        (("ph: 7}}", "ph: 7 pH}}"), "'7 pH' is not a number"),
        (("device: a,", "device: a, time: noon,"), "time 'noon' is not ISO 8601"),
        ((EXPECT, "expect: none"), "the example expects nothing, but"),
        ((EXPECT, "expect: {refused: not_json}"), "is refused as not_json, but the message gives active_power 5, ph"),
        ((PAYLOAD, "payload: 'no json'"), "the message was refused as not_json"),
        (("ph: 7}}", "ph: {value: 7, quality: bad, reasons: [range]}}}"), "quality bad (range), but it is good"),
    ],
)  # fmt: skip
def test_an_example_that_lies_is_told_with_what_is_true(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    found = checked(tmp_path, change)
    assert found.faults == []
    assert told in "\n".join(found.wrong)


def library(folder: Path, **files: str) -> Report:
    (folder / "profiles").mkdir()
    for name, text in files.items():
        (folder / "profiles" / f"{name}.yaml").write_text(text)
    return check_folders((folder,), VOCABULARY)


def test_two_files_of_one_id_are_told_and_not_loaded(tmp_path: Path) -> None:
    report = library(tmp_path, a=GOOD, b=GOOD)
    assert report.unusable
    assert "'test-meter' is the id of" in report.checked[1].faults[0]
    with pytest.raises(ConfigError, match="give each an id of its own"):
        load_library((tmp_path,), VOCABULARY)


def test_a_profile_of_ones_own_may_replace_one_that_came_with_fieldproof(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    library(tmp_path / "a", a=GOOD)
    library(tmp_path / "b", a=GOOD)
    assert check_folders((tmp_path / "a", tmp_path / "b"), VOCABULARY).good


def test_a_folder_without_profiles_is_told(tmp_path: Path) -> None:
    assert "no device profile is there" in check_paths([tmp_path], VOCABULARY).faults[0]
    assert "no such folder" in check_folders([tmp_path / "nowhere"], VOCABULARY).faults[0]
    (tmp_path / "meter.yml").write_text(GOOD)
    assert any(
        "meter.yml: is not read; give it a name that ends in .yaml" in f
        for f in check_paths([tmp_path], VOCABULARY).faults
    )


TIMED = ('device_id: "{device}"', 'device_id: "{device}"\ntime: {path: [t], unit: iso, zone: Europe/Berlin}')


def test_an_example_of_another_time_is_told_with_the_time_as_it_was_read(tmp_path: Path) -> None:
    """As after a zone was corrected: one line says it, and the values are compared as ever."""
    found = checked(
        tmp_path,
        TIMED,
        ("{type: meter, el", '{type: meter, t: "2026-11-23 11:00:00", el'),
        ("device: a,", 'device: a, time: "2026-11-23T11:00:00Z",'),
        ("ph: 7}}", "ph: 7.5}}"),
    )
    time, ph = found.wrong
    assert "time: the example expects 2026-11-23T11:00:00Z, but the message gives 2026-11-23T10:00:00.000Z" in time
    assert "at [t] there is '2026-11-23 11:00:00', read as iso in zone Europe/Berlin" in time
    assert "expects 7.5 pH, but the message gives 7 pH" in ph


def test_what_two_examples_have_in_common_is_told_once(tmp_path: Path) -> None:
    second = GOOD[GOOD.index("  - description") :].replace("one", "two")
    found = checked(tmp_path, (EXPECT + "\n", EXPECT + "\n" + second), ("unit: W", "unit: kW"))
    (wrong,) = found.wrong
    assert "examples.0: (one, and 1 more) active_power: " in wrong


def test_numbers_are_told_without_the_noise_of_a_conversion(tmp_path: Path) -> None:
    found = checked(tmp_path, ("power: 5000", "power: 48213702"), ("power: 5,", "power: 1,"))
    assert "expects 1 kW, but the message gives 48213.702 kW" in found.wrong[0]


QUALITY = (
    "examples:",
    "quality:\n  - {path: [el, state], one_of: [CAL], quality: bad, reason: calibration}\nexamples:",
)


def test_a_misspelt_path_of_a_trouble_is_told_before_the_trouble_comes(tmp_path: Path) -> None:
    found = checked(tmp_path, QUALITY, ("PH: 7}}", "PH: 7, State: RUN}}"))
    assert found.good
    (hint,) = (hint for hint in found.hints if hint.startswith("quality: "))
    assert "at [el] there is no state" in hint
    assert "did you mean State? Capitals count" in hint


def test_a_trouble_that_goes_unnoticed_is_told_with_where_the_profile_looks(tmp_path: Path) -> None:
    found = checked(
        tmp_path,
        QUALITY,
        ("PH: 7}}", "PH: 7, State: CAL}}"),
        ("ph: 7}}", "ph: {value: 7, quality: bad, reasons: [calibration]}}}"),
    )
    (wrong,) = found.wrong
    assert "ph: the example expects quality bad (calibration), but it is good. Of its entries under quality: " in wrong
    assert "[el, state] leads nowhere" in wrong


def test_a_topic_that_fits_nothing_is_told_once_and_not_for_each_metric(tmp_path: Path) -> None:
    topic, nothing = checked(tmp_path, ("topic: plant/a/state", "topic: plant/a/status")).wrong
    assert "level 3 is 'status', not 'state'" in topic
    assert nothing.endswith("examples: none of them is read by this profile; add a message that is")
