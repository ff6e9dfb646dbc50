"""The broker: reached, trusted, entered, and what it says it can do."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from collector.doctor.finding import Finding, bad, duration, ok, warn
from collector.doctor.patient import Meeting, Patient
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.probe import ANSWER_S, UNSUPPORTED_VERSION, Answer, Probe
from collector.ingest.mqtt.source import SESSION_EXPIRY_S
from collector.ingest.mqtt.unreachable import refused_us, unreachable
from collector.settings import Settings

CHECK = "broker"
_CERTIFICATE_DAYS = 21


def meet(patient: Patient, broker: Broker) -> Meeting:
    """The first connection, made once for all checks."""
    if broker.name not in patient.meetings:
        patient.meetings[broker.name] = _meet(broker, patient.settings)
    return patient.meetings[broker.name]


def look(patient: Patient, broker: Broker) -> Iterator[Finding]:
    meeting = meet(patient, broker)
    if meeting.fault is not None:
        yield meeting.fault
        return
    yield from _certificates(meeting, patient.settings)
    if meeting.v5:
        yield ok(CHECK, f"reached, and it lets us in; it speaks MQTT 5 ({_told(meeting.properties)})")
        yield from limits(meeting.properties)
    else:
        yield warn(
            CHECK,
            "reached, and it lets us in; it speaks MQTT 3.1.1 only",
            "How long a session is kept and how much may be on its way are then the broker's settings alone.",
            "Use a broker that speaks MQTT 5, such as Mosquitto 1.6 or newer; or see that its sessions do not expire.",
        )


def _meet(broker: Broker, settings: Settings) -> Meeting:
    certificate = None
    try:
        # Apart from MQTT, so that a fault of the line is told from one of the broker.
        certificate = _shake_hands(broker, settings) if broker.tls else None
        answer = _connect(broker, settings, v5=True)
        v5 = answer is not None and answer.code != UNSUPPORTED_VERSION
        if not v5:
            answer = _connect(broker, settings, v5=False)
    except OSError as error:
        return Meeting(False, {}, _unreachable(broker, error))
    if answer is None:
        return Meeting(False, {}, _silent(broker))
    return Meeting(v5, answer.properties, None if answer.accepted else _refused(broker, answer), certificate)


def _connect(broker: Broker, settings: Settings, *, v5: bool) -> Answer | None:
    """None when the connection was made and no MQTT answer came: an older broker may read v5 so."""
    with Probe(broker, settings, v5=v5, expiry_s=SESSION_EXPIRY_S) as probe:
        try:
            return probe.connect()
        except TimeoutError:
            if not probe.reached:
                raise
            return None


def _unreachable(broker: Broker, error: OSError) -> Finding:
    what, change = unreachable(broker, error)
    return bad(CHECK, what, "Nothing is collected without it.", change)


def _silent(broker: Broker) -> Finding:
    return bad(
        CHECK,
        f"{broker.name} takes the connection and does not answer in MQTT",
        "Nothing is collected.",
        "See that this is the broker's MQTT port; a TLS port needs mqtts:// in FIELDPROOF_MQTT_URL.",
    )


def _refused(broker: Broker, answer: Answer) -> Finding:
    what, change = refused_us(broker, answer.reason)
    return bad(CHECK, what, "Nothing is collected.", change)


def _told(properties: dict[str, int]) -> str:
    size = properties.get("MaximumPacketSize")
    parts = [
        f"QoS up to {properties.get('MaximumQoS', 2)}",
        f"sessions kept {duration(properties.get('SessionExpiryInterval', SESSION_EXPIRY_S))}",
        f"messages up to {size:,} B" if size else "messages of any size",
        f"{'shared' if properties.get('SharedSubscriptionAvailable', 1) else 'no shared'} subscriptions",
        f"{'retained' if properties.get('RetainAvailable', 1) else 'no retained'} messages",
    ]
    return ", ".join(parts)


def limits(properties: dict[str, int]) -> Iterator[Finding]:
    """What the broker's own limits, as it told them, would cost."""
    if properties.get("MaximumQoS", 2) < 1:
        yield bad(
            CHECK,
            "it offers QoS 0 only",
            "Nothing is kept for a collector that is away, and nothing is sent again.",
            "Allow QoS 1 in the broker's settings.",
        )
    if not properties.get("WildcardSubscriptionAvailable", 1):
        yield bad(
            CHECK,
            "it allows no wildcards in subscriptions",
            "The device profiles subscribe with wildcards: nothing would arrive.",
            "Allow wildcard subscriptions in the broker's settings.",
        )
    granted = properties.get("SessionExpiryInterval", SESSION_EXPIRY_S)
    if granted < SESSION_EXPIRY_S:
        yield warn(
            CHECK,
            f"it keeps a session for {duration(granted)} only; the collector asks for {duration(SESSION_EXPIRY_S)}",
            "A collector that is away for longer loses everything that came meanwhile.",
            "Raise the broker's limit for session expiry.",
        )


def _shake_hands(broker: Broker, settings: Settings) -> bytes | None:
    """The broker's certificate, trusted. Raises OSError."""
    context = ssl.create_default_context(cafile=str(settings.mqtt_ca) if settings.mqtt_ca else None)
    if settings.mqtt_cert and settings.mqtt_key:
        context.load_cert_chain(settings.mqtt_cert, settings.mqtt_key)
    with (
        socket.create_connection((broker.host, broker.port), ANSWER_S) as plain,
        context.wrap_socket(plain, server_hostname=broker.host) as secure,
    ):
        return secure.getpeercert(binary_form=True)


def _certificates(meeting: Meeting, settings: Settings) -> Iterator[Finding]:
    if meeting.certificate is None:
        return
    yield _lives(x509.load_der_x509_certificate(meeting.certificate), "the broker's certificate")
    if settings.mqtt_cert:
        yield _own(settings.mqtt_cert)


def _own(file: Path) -> Finding:
    return _lives(x509.load_pem_x509_certificate(file.read_bytes()), f"our certificate {file}")


def _lives(certificate: x509.Certificate, what: str) -> Finding:
    days = (certificate.not_valid_after_utc - datetime.now(UTC)).days
    if days >= _CERTIFICATE_DAYS:
        return ok(CHECK, f"{what} is valid for {days} more days")
    return warn(
        CHECK,
        f"{what} ends in {days} days",
        "From then on no connection is made, and nothing is collected.",
        "Renew it before then, and reload the broker.",
    )
