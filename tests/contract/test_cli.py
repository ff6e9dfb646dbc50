"""The command line of the contract: names, exit codes, and answers a script can read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from webapp.cli import main


def run(*arguments: str, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(main, arguments, env=env)


def test_every_command_explains_itself() -> None:
    for command in (
        "up",
        "collect",
        "serve",
        "simulate",
        "sites add",
        "sites list",
        "users add",
        "users list",
        "users reset",
        "tokens create",
        "tls init",
        "doctor",
        "devices check",
        "devices list",
        "devices try",
        "devices new",
        "devices learn",
        "collectors list",
        "collectors remove",
        "reshard",
    ):
        result = run(*command.split(), "--help")
        assert result.exit_code == 0, command
        assert result.output.splitlines()[2].strip(), f"{command} has no sentence about itself"


def test_bad_configuration_exits_with_78_and_lists_every_fault() -> None:
    result = run("collect", env={"FIELDPROOF_PORT": "x", "FIELDPROOF_MQTT_URL": "http://y"})
    assert result.exit_code == 78
    assert "FIELDPROOF_PORT" in result.output
    assert "FIELDPROOF_MQTT_URL" in result.output


def test_wrong_usage_exits_with_2() -> None:
    assert run("reshard", "0").exit_code == 2
    assert "0/3 to 2/3" in run("collect", "--shard", "3/3").output
    assert run("up", "--prot", "1").exit_code == 2
    assert run("users", "add", "ann", "--role", "king").exit_code == 2


@pytest.fixture
def data(tmp_path: Path) -> str:
    return str(tmp_path / "data")


def test_a_user_is_added_listed_and_given_a_new_password(data: str) -> None:
    added = run("users", "add", "ann", "--role", "manager", "--name", "Ann", "--data", data)
    assert added.exit_code == 0, added.output
    assert "Password: " in added.output
    listed = run("users", "list", "--json", "--data", data)
    assert [(user["username"], user["role"]) for user in json.loads(listed.output)] == [("ann", "manager")]
    assert "new password" in run("users", "reset", "ann", "--data", data).output


def test_the_same_user_again_is_told_what_to_do(data: str) -> None:
    run("users", "add", "ann", "--role", "manager", "--data", data)
    again = run("users", "add", "ann", "--role", "manager", "--data", data)
    assert again.exit_code == 1
    assert "users reset ann" in again.output


def test_a_site_is_added_and_listed_and_a_wrong_zone_is_told(data: str) -> None:
    added = run("sites", "add", "plant", "--name", "My plant", "--zone", "Europe/Dublin", "--data", data)
    assert added.exit_code == 0, added.output
    assert "fieldproof/plant/" in added.output
    listed = run("sites", "list", "--json", "--data", data)
    assert json.loads(listed.output) == [{"id": "plant", "name": "My plant", "timezone": "Europe/Dublin"}]
    assert "not a time zone" in run("sites", "add", "other", "--zone", "Mars", "--data", data).output
    assert "small letters" in run("sites", "add", "My Plant", "--data", data).output


def test_a_token_is_printed_alone(data: str) -> None:
    made = run("tokens", "create", "--name", "script", "--role", "auditor", "--data", data)
    assert made.exit_code == 0, made.output
    assert len(made.output.split()) == 1


def test_what_is_printed_stays_what_it_is() -> None:
    """A fingerprint with ":AB:" in it was shown as a picture of two letters."""
    from webapp.cli import _console, _errors

    assert [console.render_str("1F:AB:C4").plain for console in (_console, _errors)] == ["1F:AB:C4"] * 2
