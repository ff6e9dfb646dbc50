"""Passwords, tokens, and the installation's secret key."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from webapp.credentials import hash_password, new_token, password_matches, secret_key, token_hash


def test_a_password_matches_its_own_hash_only() -> None:
    stored = hash_password("correct horse")
    assert password_matches(stored, "correct horse")
    assert not password_matches(stored, "wrong horse")
    assert not password_matches(None, "correct horse")
    assert not password_matches("not a hash", "correct horse")


def test_tokens_and_passwords_are_never_the_same_twice() -> None:
    assert len({new_token() for _ in range(100)}) == 100
    assert len(token_hash("x")) == 64


def test_the_secret_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    key = secret_key(None, data)
    assert len(key) >= 48
    assert secret_key(None, data) == key
    assert (data / "secret_key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in data.iterdir()] == ["secret_key"]


def test_a_configured_key_is_used_and_nothing_is_written(tmp_path: Path) -> None:
    assert secret_key("given", tmp_path) == "given"
    assert list(tmp_path.iterdir()) == []


def test_workers_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    make = "print(secret_key(None, pathlib.Path(sys.argv[1])))"
    code = f"import sys, pathlib; from webapp.credentials import secret_key; {make}"
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate(timeout=30)[0] for process in processes}) == 1
