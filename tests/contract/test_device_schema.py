"""The JSON Schema of profiles and the page of supported devices: made from the library, and up to date."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from collector.devices.generate import made
from collector.profiles.files import device_configs
from collector.profiles.schema import KINDS

SCHEMA: dict[str, Any] = json.loads((device_configs() / "schema.json").read_text(encoding="utf-8"))
FILES = sorted((device_configs() / "profiles").rglob("*.yaml"))


@pytest.mark.parametrize(
    ("file", "text"), made().items(), ids=lambda value: value.name if isinstance(value, Path) else ""
)
def test_what_is_made_of_the_library_is_up_to_date(file: Path, text: str) -> None:
    assert file.read_text(encoding="utf-8") == text, "run 'make devices'"


def faults(content: Any) -> list[str]:
    # JSON has no keys but texts.
    validator = jsonschema.Draft7Validator(SCHEMA)
    return [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(json.loads(json.dumps(content)))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(device_configs() / "profiles").as_posix())
def test_an_editor_takes_every_profile(file: Path) -> None:
    assert faults(yaml.safe_load(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"decoder": "jsn"}, "'jsn' is not one of"),
        ({"devcie_id": "x"}, "'devcie_id' was unexpected"),
        ({"metrics": [{"name": "power", "path": ["x"], "unit": "W"}]}, "'power' is not one of"),
        ({"match": [{"topic": "x", "when": {"path": "type"}}]}, "is not valid under any of the given schemas"),
    ],
)
def test_an_editor_marks_what_is_wrong(wrong: dict[str, Any], told: str) -> None:
    profile = yaml.safe_load((device_configs() / "profiles/shelly/pro-3em.yaml").read_text(encoding="utf-8"))
    assert told in "\n".join(
        faults({**profile, "decoder": "json", "match": [{"topic": "a"}], "device_id": "x", **wrong})
    )


def test_a_profile_needs_what_its_decoder_does_not_bring() -> None:
    least = {"schema": 1, "id": "a", "examples": [{"description": "a", "topic": "a", "payload": 1, "expect": "none"}]}
    assert faults({**least, "decoder": "tasmota"}) == []
    assert len(faults({**least, "decoder": "json"})) == 2, "match and device_id"


def test_an_editor_explains_every_key() -> None:
    parts = {"Profile": SCHEMA, **SCHEMA["definitions"]}
    keys = [(name, key, said) for name, part in parts.items() for key, said in part.get("properties", {}).items()]
    assert [(name, key) for name, key, said in keys if not said.get("description")] == []


def test_every_kind_has_its_place_on_the_page() -> None:
    from collector.devices.catalogue import _HEADINGS

    assert set(_HEADINGS) == set(KINDS)
