"""A publisher for devices that we play ourselves. QoS 1: `publish` returns when the broker has taken the message."""

from __future__ import annotations

from paho.mqtt.enums import MQTTProtocolVersion

from collector.ingest.mqtt.client import KEEPALIVE_S, Broker, new_client


class Publisher:
    def __init__(self, url: str, client_id: str) -> None:
        """To the first of several brokers."""
        self._broker = Broker.parse_all(url)[0]
        self._client = new_client(self._broker, client_id, MQTTProtocolVersion.MQTTv311, None)

    def connect(self) -> None:
        """Raises OSError when the broker cannot be reached; afterwards the connection is kept up by itself."""
        self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Raises OSError when the broker does not take the message within ten seconds."""
        info = self._client.publish(topic, payload, qos)
        try:
            info.wait_for_publish(10)
            taken = info.is_published()
        except (RuntimeError, ValueError) as error:
            # paho's words for "not connected" and "its queue is full".
            raise OSError(f"cannot publish to {self._broker.name}: {error}") from error
        if not taken:
            raise OSError(f"{self._broker.name} did not take the message within 10 s")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
