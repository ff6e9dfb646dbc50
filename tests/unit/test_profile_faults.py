"""A device profile or vocabulary with faults is refused with all of them, each with its file and place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import Vocabulary, load_vocabulary

GOOD = """
schema: 1
id: test-meter
decoder: json
match: [{topic: "x/{device}"}]
device_id: "{device}"
metrics: [{name: ph, path: [PH], unit: pH}]
examples: [{description: one, topic: x/a, payload: {PH: 7}, expect: {device: a, readings: {ph: 7}}}]
"""


@pytest.fixture
def vocabulary() -> Vocabulary:
    return load_vocabulary(device_configs())


def faults_of(folder: Path, vocabulary: Vocabulary, text: str) -> str:
    (folder / "profiles").mkdir()
    (folder / "profiles" / "meter.yaml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_library((folder,), vocabulary)
    return "\n".join(caught.value.faults)


def test_a_good_profile_of_ones_own_is_taken(tmp_path: Path, vocabulary: Vocabulary) -> None:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "meter.yaml").write_text(GOOD)
    assert [profile.id for profile in load_library((tmp_path,), vocabulary).profiles] == ["test-meter"]


@pytest.mark.parametrize(
    ("wrong", "right", "told"),
    [
        ("unit: pH", "unit: kWh", "'kWh' cannot be converted to"),
        ("name: ph", "name: acidity", "'acidity' is not in vocabulary.yaml"),
        (
            "decoder: json",
            "decoder: jsn",
            "meter.yaml:4: decoder: 'jsn' is not known; did you mean json? Known: ",
        ),
        ("device_id:", "devcie_id:", "meter.yaml:6: devcie_id: there is no such key; did you mean device_id?"),
        ("path: [PH]", "path: []", "metrics.0.path"),
        ("path: [PH]", "path: PH", "metrics.0.path: must be a list, such as [one, two]"),
        ("decoder: json", "\tdecoder: json", "meter.yaml:4: not YAML here: "),
        ("decoder: json", "\tdecoder: json", "There is a tab in this line: indent with spaces"),
        ("decoder: json", " decoder: json", "an indentation that differs from its neighbours'"),
        ("schema: 1", "schema: 2", "schema: Must be equal to 1"),
    ],
)
def test_a_fault_is_told_with_its_place(
    tmp_path: Path, vocabulary: Vocabulary, wrong: str, right: str, told: str
) -> None:
    text = faults_of(tmp_path, vocabulary, GOOD.replace(wrong, right))
    assert told in text
    assert "meter.yaml" in text


def test_yaml_that_does_not_parse_is_told_with_its_line(tmp_path: Path, vocabulary: Vocabulary) -> None:
    assert "meter.yaml:4:" in faults_of(tmp_path, vocabulary, "schema: 1\nid: [\ndecoder: json\n")


def test_a_vocabulary_with_faults_is_refused(tmp_path: Path) -> None:
    shutil.copy(device_configs() / "vocabulary.yaml", tmp_path)
    file = tmp_path / "vocabulary.yaml"
    file.write_text(file.read_text() + "\n  nonsense: {label: 3, kind: wave}\n")
    with pytest.raises(ConfigError, match=r"vocabulary\.yaml: metrics\.nonsense"):
        load_vocabulary(tmp_path)


def test_points_are_not_known_yet_when_a_collector_asks_whose_a_message_is(
    tmp_path: Path, vocabulary: Vocabulary
) -> None:
    grouped = GOOD.replace("device_id:", 'group: "{point:probe}"\ndevice_id:')
    assert "group: {point:…} cannot be used here" in faults_of(tmp_path, vocabulary, grouped)


def test_all_faults_of_a_file_are_told_at_once_in_their_order(tmp_path: Path, vocabulary: Vocabulary) -> None:
    text = GOOD.replace("device_id:", "devcie_id:").replace("unit: pH", "unit: kWh").replace("x/{device}", "x/#")
    faults = faults_of(tmp_path, vocabulary, text).splitlines()
    assert [fault.partition(": ")[2].partition(":")[0] for fault in faults] == [
        "device_id", "match.0.topic", "devcie_id", "metrics.0.unit",
    ]  # fmt: skip


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, vocabulary: Vocabulary) -> None:
    with pytest.raises(ConfigError, match="nowhere: no such folder; correct FIELDPROOF_DEVICES"):
        load_library((device_configs(), tmp_path / "nowhere"), vocabulary)
