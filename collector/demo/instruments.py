"""What each device of the demo site would send at a moment: rounded as the instrument rounds, with its own remarks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from collector.demo.records import DemoSite
from collector.demo.signals import Plant
from collector.profiles.vocabulary import Vocabulary

# The meter has one set of transformers; the phases of a dairy are never evenly loaded.
_PHASE_SHARES = {"a": 0.345, "b": 0.335, "c": 0.32}
_PHASE_VOLTAGES = {"a": "voltage_l1", "b": "voltage_l2", "c": "voltage_l3"}
_POWER_FACTOR = 0.95

Component = dict[str, float]


@dataclass(frozen=True, slots=True)
class Sample:
    """One device at one moment. `stated` is the instrument's own remark on a metric."""

    at: int
    values: dict[str, float]
    stated: dict[str, str]


class PlainDevice:
    """A device whose gateway speaks the plain format; values in canonical units."""

    def __init__(self, ident: str, plant: Plant, vocabulary: Vocabulary) -> None:
        self.id = ident
        self._plant = plant
        # One decimal more than is worth showing; counters two, so that they move between two messages.
        self._metrics = [
            (point, metric, vocabulary.metrics[metric].precision + (2 if point in plant.signals.counters else 1))
            for point, metric in _points_of(ident, plant.site)
        ]

    def sample(self, at: int) -> Sample:
        value = self._plant.value
        values = {metric: round(value(point, at), decimals) for point, metric, decimals in self._metrics}
        calibration = self._plant.calibration
        device, metric = calibration.of.split("/")
        stated = {metric: "calibration"} if device == self.id and calibration.start(at / 1000) is not None else {}
        return Sample(at, values, stated)


class MainsMeter:
    """A Shelly Pro 3EM: its components `em:0` and `emdata:0`, in the device's own units (W, Wh)."""

    def __init__(self, ident: str, plant: Plant) -> None:
        self.id = ident
        self._plant = plant

    def measurements(self, at: int) -> Component:
        """The component `em:0`."""
        power = self._value("active_power", at) * 1000
        found: Component = {"id": 0}
        frequency = round(self._value("frequency", at), 2)
        currents = []
        for phase, share in _PHASE_SHARES.items():
            voltage = self._value(_PHASE_VOLTAGES[phase], at)
            current = power * share / _POWER_FACTOR / voltage
            currents.append(current)
            found |= {
                f"{phase}_current": round(current, 3),
                f"{phase}_voltage": round(voltage, 1),
                f"{phase}_act_power": round(power * share, 1),
                f"{phase}_aprt_power": round(power * share / _POWER_FACTOR, 1),
                f"{phase}_pf": _POWER_FACTOR,
                f"{phase}_freq": frequency,
            }
        found["total_current"] = round(sum(currents), 3)
        found["total_act_power"] = round(power, 1)
        found["total_aprt_power"] = round(power / _POWER_FACTOR, 1)
        return found

    def totals(self, at: int) -> Component:
        """The component `emdata:0`."""
        total = self._value("energy_import", at) * 1000
        found: Component = {"id": 0}
        for phase, share in _PHASE_SHARES.items():
            found |= {f"{phase}_total_act_energy": round(total * share, 2), f"{phase}_total_act_ret_energy": 0.0}
        return found | {"total_act": round(total, 2), "total_act_ret": 0.0}

    def _value(self, metric: str, at: int) -> float:
        return self._plant.value(f"{self.id}/{metric}", at)


def _points_of(device: str, site: DemoSite) -> Iterable[tuple[str, str]]:
    for point in (*site.signals.points, *site.signals.counters):
        name, metric = point.split("/")
        if name == device:
            yield point, metric
