"""Shelly's second generation and all later ones: notifications, and the status of single components.

https://shelly-api-docs.shelly.cloud/gen2/General/Notifications         <prefix>/events/rpc: NotifyStatus, its deltas
https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/Mqtt    <prefix>/status/<component>, topic_prefix

Both become one document, so that a metric has one path whichever of the two a device was told to send:

    {"src": "shellypro3em-a8032ab12c34", "ts": 1795428000.12, "em:0": {…}, "emdata:0": {…},
     "components": {"em": [{"id": 0, "em": {…}, "emdata": {…}}]}}

`components` gathers by type what belongs together: for conditions (`path: [components, em]`), and as a `batch` where
each channel is a device of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from collector.errors import MessageError
from collector.profiles.decoder import Decoder, parse_json

_NOTIFICATIONS = ("NotifyStatus", "NotifyFullStatus")
# Components without a number, such as wifi and sys, measure nothing.
_COMPONENT = re.compile(r"([a-z][a-z0-9_]{0,39}):([0-9]{1,5})")


class ShellyGen2Decoder(Decoder):
    """A status topic has no time and names its device by the prefix; a notification has both within."""

    defaults: ClassVar[Mapping[str, Any]] = {
        "match": [
            {"topic": topic}
            for topic in (
                "{prefix}/events/rpc",
                "{above}/{prefix}/events/rpc",
                "{prefix}/status/{component}",
                "{above}/{prefix}/status/{component}",
            )
        ],
        "device_id": "{payload:src}",
        "time": {"path": ["ts"], "unit": "s"},
    }

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:
        """Empty for what is no measurement: events, answers, status of other things under topics that look alike."""
        document = _status(parts, payload) if "component" in parts else _notification(_object(payload))
        return {**document, "components": _components(document)} if document else document


def _status(parts: Mapping[str, str], payload: bytes) -> dict[str, Any]:
    if not _COMPONENT.fullmatch(parts["component"]):
        return {}
    prefix = [parts[level] for level in ("above", "prefix") if level in parts]
    return {"src": "/".join(prefix), parts["component"]: _object(payload)}


def _notification(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("method", _NOTIFICATIONS[0]) not in _NOTIFICATIONS:
        return {}
    params = body.get("params")
    if not isinstance(params, dict):
        raise MessageError("bad_format", "a notification without params, which must be an object")
    return {**params, "src": body.get("src")}


def _object(payload: bytes) -> dict[str, Any]:
    body = parse_json(payload)
    if not isinstance(body, dict):
        raise MessageError("bad_format", f"expected an object, found {type(body).__name__}")
    return body


def _components(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By type and number; what a meter stores (`em1data:0`) beside what it measures (`em1:0`)."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for key, content in document.items():
        hit = _COMPONENT.fullmatch(key)
        if hit is None or not isinstance(content, dict):
            continue
        number = int(hit[2])
        found.setdefault(hit[1].removesuffix("data"), {}).setdefault(number, {"id": number})[hit[1]] = content
    return {type_: list(numbered.values()) for type_, numbered in found.items()}


DECODER = ShellyGen2Decoder()
