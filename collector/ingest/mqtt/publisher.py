"""A publisher for devices that we play ourselves. QoS 1: `publish` returns when the broker has taken the message."""

from __future__ import annotations

from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion

from collector.ingest.mqtt.client import KEEPALIVE_S, Broker, new_client


class Publisher:
    def __init__(self, url: str, client_id: str) -> None:
        self._broker = Broker.parse(url)
        self._client = new_client(self._broker, client_id, MQTTProtocolVersion.MQTTv311, None)

    def connect(self) -> None:
        """Raises OSError when the broker cannot be reached; afterwards the connection is kept up by itself."""
        self._client.connect(self._broker.host, self._broker.port, KEEPALIVE_S)
        self._client.loop_start()

    def publish(self, topic: str, payload: bytes, qos: int = 1) -> None:
        """Raises OSError when the broker does not take the message within ten seconds."""
        info = self._client.publish(topic, payload, qos)
        if info.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            raise OSError(f"cannot publish to {self._broker.name}: {info.rc}")
        info.wait_for_publish(10)
        if not info.is_published():
            raise OSError(f"{self._broker.name} did not take the message within 10 s")

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
