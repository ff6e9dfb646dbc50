"""A certificate and its key, judged before a server starts with them."""

from __future__ import annotations

import ssl
from pathlib import Path


def fault_in_pair(certificate: Path, key: Path) -> str | None:
    """What is wrong with them, by the setting's name; None when they can be used."""
    for name, file in (("TLS_CERT", certificate), ("TLS_KEY", key)):
        try:
            file.read_bytes()
        except OSError as error:
            return f"FIELDPROOF_{name}: cannot read {file}: {error.strerror}"
    try:
        # Any password would do: what is wanted is that nobody is asked for one in the terminal.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        return _told(error, certificate, key)
    return None


def _told(error: ssl.SSLError, certificate: Path, key: Path) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return (
            f"FIELDPROOF_TLS_KEY: {key} does not belong to the certificate {certificate}; give the key it was made with"
        )
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(certificate)
    except ssl.SSLError:
        return f"FIELDPROOF_TLS_CERT: {certificate} is not a certificate in PEM form (-----BEGIN CERTIFICATE-----)"
    return f"FIELDPROOF_TLS_KEY: {key} is not a private key in PEM form without a password"
