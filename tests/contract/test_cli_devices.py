"""`fieldproof devices`: exit codes, and answers that a script and a person can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from webapp.cli import main

PROFILE = """
schema: 1
id: test-meter
decoder: json
match: [{topic: "works/{device}"}]
device_id: "{device}"
metrics: [{name: active_power, path: [power], unit: W}]
examples: [{description: one, topic: works/a, payload: {power: 5000}, expect: {device: a, readings: {active_power: 5}}}]
"""


def run(*arguments: str, stdin: bytes | None = None, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, ["devices", *arguments], input=stdin, env={"COLUMNS": "200", **(env or {})})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "profiles" / "meter.yaml"
    found.parent.mkdir()
    found.write_text(PROFILE)
    return found


def test_all_that_comes_with_fieldproof_is_well() -> None:
    result = run("check")
    assert result.exit_code == 0, result.output
    assert "all is well" in result.output


def test_an_example_that_does_not_come_out_ends_with_1(file: Path) -> None:
    file.write_text(PROFILE.replace("active_power: 5}", "active_power: 6}"))
    result = run("check", str(file))
    assert result.exit_code == 1
    assert "expects 6 kW, but the message gives 5 kW" in result.output


def test_a_file_that_cannot_be_used_ends_with_78_and_every_fault_has_its_line(file: Path) -> None:
    file.write_text(
        PROFILE.replace("unit: W", "unit: KW, pth: 1").replace("decoder: json", "decoder: json\nkinds: plug")
    )
    result = run("check", str(file.parent), "--json")
    assert result.exit_code == 78
    (profile,) = json.loads(result.output)["profiles"]
    assert [fault.split(": ")[0].rsplit(":", 1)[1] for fault in profile["faults"]] == ["5", "8"]


def test_a_profile_of_ones_own_is_checked_listed_and_tried(file: Path, tmp_path: Path) -> None:
    env = {"FIELDPROOF_DEVICES": str(tmp_path)}
    assert "test-meter" in run("check", env=env).output
    (listed,) = json.loads(run("list", "--search", "test-meter", "--json", env=env).output)
    assert (listed["id"], listed["metrics"], listed["file"]) == ("test-meter", ["active_power"], str(file))
    tried = run("try", "works/m1", "-", "--json", stdin=b'{"power": 250}', env=env)
    assert tried.exit_code == 0, tried.output
    (moment,) = json.loads(tried.output)["moments"]
    assert moment["readings"]["active_power"]["value"] == 0.25
    assert moment["time_is"] == "of the receipt: the message has none"


def test_a_collector_does_not_start_with_a_profile_that_has_a_fault(file: Path, tmp_path: Path) -> None:
    file.write_text(PROFILE.replace("unit: W", "unit: kWh"))
    env = {"FIELDPROOF_DEVICES": str(tmp_path), "FIELDPROOF_DATA": str(tmp_path / "data")}
    result = CliRunner().invoke(main, ["collect"], env=env)
    assert result.exit_code == 78
    assert "they measure different things" in result.output


def test_trying_says_why_nothing_comes_of_a_message(file: Path) -> None:
    nothing = run("try", "works/m1", "-", "--profile", str(file), stdin=b'{"Power": 250}')
    assert nothing.exit_code == 1
    assert "did you mean Power? Capitals count" in nothing.output
    other = run("try", "works/m1/x", "-", "--profile", str(file), stdin=b'{"power": 250}')
    assert "it has 3 levels" in other.output
    refused = run("try", "works/m1", "-", "--profile", str(file), stdin=b"power=250")
    assert "refused as not_json" in refused.output
    unknown = run("try", "nobody/knows/this", "-", stdin=b"{}")
    assert unknown.exit_code == 1
    assert "fieldproof devices learn 'nobody/knows/this'" in unknown.output


def test_trying_wants_a_payload_or_a_broker(file: Path) -> None:
    assert run("try", "works/m1").exit_code == 2
    assert run("try", "works/m1", str(file), "--live").exit_code == 2


def test_a_profile_to_start_from_passes_and_is_never_written_over(tmp_path: Path) -> None:
    made = run("new", "Acme", "M 1", "--out", str(tmp_path))
    assert made.exit_code == 0, made.output
    assert "all is well" in made.output
    file = tmp_path / "profiles/acme/m-1.yaml"
    before = file.read_text()
    again = run("new", "Acme", "M 1", "--out", str(tmp_path), "--payload", "-", stdin=b'{"power": 1}')
    assert again.exit_code == 1
    assert "stays as it is" in again.output
    assert file.read_text() == before


def test_a_profile_to_start_from_does_not_take_the_name_of_another(tmp_path: Path) -> None:
    taken = run("new", "Shelly", "Pro 3EM", "--out", str(tmp_path))
    assert taken.exit_code == 1
    assert "pro-3em.yaml; give another model" in taken.output


def test_a_message_without_values_makes_no_profile(tmp_path: Path) -> None:
    made = run("new", "Acme", "M1", "--out", str(tmp_path), "--payload", "-", stdin=b'{"state": "on air"}')
    assert made.exit_code == 1
    assert "No value was found" in made.output
    assert list(tmp_path.iterdir()) == []


def test_a_decoder_that_is_misspelt_is_told(tmp_path: Path) -> None:
    wrong = run("new", "Acme", "M1", "--decoder", "tasmoto", "--out", str(tmp_path))
    assert wrong.exit_code == 2
    assert "did you mean tasmota?" in wrong.output
