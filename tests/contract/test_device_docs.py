"""docs/device-profiles.md is followed as a newcomer would: its profile is loaded and run, its commands exist."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from collector.devices.check import check_file
from collector.profiles.decoders import DECODERS
from collector.profiles.files import device_configs
from collector.profiles.vocabulary import load_vocabulary
from webapp.cli import main

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/device-profiles.md").read_text(encoding="utf-8")
PROFILES = [text for text in re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) if "schema: 1" in text]
SHELL = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^(fieldproof .+)$", "\n".join(SHELL), re.MULTILINE)
COMMANDS += re.findall(r"`(fieldproof devices [^`]+)`", PAGE)
VOCABULARY = load_vocabulary(device_configs())


def test_the_page_has_a_whole_example() -> None:
    assert len(PROFILES) == 1
    assert len(COMMANDS) >= 8


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    file = tmp_path / "px-2.yaml"
    file.write_text(PROFILES[0], encoding="utf-8")
    return file


def test_the_profile_of_the_page_does_what_it_says(profile: Path) -> None:
    found = check_file(profile, VOCABULARY)
    assert (found.faults, found.wrong, found.hints) == ([], [], [])


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_of_the_page_exists_with_its_options(command: str) -> None:
    words = shlex.split(command, comments=True)[1:]
    found: click.Command = main
    while isinstance(found, click.Group):
        found = found.commands[words.pop(0)]
    known = {option for parameter in found.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known


def test_the_message_of_the_page_becomes_a_profile_that_passes(tmp_path: Path) -> None:
    """`devices new`, with the first example as the message that somebody has caught."""
    message = {"time": "2026-11-23T10:00:00", "probe": {"pH": 7.12, "EC": 1.41}, "flow": "3.4", "mode": "RUN"}
    (tmp_path / "message.json").write_text(json.dumps(message))
    command = ["devices", "new", "Acme", "PX-2", "--topic", "works/{device}/effluent", "--out", str(tmp_path)]
    made = CliRunner().invoke(main, [*command, "--payload", str(tmp_path / "message.json")])
    assert made.exit_code == 0, made.output
    text = (tmp_path / "profiles/acme/px-2.yaml").read_text()
    for metric in ("ph", "conductivity", "flow"):
        assert f"name: {metric}," in text
    assert "all is well" in made.output


def test_every_decoder_is_named() -> None:
    table = PAGE.partition("## Decoders")[2].partition("##")[0]
    assert set(DECODERS) <= set(re.findall(r"`(\w+)`", table))


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("unit: L/s", "unit: kWh"),
        ("[probe, pH]", "[probe, ph]"),
        ("flow: 12.24}", "flow: 12.25}"),
        ("unit: mS/cm", "unit: uS/cm"),
        ("works/{device}/effluent", "works/{device}/state"),
    ],
)
def test_what_the_page_warns_of_is_found(profile: Path, wrong: str, right: str) -> None:
    assert wrong in PROFILES[0]
    profile.write_text(PROFILES[0].replace(wrong, right), encoding="utf-8")
    assert not check_file(profile, VOCABULARY).good
