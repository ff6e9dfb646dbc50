"""A source on a real broker, polled by the test itself; certificates for a broker that asks for them."""

from __future__ import annotations

import datetime as dt
import ipaddress
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import paho.mqtt.client as paho
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from collector.clock import now_ms
from collector.ingest.message import Message
from collector.ingest.mqtt.bulk import BulkClient
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.source import MqttSource, wait
from collector.settings import Settings


class Polled:
    """A source with what it has delivered so far. `acknowledging` false: nothing is, as if commits failed."""

    def __init__(
        self, url: str, filters: str = "t/#", *, v5: bool = True, kind: type[paho.Client] = BulkClient,
        settings: Settings | None = None, client_id: str = "polled", former: Iterable[str] = (),
    ) -> None:  # fmt: skip
        """`filters`, separated by blanks; `former`: what the kept session may still be subscribed to."""
        self.source = MqttSource(
            settings or Settings(), Broker.parse(url), client_id, filters.split(), now_ms,
            former_filters=former, v5=v5, kind=kind,
        )  # fmt: skip
        self.received: list[Message] = []
        self.acknowledging = True
        # How many polls brought something.
        self.reads = 0

    def step(self) -> None:
        wait([self.source], 0.02)
        messages = self.source.poll()
        self.received += messages
        self.reads += bool(messages)
        if self.acknowledging:
            self.source.acknowledge(messages)

    def until(self, condition: Callable[[], bool], seconds: float = 30, what: str = "the condition") -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not come about within {seconds:.0f} s"
            self.step()

    def connect(self) -> None:
        self.until(lambda: self.source.subscribed_at is not None, what="the subscription")


def make_certificates(folder: Path) -> None:
    """`ca.pem`, and `server` and `client` with a key each, for 127.0.0.1."""
    authority, signer = _certificate("authority", None, None)
    _write(folder / "ca.pem", authority)
    for name in ("server", "client"):
        certificate, key = _certificate(name, authority, signer)
        _write(folder / f"{name}.pem", certificate)
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


def _write(path: Path, certificate: x509.Certificate) -> None:
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _certificate(
    name: str, issuer: x509.Certificate | None, signer: ec.EllipticCurvePrivateKey | None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = dt.datetime.now(dt.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(address, critical=False)
    )
    return builder.sign(signer or key, hashes.SHA256()), key
