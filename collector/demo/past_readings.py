"""The readings of the demo's past, as the collector would have stored what the devices sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from collector.demo.instruments import MainsMeter, PlainDevice
from collector.demo.messages import SHELLY_PROFILE
from collector.demo.signals import Plant
from collector.domain.reading import Quality, Reason, stated_quality
from collector.errors import ConfigError
from collector.profiles.library import Library
from collector.profiles.paths import walk
from collector.profiles.vocabulary import IDENTITY, Conversion, Vocabulary

DAY_MS = 86_400_000
# From the moment of measuring to the collector's receipt.
_TRAVEL_MS = 150
_GOOD = (Quality.GOOD, Reason.NONE)

# metric, observed_at, value, quality, reasons, received_at
Row = tuple[str, int, float, int, int, int]


class Past(Protocol):
    @property
    def device(self) -> str: ...

    def rows(self, start: int, end: int, now: int) -> list[Row]:
        """Readings with start ≤ observed_at < end that had arrived by `now`; metric by metric, each oldest first."""
        ...


def pasts(plant: Plant, vocabulary: Vocabulary, library: Library) -> Iterator[Past]:
    for device in plant.site.devices:
        if device.profile == SHELLY_PROFILE:
            yield MeterPast(MainsMeter(device.id, plant), device.history_s, vocabulary, library)
        else:
            yield PlainPast(PlainDevice(device.id, plant, vocabulary), plant)


class PlainPast:
    def __init__(self, device: PlainDevice, plant: Plant) -> None:
        self.device = device.id
        self._device = device
        self._dropout = plant.dropout if plant.dropout.of == device.id else None
        self._step = plant.site.device(device.id).history_s * 1000

    def rows(self, start: int, end: int, now: int) -> list[Row]:
        columns: dict[str, list[Row]] = {}
        for at in _moments(start, end, self._step):
            received = self._received(at)
            if received > now:
                continue
            sample = self._device.sample(at)
            for metric, value in sample.values.items():
                quality, reasons = stated_quality(sample.stated[metric]) if metric in sample.stated else _GOOD
                columns.setdefault(metric, []).append((metric, at, value, int(quality), int(reasons), received))
        return [row for column in columns.values() for row in column]

    def _received(self, at: int) -> int:
        """What was measured while the gateway was away came when it was back."""
        back = self._dropout.end(at / 1000) if self._dropout else None
        return (at if back is None else round(back * 1000)) + _TRAVEL_MS


class MeterPast:
    """Reads the meter's own components by the rules of its profile, as the collector does."""

    def __init__(self, meter: MainsMeter, step_s: int, vocabulary: Vocabulary, library: Library) -> None:
        self.device = meter.id
        self._meter = meter
        self._step = step_s * 1000
        profile = next((profile for profile in library.profiles if profile.id == SHELLY_PROFILE), None)
        if profile is None:
            raise ConfigError(
                [f"the demo needs the device profile '{SHELLY_PROFILE}', which is not among the profiles"]
            )
        self._rules: list[tuple[str, tuple[str | int, ...], Conversion]] = [
            (rule.name, rule.path, vocabulary.conversion(rule.name, rule.unit) or IDENTITY) for rule in profile.metrics
        ]

    def rows(self, start: int, end: int, now: int) -> list[Row]:
        columns: dict[str, list[Row]] = {}
        for at in _moments(start, end, self._step):
            received = at + _TRAVEL_MS
            if received > now:
                continue
            components = {"em:0": self._meter.measurements(at), "emdata:0": self._meter.totals(at)}
            for metric, path, conversion in self._rules:
                value = walk(components, path)
                if value is not None:
                    columns.setdefault(metric, []).append((metric, at, conversion(value), 0, 0, received))
        return [row for column in columns.values() for row in column]


def _moments(start: int, end: int, step: int) -> range:
    """Whole multiples of the step."""
    return range(-(-start // step) * step, end, step)
