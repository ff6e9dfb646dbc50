"""FIELDPROOF_TLS_CERT and FIELDPROOF_TLS_KEY: a fault says which of the two, and what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

from collector.errors import ConfigError
from collector.settings import load_settings
from webapp.lan.files import Files, keep, own_subjects


@pytest.fixture
def pair(tmp_path: Path) -> Files:
    files = Files.of(tmp_path)
    keep(files, own_subjects())
    return files


def faults(certificate: Path | None, key: Path | None) -> list[str]:
    given = {"FIELDPROOF_TLS_CERT": certificate, "FIELDPROOF_TLS_KEY": key}
    try:
        load_settings({name: str(file) for name, file in given.items() if file})
    except ConfigError as error:
        return error.faults
    return []


def test_a_pair_that_belongs_together_is_taken(pair: Files) -> None:
    assert faults(pair.server, pair.server_key) == []


def test_one_without_the_other_is_a_fault(pair: Files) -> None:
    for given in ((pair.server, None), (None, pair.server_key)):
        assert faults(*given) == ["FIELDPROOF_TLS_CERT and FIELDPROOF_TLS_KEY: give both or neither"]


def test_a_file_that_cannot_be_read_is_named_with_its_setting(pair: Files, tmp_path: Path) -> None:
    (fault,) = faults(tmp_path / "none.pem", pair.server_key)
    assert fault == f"FIELDPROOF_TLS_CERT: cannot read {tmp_path / 'none.pem'}: No such file or directory"
    (fault,) = faults(pair.server, tmp_path)
    assert fault == f"FIELDPROOF_TLS_KEY: cannot read {tmp_path}: Is a directory"


def test_a_key_of_another_certificate_is_told(pair: Files) -> None:
    (fault,) = faults(pair.server, pair.ca_key)
    assert fault.startswith("FIELDPROOF_TLS_KEY: ")
    assert "does not belong to the certificate" in fault


def test_files_that_are_something_else_are_told(pair: Files, tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not PEM")
    assert faults(other, pair.server_key)[0].startswith(f"FIELDPROOF_TLS_CERT: {other} is not a certificate")
    assert faults(pair.server, other)[0].startswith(f"FIELDPROOF_TLS_KEY: {other} is not a private key")


def test_nobody_is_asked_for_a_keys_password(pair: Files, tmp_path: Path) -> None:
    """A service has nobody to ask, and would wait for ever."""
    key = load_pem_private_key(pair.server_key.read_bytes(), None)
    locked = tmp_path / "locked.key"
    cipher = BestAvailableEncryption(b"password")
    locked.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, cipher))
    (fault,) = faults(pair.server, locked)
    assert fault.endswith("is not a private key in PEM form without a password")
