"""The four files of `<data>/tls`: made when missing, renewed when due, and the authority never replaced unasked."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from collector.errors import ConfigError
from webapp.lan.addresses import own_addresses, own_names
from webapp.lan.authority import Issued, Subjects, allowed, issue, make_authority, subjects_of

_RENEW_BEFORE = dt.timedelta(days=30)
NONE = Subjects((), ())
REPLACE = "make a new one with 'fieldproof tls init --new-authority'; every phone must then trust it anew"


@dataclass(frozen=True, slots=True)
class Files:
    """Where they are."""

    folder: Path

    @classmethod
    def of(cls, data: Path) -> Files:
        return cls(data / "tls")

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    @property
    def ca_key(self) -> Path:
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        return self.folder / "server.pem"

    @property
    def server_key(self) -> Path:
        return self.folder / "server.key"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is there now, and what was done to get there."""

    ca: x509.Certificate
    server: x509.Certificate
    made_ca: bool
    made_server: bool
    # Names and addresses that this authority may not speak for.
    left_out: tuple[str, ...]


def own_subjects() -> Subjects:
    return Subjects(tuple(own_names()), tuple(own_addresses()))


def keep(
    files: Files,
    own: Subjects,
    given: Subjects = NONE,
    *,
    now: dt.datetime | None = None,
    new_authority: bool = False,
) -> Kept:
    """Make what is missing and renew what is due. Raises ConfigError when that cannot be."""
    now = now or dt.datetime.now(dt.UTC)
    try:
        with _alone(files.folder):
            made_ca = new_authority or not files.ca.exists()
            if made_ca:
                _write_authority(files, make_authority(socket.gethostname(), own, given, now))
            return _keep_server(files, own, given, now, made_ca)
    except OSError as error:
        raise ConfigError([f"{error.filename or files.folder}: cannot be used: {error.strerror}"]) from error


def _keep_server(files: Files, own: Subjects, given: Subjects, now: dt.datetime, made_ca: bool) -> Kept:
    ca = load_certificate(files.ca)
    if ca.not_valid_after_utc - now < _RENEW_BEFORE:
        raise ConfigError([f"{files.ca}: this authority ends on {ca.not_valid_after_utc:%d %B %Y}; {REPLACE}"])
    server = _usable(files, ca)
    # A name that was given once stays, without giving it again.
    before = subjects_of(server).names if server else ()
    asked = Subjects(
        tuple(dict.fromkeys([*own.names, *given.names, *before])),
        tuple(dict.fromkeys([*own.addresses, *given.addresses])),
    )
    wanted = allowed(ca, asked)
    left_out = tuple(asked.without(wanted).texts())
    if server is not None and not _is_due(server, wanted, now):
        return Kept(ca, server, made_ca, False, left_out)
    authority = Issued(ca, _load_key(files.ca_key, ca))
    return Kept(ca, _write_server(files, ca, issue(authority, wanted, now)), made_ca, True, left_out)


def _is_due(certificate: x509.Certificate, wanted: Subjects, now: dt.datetime) -> bool:
    missing = wanted.without(subjects_of(certificate))
    return bool(missing.texts()) or certificate.not_valid_after_utc - now < _RENEW_BEFORE


def _usable(files: Files, ca: x509.Certificate) -> x509.Certificate | None:
    """The server's certificate, when it is this authority's and its key is there: a crash may lie between the two."""
    try:
        certificate = x509.load_pem_x509_certificates(files.server.read_bytes())[0]
        key = load_pem_private_key(files.server_key.read_bytes(), None)
        certificate.verify_directly_issued_by(ca)
    except (FileNotFoundError, ValueError, TypeError, InvalidSignature):
        return None
    return certificate if key.public_key() == certificate.public_key() else None


def load_certificate(file: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())[0]
    except ValueError as error:
        raise ConfigError([f"{file}: is not a certificate; put the right one back, or {REPLACE}"]) from error


def _load_key(file: Path, ca: x509.Certificate) -> ec.EllipticCurvePrivateKey:
    """The authority's key is wanted only now, so that it may lie elsewhere between two renewals."""
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except FileNotFoundError as error:
        fault = f"{file}: is missing, and this machine's certificate must be renewed with it; put it back, or {REPLACE}"
        raise ConfigError([fault]) from error
    except (ValueError, TypeError) as error:
        raise ConfigError(
            [f"{file}: is not an unencrypted private key; put the right one back, or {REPLACE}"]
        ) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != ca.public_key():
        raise ConfigError([f"{file}: is not the key of ca.pem beside it; put the right one back, or {REPLACE}"])
    return key


def _write_authority(files: Files, made: Issued) -> None:
    _write(files.ca_key, _key_text(made.key), 0o600)
    _write(files.ca, made.certificate.public_bytes(Encoding.PEM), 0o644)


def _write_server(files: Files, ca: x509.Certificate, made: Issued) -> x509.Certificate:
    chain = made.certificate.public_bytes(Encoding.PEM) + ca.public_bytes(Encoding.PEM)
    _write(files.server_key, _key_text(made.key), 0o600)
    _write(files.server, chain, 0o644)
    return made.certificate


def _key_text(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable by others in between."""
    part = file.with_name(f".{file.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as out:
        # The umask may have taken more than we want.
        os.fchmod(out.fileno(), mode)
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(file)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """`tls init` and a running `up --lan` may renew at the same moment: one waits for the other."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    with (folder / ".lock").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
