"""Events of ChirpStack 4, as its MQTT integration writes them in JSON.

https://www.chirpstack.io/docs/chirpstack/integrations/events.html, and the messages UplinkEvent, StatusEvent and
DeviceInfo of https://github.com/chirpstack/chirpstack/blob/master/api/proto/integration/integration.proto. By the rules
of JSON for Protocol Buffers a field may be left out when it is 0, false or empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collector.errors import MessageError
from collector.profiles.lorawan.uplink import (
    Document,
    amount,
    bytes_of,
    count,
    decoded,
    model_of,
    radio,
    strongest,
    table,
    text,
)

# Each stands in no other kind of event.
_OF_UPLINK = ("fCnt", "fPort", "rxInfo", "txInfo", "data", "object")
_OF_STATUS = ("batteryLevel", "batteryLevelUnavailable", "externalPowerSource", "margin")


def is_ours(message: Mapping[str, Any]) -> bool:
    return "deviceInfo" in message


def read(message: Mapping[str, Any]) -> Document:
    info = table(message.get("deviceInfo"))
    tags = table(info.get("tags"))
    event = _event(message)
    return {
        "network": "chirpstack",
        "event": event,
        "eui": text(info.get("devEui")).lower(),
        "name": text(info.get("deviceName")) or text(info.get("devEui")),
        "application": text(info.get("applicationName")),
        "model": model_of(tags.get("model"), info.get("deviceProfileName")),
        "tags": dict(tags),
        "time": message.get("time"),
        **(_uplink(message) if event == "up" else _status(message) if event == "status" else {}),
    }


def _event(message: Mapping[str, Any]) -> str:
    if any(key in message for key in _OF_UPLINK):
        return "up"
    return "status" if any(key in message for key in _OF_STATUS) else "other"


def _uplink(message: Mapping[str, Any]) -> Document:
    best, gateways = strongest(message.get("rxInfo"))
    lora = table(table(table(message.get("txInfo")).get("modulation")).get("lora"))
    found: Document = {
        "port": count(message.get("fPort")),
        "counter": count(message.get("fCnt")),
        "bytes": bytes_of(message.get("data")),
        "gateway": text(best.get("gatewayId")),
        "gateways": gateways,
        "gateway_time": best.get("gwTime") or best.get("time"),
        **decoded(message.get("object")),
        **dict(radio(best, lora.get("spreadingFactor"))),
    }
    # The event's own time is that of a gateway which has one, right or wrong; `nsTime` is the network server's.
    return found | ({"time": best["nsTime"]} if best.get("nsTime") else {})


def _status(message: Mapping[str, Any]) -> Document:
    found: Document = {"margin": amount(message.get("margin"))}
    level = amount(message.get("batteryLevel"))
    if level is not None and not message.get("externalPowerSource") and not message.get("batteryLevelUnavailable"):
        found["battery"] = level
    return found


def unreadable(payload: bytes) -> MessageError | None:
    """What to say of a payload that is no JSON, if it is the same event in the integration's other encoding.

    A protobuf event begins with the tag of its first field and the 36 characters of a UUID.
    """
    if not payload.startswith(b"\x0a\x24"):
        return None
    return MessageError(
        "not_json",
        "this is ChirpStack's protobuf encoding; set json = true under [integration.mqtt] in chirpstack.toml",
    )
