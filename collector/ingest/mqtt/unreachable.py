"""Why a broker cannot be reached, and what to change, in words."""

from __future__ import annotations

import socket
import ssl

from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.probe import ANSWER_S

_START = (
    "Start the broker ('systemctl start mosquitto'), or correct FIELDPROOF_MQTT_URL."
    " To try Fieldproof without one: 'fieldproof up --demo'."
)
_OTHER_TLS = (
    "Give mqtts:// only for the broker's TLS port (mostly 8883)."
    " If it asks for a certificate of ours: FIELDPROOF_MQTT_CERT and FIELDPROOF_MQTT_KEY."
)
_OTHER_USER = (
    "Correct user and password in FIELDPROOF_MQTT_URL, or add the user at the broker"
    " (Mosquitto: mosquitto_passwd, then reload)."
)


def unreachable(broker: Broker, error: OSError) -> tuple[str, str]:
    """What is the matter, and what to change."""
    name = broker.name
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"the certificate of {name} is not trusted: {error.verify_message}",
            "Set FIELDPROOF_MQTT_CA to the authority that signed it, and give the broker by a name that stands in it.",
        )
    if isinstance(error, ssl.SSLError) or (broker.tls and isinstance(error, ConnectionResetError)):
        return (f"{name} does not speak TLS as we do: {getattr(error, 'reason', None) or error}", _OTHER_TLS)
    if isinstance(error, socket.gaierror):
        return (f"the name {broker.host} is not known", "Correct the host in FIELDPROOF_MQTT_URL.")
    if isinstance(error, FileNotFoundError | PermissionError):
        return (
            f"a file for TLS cannot be read: {error}",
            "Correct FIELDPROOF_MQTT_CA, or FIELDPROOF_MQTT_CERT and FIELDPROOF_MQTT_KEY.",
        )
    if isinstance(error, ConnectionRefusedError):
        return (f"nothing listens at {name}", _START)
    if isinstance(error, TimeoutError):
        return (f"{name} does not answer within {ANSWER_S:.0f} s", "Look at the network and firewalls on the way.")
    return (f"{name} cannot be reached: {error}", "Correct FIELDPROOF_MQTT_URL, or look at the network.")


def refused_us(broker: Broker, reason: str) -> tuple[str, str]:
    """Of a broker that answered, by the reason of its CONNACK."""
    return (f"{broker.name} refuses us: {reason}", _OTHER_USER)
