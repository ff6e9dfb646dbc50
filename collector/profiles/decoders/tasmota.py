"""Tasmota: telemetry of sensors and energy, by itself (`tele/…/SENSOR`) or asked for (`stat/…/STATUS8`, `STATUS10`).

https://tasmota.github.io/docs/MQTT/               topics; the full topic may be turned around: <device>/tele/SENSOR
https://tasmota.github.io/docs/Commands/#status    STATUS8 and STATUS10: the same body under StatusSNS
https://tasmota.github.io/docs/AM2301/             a sensor, with TempUnit beside it

    {"Time": "2026-11-23T11:00:00", "ENERGY": {…}, "AM2301": {"Temperature": 24.6, "Humidity": 58.2}, "TempUnit": "C"}

`Time` is the device's local time and names no offset. To what the device sent comes `sensors`, a list of the climate
sensors with their names, for the `batch` of a profile: `[{"sensor": "AM2301", "Temperature": 24.6, …}]`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from collector.errors import MessageError
from collector.profiles.decoder import Decoder, parse_json
from collector.profiles.measured import number

_BODIES = ("tele/{device}/SENSOR", "stat/{device}/STATUS8", "stat/{device}/STATUS10")
_TURNED = ("{device}/tele/SENSOR", "{device}/stat/STATUS8", "{device}/stat/STATUS10")

# SetOption8, 24 and 139 of a device choose the units of all its sensors; documents have °C and hPa.
_TEMPERATURES = ("Temperature", "DewPoint")
_PRESSURES = ("Pressure", "SeaPressure")
_CLIMATE = (*_TEMPERATURES, "Humidity", *_PRESSURES)
_HPA: Mapping[str, float] = {"mmHg": 1.333224, "inHg": 33.86389}
# What meters of energy and the chip itself report of their own temperature says nothing of the room.
_NO_SENSORS = ("ENERGY", "ESP32")


class TasmotaDecoder(Decoder):
    defaults: ClassVar[Mapping[str, Any]] = {
        "match": [{"topic": topic} for topic in (*_BODIES, *_TURNED)],
        "device_id": "{device}",
        "time": {"path": ["Time"], "unit": "iso", "zone": "site"},
    }

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:  # noqa: ARG002
        body = parse_json(payload)
        if isinstance(body, dict):
            body = body.get("StatusSNS", body)
        if not isinstance(body, dict):
            raise MessageError("bad_format", f"expected an object, found {type(body).__name__}")
        document = _in_usual_units(body)
        return {**document, "sensors": _sensors(document)}


def _in_usual_units(body: dict[str, Any]) -> dict[str, Any]:
    """With °C and hPa, whatever the device was set to."""
    document = body
    if body.get("TempUnit") == "F":
        document = _converted(document, _TEMPERATURES, lambda value: (value - 32) / 1.8)
    unit = body.get("PressureUnit")
    if isinstance(unit, str) and unit in _HPA:
        document = _converted(document, _PRESSURES, lambda value: value * _HPA[unit])
    return document


def _converted(document: dict[str, Any], keys: tuple[str, ...], convert: Callable[[float], float]) -> dict[str, Any]:
    return {
        name: {key: _value(found, convert) if key in keys else found for key, found in sensor.items()}
        if isinstance(sensor, dict)
        else sensor
        for name, sensor in document.items()
    }


def _value(found: Any, convert: Callable[[float], float]) -> Any:
    value = number(found)
    return found if value is None else convert(value)


def _sensors(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {**content, "sensor": name}
        for name, content in document.items()
        if isinstance(content, dict) and name not in _NO_SENSORS and any(key in content for key in _CLIMATE)
    ]


DECODER = TasmotaDecoder()
