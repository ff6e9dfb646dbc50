"""The messages that the demo's devices publish: the Shelly meter its own, the gateways our plain format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import orjson

from collector.demo.instruments import Component, MainsMeter, PlainDevice, Sample
from collector.demo.signals import Plant
from collector.profiles.vocabulary import Vocabulary

SHELLY_PROFILE = "shelly-pro-3em"
# How a gateway packs what it kept while it was away.
_OBJECTS_IN_A_LIST = 60
# Before the first message a gateway that is away has kept one sample a minute.
_KEPT_EVERY_MS = 60_000

Outgoing = tuple[str, bytes]


@dataclass
class _Gateway:
    """A device that speaks the plain format, and what it holds back while its network is away."""

    device: PlainDevice
    topic: str
    away: bool = False
    held: list[Sample] = field(default_factory=list)


class Messages:
    """Call `at` with growing moments: what is sent depends on what was sent before."""

    def __init__(self, plant: Plant, vocabulary: Vocabulary) -> None:
        self._plant = plant
        site = plant.site
        self._meters = [
            _MeterStream(MainsMeter(device.id, plant)) for device in site.devices if device.profile == SHELLY_PROFILE
        ]
        self._gateways = [
            _Gateway(PlainDevice(device.id, plant, vocabulary), f"fieldproof/{site.id}/{device.source_name}/readings")
            for device in site.devices
            if device.profile != SHELLY_PROFILE
        ]
        self._units = _Units(plant, vocabulary)

    def at(self, at: int) -> list[Outgoing]:
        """What goes out at this moment (epoch ms)."""
        found: list[Outgoing] = []
        for meter in self._meters:
            found += meter.at(at)
        for gateway in self._gateways:
            found += self._from(gateway, at)
        return found

    def _from(self, gateway: _Gateway, at: int) -> Iterator[Outgoing]:
        if gateway.device.id == self._plant.dropout.of:
            since = self._plant.dropout.start(at / 1000)
            if since is not None:
                self._hold(gateway, round(since * 1000), at)
                return
        if gateway.held:
            for start in range(0, len(gateway.held), _OBJECTS_IN_A_LIST):
                batch = gateway.held[start : start + _OBJECTS_IN_A_LIST]
                yield gateway.topic, orjson.dumps([self._object(gateway, sample) for sample in batch])
            gateway.held.clear()
        gateway.away = False
        yield gateway.topic, orjson.dumps(self._object(gateway, gateway.device.sample(at)))

    def _hold(self, gateway: _Gateway, since: int, at: int) -> None:
        if not gateway.away:
            gateway.away = True
            gateway.held += [gateway.device.sample(moment) for moment in range(since, at, _KEPT_EVERY_MS)]
        gateway.held.append(gateway.device.sample(at))

    def _object(self, gateway: _Gateway, sample: Sample) -> dict[str, Any]:
        values, units = self._units.native(gateway.device.id, sample.values)
        body: dict[str, Any] = {"time": sample.at, "values": values}
        if sample.stated:
            body["quality"] = sample.stated
        if units:
            body["units"] = units
        return body


class _Units:
    """Instruments that speak another unit than the canonical one."""

    def __init__(self, plant: Plant, vocabulary: Vocabulary) -> None:
        self._factors: dict[str, dict[str, tuple[str, float]]] = {}
        for point, unit in plant.signals.units.items():
            device, metric = point.split("/")
            conversion = vocabulary.conversion(metric, unit)
            if conversion is not None and not conversion.offset:
                self._factors.setdefault(device, {})[metric] = (unit, conversion.factor)

    def native(self, device: str, values: dict[str, float]) -> tuple[dict[str, float], dict[str, str]]:
        factors = self._factors.get(device)
        if not factors:
            return values, {}
        converted = {metric: round(values[metric] / factor, 6) for metric, (_, factor) in factors.items()}
        return values | converted, {metric: unit for metric, (unit, _) in factors.items()}


class _MeterStream:
    """NotifyStatus frames: measurements as they change, totals on every full minute."""

    def __init__(self, meter: MainsMeter) -> None:
        self._meter = meter
        self._last: Component = {}
        self._minute: int | None = None

    def at(self, at: int) -> Iterator[Outgoing]:
        now = self._meter.measurements(at)
        changed = {key: value for key, value in now.items() if self._last.get(key) != value or key == "id"}
        self._last = now
        if len(changed) > 1:
            yield self._frame(at, "em:0", changed)
        if at // 60_000 != self._minute:
            self._minute = at // 60_000
            yield self._frame(at, "emdata:0", self._meter.totals(at))

    def _frame(self, at: int, component: str, content: Component) -> Outgoing:
        source = self._meter.id
        frame = {
            "src": source,
            "dst": f"{source}/events",
            "method": "NotifyStatus",
            "params": {"ts": round(at / 1000, 2), component: content},
        }
        return f"{source}/events/rpc", orjson.dumps(frame)
