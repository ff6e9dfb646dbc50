"""What to say of a unit in which a metric cannot be sent, so that a person knows what to write instead."""

from __future__ import annotations

from collector.profiles.faults import did_you_mean
from collector.profiles.vocabulary import Vocabulary

# As devices and their manuals write them: to be offered, and to be tried when a value is wrong by a factor.
COMMON_UNITS = (
    "W", "kW", "MW", "Wh", "kWh", "MWh", "W*min", "VA", "kVA", "var", "kvar", "varh", "kvarh", "mV", "V", "mA", "A",
    "Ah", "Hz", "L", "m3", "L/s", "L/min", "L/h", "m3/h", "mg/L", "ug/L", "g/L", "ppm", "ppb", "Pa", "hPa", "kPa",
    "mbar", "bar", "psi", "degC", "degF", "K", "uS/cm", "mS/cm", "S/m", "mm", "cm", "m", "J", "kJ", "MJ", "GJ", "pH",
    "NTU", "FNU", "%", "dBA", "dBm", "m/s", "km/h", "deg", "lx", "W/m2", "ug/m3", "mg/m3", "kg", "t", "s", "min", "h",
    "count", "dimensionless",
)  # fmt: skip
_MOST_NAMED = 6


def unit_fault(metric: str, unit: str, vocabulary: Vocabulary) -> str | None:
    """None when the unit can be converted to that of the metric."""
    if vocabulary.conversion(metric, unit) is not None:
        return None
    canonical = vocabulary.metrics[metric].unit
    what = f"'{unit}' cannot be converted to {canonical}, the unit of {metric}"
    units = _either(_units(metric, vocabulary))
    todo = f"Write the unit in which the device sends it, as its manual says; that may be {units}"
    if not vocabulary.understood(unit):
        return f"{what}: no such unit is known{_meant(unit, metric, vocabulary)} {todo}"
    others = [name for name in vocabulary.metrics if vocabulary.conversion(name, unit) is not None]
    other = f". If it is right, this is another metric: {unit} is a unit of {_either(others)}" if others else ""
    return f"{what}: they measure different things. {todo}{other}"


def _units(metric: str, vocabulary: Vocabulary) -> list[str]:
    """Common ones in which the metric may be sent, the canonical one first."""
    canonical = vocabulary.metrics[metric].unit
    return list(
        dict.fromkeys([canonical, *(unit for unit in COMMON_UNITS if vocabulary.conversion(metric, unit) is not None)])
    )


def _meant(unit: str, metric: str, vocabulary: Vocabulary) -> str:
    """Capitals count in units, and are what is got wrong most."""
    known = _units(metric, vocabulary)
    for name in (*known, *COMMON_UNITS):
        if name.casefold() == unit.casefold():
            return f"; did you mean {name}?"
    return did_you_mean(unit, known) or "."


def _either(names: list[str]) -> str:
    """`kW, W or MW`, and no more than a person would read."""
    if len(names) > _MOST_NAMED:
        return f"{', '.join(names[:_MOST_NAMED])} …"
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
