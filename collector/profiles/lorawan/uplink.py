"""What two LoRaWAN networks say of a message, brought into one form, so that one profile reads a device on either.

The form, of which a part may be missing, is

    {network, event, eui, name, application, model, tags, time,                      always
     port, counter, object, bytes, rssi, snr, spreading, gateway, gateways, gateway_time,   of an uplink (`up`)
     battery, margin}                                                               of a `status`

`object`: what the network's codec made of the bytes. `time`: when the network server had the uplink, by its clock.
`rssi` in dBm, `snr` in dB: of the gateway that heard it best. Numbers that a network leaves out because they are 0 are
filled in.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any

from collector.domain.devices import slug
from collector.errors import MessageError

Document = dict[str, Any]

# A LoRaWAN frame carries at most 242; twice that leaves room for what a network may put together.
MOST_BYTES = 512
_LONGEST_TEXT = 256


def table(value: Any) -> Mapping[str, Any]:
    """An object, or an empty one for anything else that may stand there."""
    return value if isinstance(value, dict) else {}


def text(value: Any) -> str:
    return value[:_LONGEST_TEXT] if isinstance(value, str) else ""


def amount(value: Any) -> float | None:
    """A number; no boolean and no text."""
    return value if type(value) is int or type(value) is float else None


def count(value: Any) -> int:
    """A port or a counter: what is left out is 0."""
    return value if type(value) is int and value >= 0 else 0


def bytes_of(encoded: Any) -> list[int]:
    """The device's own bytes, which both networks write as base64. Raises MessageError for what is none."""
    if not isinstance(encoded, str):
        return []
    if len(encoded) > MOST_BYTES * 4 // 3 + 4:
        raise MessageError("bad_format", f"more than {MOST_BYTES} bytes, which no LoRaWAN frame carries")
    try:
        return list(base64.b64decode(encoded, validate=True))
    except ValueError as error:
        raise MessageError("bad_format", f"the device's bytes are not base64: {error}") from None


def model_of(*names: Any) -> str:
    """What the network calls the type of the device, in one spelling: the first that it names at all."""
    return next((slug(name) for name in names if isinstance(name, str) and slug(name)), "")


def strongest(receptions: Any) -> tuple[Mapping[str, Any], int]:
    """Of the gateways that heard a message the one that heard it best, and how many there were."""
    heard = [one for one in receptions if isinstance(one, dict)] if isinstance(receptions, list) else []
    best = max(heard, key=lambda one: -1e9 if (rssi := amount(one.get("rssi"))) is None else rssi, default={})
    return best, len(heard)


def radio(reception: Mapping[str, Any], spreading: Any) -> Iterable[tuple[str, Any]]:
    """How well it was heard. LoRa has always a signal-to-noise ratio: one that is left out is 0."""
    factor, rssi, snr = amount(spreading), amount(reception.get("rssi")), amount(reception.get("snr"))
    if factor is not None:
        yield "spreading", factor
    if rssi is not None:
        yield "rssi", rssi
        if snr is not None or factor is not None:
            yield "snr", 0 if snr is None else snr


def decoded(value: Any) -> Document:
    """`object` where the network's codec found something."""
    return {"object": value} if isinstance(value, dict) and value else {}
