"""Uplinks of The Things Stack 3, as its MQTT server writes them.

https://www.thethingsindustries.com/docs/integrations/data-formats/: whatever is 0, false or empty is left out.
`version_ids` says which device of the Device Repository it was registered as; it is not there when it was registered by
hand. https://www.thethingsindustries.com/docs/api/reference/grpc/application_server/ (ApplicationUplink)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from collector.profiles.lorawan.uplink import (
    Document,
    bytes_of,
    count,
    decoded,
    model_of,
    radio,
    strongest,
    table,
    text,
)


def is_ours(message: Mapping[str, Any]) -> bool:
    return "end_device_ids" in message


def read(message: Mapping[str, Any]) -> Document:
    ids = table(message.get("end_device_ids"))
    name, application = text(ids.get("device_id")), text(table(ids.get("application_ids")).get("application_id"))
    uplink = table(message.get("uplink_message"))
    version = table(uplink.get("version_ids"))
    return {
        "network": "things-stack",
        "event": _event(message),
        # A device without an EUI (activated by hand) is known by its name within the application alone.
        "eui": text(ids.get("dev_eui")).lower() or (f"{application}.{name}" if name else ""),
        "name": name or text(ids.get("dev_eui")),
        "application": application,
        "model": model_of(version.get("model_id")),
        "tags": {key: value for key, value in version.items() if isinstance(value, str)},
        # Of the network server; the outer `received_at` is that of the application server, a little later.
        "time": uplink.get("received_at") or message.get("received_at"),
        **(_uplink(uplink) if uplink else {}),
    }


def _event(message: Mapping[str, Any]) -> str:
    """An uplink that someone made up in the console is marked as `simulated`; it is no reading."""
    if "uplink_message" not in message:
        return "other"
    return "simulated" if message.get("simulated") else "up"


def _uplink(uplink: Mapping[str, Any]) -> Document:
    best, gateways = strongest(uplink.get("rx_metadata"))
    lora = table(table(table(uplink.get("settings")).get("data_rate")).get("lora"))
    return {
        "port": count(uplink.get("f_port")),
        "counter": count(uplink.get("f_cnt")),
        "bytes": bytes_of(uplink.get("frm_payload")),
        "gateway": text(table(best.get("gateway_ids")).get("gateway_id")),
        "gateways": gateways,
        "gateway_time": best.get("time"),
        **decoded(uplink.get("decoded_payload")),
        **dict(radio(best, lora.get("spreading_factor"))),
    }
