"""A broker's address, and a paho client made for it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from collector.settings import Settings, split_urls

DEFAULT_BROKER = "mqtt://127.0.0.1:1883"
KEEPALIVE_S = 30


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker's address, taken apart."""

    host: str
    port: int
    tls: bool
    username: str | None
    password: str | None
    site: str | None
    # Of several connections to one broker: what this one is for. Empty for the ordinary one.
    role: str = ""

    @classmethod
    def parse(cls, url: str) -> Broker:
        parts = urlsplit(url)
        tls = parts.scheme == "mqtts"
        site = parse_qs(parts.query).get("site", [None])[0]
        return cls(
            parts.hostname or "127.0.0.1",
            parts.port or (8883 if tls else 1883),
            tls,
            unquote(parts.username) if parts.username else None,
            unquote(parts.password) if parts.password else None,
            site,
        )

    @classmethod
    def parse_all(cls, urls: str) -> list[Broker]:
        """Of several addresses, comma-separated."""
        return [cls.parse(url) for url in split_urls(urls)]

    def on(self, role: str) -> Broker:
        """The same broker, by a connection for that."""
        return replace(self, role=role)

    @property
    def name(self) -> str:
        """For people and logs: no credentials."""
        return f"{self.host}:{self.port}/{self.role}" if self.role else f"{self.host}:{self.port}"


def new_client(
    broker: Broker,
    client_id: str,
    protocol: MQTTProtocolVersion,
    settings: Settings | None,
    kind: type[paho.Client] = paho.Client,
    **options: Any,
) -> paho.Client:
    """A paho client with the broker's credentials and TLS set."""
    client = kind(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=protocol, **options)
    if broker.username:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        ca = str(settings.mqtt_ca) if settings and settings.mqtt_ca else None
        context = ssl.create_default_context(cafile=ca)
        if settings and settings.mqtt_cert and settings.mqtt_key:
            context.load_cert_chain(settings.mqtt_cert, settings.mqtt_key)
        client.tls_set_context(context)
    return client
