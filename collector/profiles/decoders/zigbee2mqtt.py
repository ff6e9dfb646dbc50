"""Zigbee2MQTT: the state of a device as one JSON object, under its friendly name.

https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html    topics; a friendly name may have a slash in it
https://www.zigbee2mqtt.io/guide/configuration/mqtt.html                last_seen: ISO 8601, or epoch in milliseconds

A device with several endpoints sends their values side by side with the endpoint at the end of the name (`power_l1`):
a profile names them by these paths. `friendly_name` is added to the document, for the device's id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from collector.errors import MessageError
from collector.profiles.decoder import Decoder, Record, Unreadable, parse_json
from collector.profiles.profile import Profile

# What else is published, or asked for, below the base topic; with a friendly name of two parts it looks alike.
_NO_DEVICES = ("bridge",)
_NO_STATES = ("availability", "set", "get")
# The firmware and the device itself, not what it measures.
_NOT_MEASURED = ("update", "update_available", "device")


class Zigbee2MqttDecoder(Decoder):
    defaults: ClassVar[Mapping[str, Any]] = {
        "match": [{"topic": "zigbee2mqtt/{name}"}, {"topic": "zigbee2mqtt/{area}/{name}"}],
        "device_id": "{payload:friendly_name}",
        "time": {"path": ["last_seen"], "unit": "iso"},
    }

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:
        """Empty for what is no state of a device."""
        area, name = parts.get("area"), parts.get("name", "")
        if not payload or (area or name) in _NO_DEVICES or (area is not None and _beside(name, payload)):
            return {}
        body = parse_json(payload)
        if not isinstance(body, dict):
            raise MessageError("bad_format", f"expected an object with the device's state, found {type(body).__name__}")
        # A null says that nothing is known yet, not that a value was looked for and missing.
        state = {key: value for key, value in body.items() if value is not None and key not in _NOT_MEASURED}
        return {**state, "friendly_name": name if area is None else f"{area}/{name}"}

    def records(self, profile: Profile, parts: Mapping[str, str], content: Any) -> Iterable[Record | Unreadable]:
        return super().records(profile, parts, content) if content else ()


def _beside(name: str, payload: bytes) -> bool:
    """What stands below a device's own topic: with `output: attribute` each of its values, too."""
    return name in _NO_STATES or not payload.lstrip().startswith(b"{")


DECODER = Zigbee2MqttDecoder()
