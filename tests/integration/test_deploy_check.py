"""`deploy/check.py` accepts what is in deploy/, and finds what is wrong with it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import check

DEPLOY = check.DEPLOY


def test_every_file_in_deploy_is_checked_and_without_fault() -> None:
    result = subprocess.run([sys.executable, DEPLOY / "check.py"], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    told = {line.split(":")[0] for line in result.stdout.splitlines()}
    files = {path for path in DEPLOY.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    files.discard(DEPLOY / "check.py")
    assert told == {f"deploy/{path.relative_to(DEPLOY)}" for path in files}


def faults_after(tmp_path: Path, name: str, old: str, new: str, checker: Callable[[Path], check.Outcome]) -> str:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    assert old in text
    copy = tmp_path / Path(name).name
    copy.write_text(text.replace(old, new, 1), encoding="utf-8")
    return "\n".join(checker(copy)[1])


@pytest.mark.parametrize(
    ("name", "old", "new", "checker", "fault"),
    [
        ("compose.yaml", "- data:/var", "- dta:/var", check.check_compose, "volume 'dta' is not declared"),
        ("compose.yaml", "influxdb: {cond", "influx: {cond", check.check_compose, "depends on 'influx'"),
        ("compose.yaml", "services:", "services: [", check.check_compose, "expected"),
        ("compose.yaml", "FIELDPROOF_HOST", "FIELDPROOF_HOTS", check.check_compose, "FIELDPROOF_HOTS is no setting"),
        ("compose.yaml", "./mosquitto:", "./mosquito:", check.check_compose, "there is no ./mosquito"),
        (
            "Dockerfile",
            "COPY requirements/run",
            "COPY requirements/rum",
            check.check_dockerfile,
            "there is no such file",
        ),
        ("Dockerfile", "--from=build", "--from=built", check.check_dockerfile, "there is no such stage"),
        ("Dockerfile", "WORKDIR /src", "WORKDR /src", check.check_dockerfile, "WORKDR"),
        ("Dockerfile", '["fieldproof"]', "fieldproof", check.check_dockerfile, "signals would not reach"),
        ("fieldproof.env.example", "FIELDPROOF_PORT", "FIELDPROOF_PROT", check.check_env, "FIELDPROOF_PROT is no"),
        ("mosquitto/acl", "pattern write", "pattern writes", check.check_acl, "pattern writes"),
        ("systemd/fieldproof-web.service", "Restart=", "Restrt=", check.check_unit, "Service.Restart is missing"),
        ("systemd/fieldproof-web.service", "[Install]", "Install", check.check_unit, "'Install'"),
        ("Dockerfile.dockerignore", "*.env", "", check.check_ignore, "secrets would be copied"),
    ],
)
def test_a_fault_is_found(
    tmp_path: Path, name: str, old: str, new: str, checker: Callable[[Path], check.Outcome], fault: str
) -> None:
    assert fault in faults_after(tmp_path, name, old, new, checker)
