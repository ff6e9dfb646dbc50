"""The vocabulary of metrics: names, canonical units, physical bounds, display precision.

Read once from `device_configs/vocabulary.yaml`. Units are understood by pint here, at load time or when a unit is
first met; the hot path multiplies and adds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pint
from marshmallow import Schema, ValidationError, fields, validate

from collector.errors import ConfigError
from collector.profiles.files import read_yaml


@dataclass(frozen=True, slots=True)
class Metric:
    """`unit` is canonical; `low` and `high` are physical bounds in it (outside: quality bad, reason range)."""

    name: str
    label: str
    unit: str
    kind: Literal["gauge", "counter"]
    precision: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Conversion:
    """value in the canonical unit = value × factor + offset."""

    factor: float
    offset: float

    def __call__(self, value: float) -> float:
        return value * self.factor + self.offset


# pint evaluates what it parses, powers included: `9**9**9` would keep it busy for ever. A device may send anything, so
# only what a unit looks like gets there: symbols, one level of one-digit powers, products and quotients.
_SYMBOL = r"[A-Za-zµμΩ°%³²_]{1,20}[0-9]?(?:(?:\*\*|\^)-?[0-9])?"
_UNIT = re.compile(rf"{_SYMBOL}(?: ?[*/·] ?{_SYMBOL}){{0,3}}")

IDENTITY = Conversion(1.0, 0.0)
# Units of metrics that are never given in another one.
UNMISTAKABLE = frozenset({"dimensionless", "pH", "count"})


@dataclass
class Vocabulary:
    metrics: dict[str, Metric]
    aliases: dict[str, str] = field(default_factory=dict)
    _registry: pint.UnitRegistry[float] | None = None
    _known: dict[tuple[str, str], Conversion | None] = field(default_factory=dict)

    def conversion(self, metric: str, unit: str) -> Conversion | None:
        """How to get from `unit` to the metric's canonical unit; None when that is not possible or not known."""
        target = self.metrics[metric].unit if metric in self.metrics else unit
        if unit == target:
            return IDENTITY
        if not _UNIT.fullmatch(unit):
            return None
        key = (unit, target)
        if key not in self._known:
            # A device could send ever new texts as units: what is remembered is bounded.
            if len(self._known) > 1000:
                self._known.clear()
            self._known[key] = self._work_out(unit, target)
        return self._known[key]

    def understood(self, unit: str) -> bool:
        """Whether it is a unit at all."""
        return self._work_out(unit, unit) is not None

    def _work_out(self, unit: str, target: str) -> Conversion | None:
        if self._registry is None:
            self._registry = _registry()
        try:
            quantity = self._registry.Quantity
            source, goal = self.aliases.get(unit, unit), self.aliases.get(target, target)
            zero = float(quantity(0.0, source).to(goal).magnitude)
            one = float(quantity(1.0, source).to(goal).magnitude)
        # pint parses free text that a device sent: besides its own errors it can raise what its tokenizer raises.
        except Exception:  # noqa: BLE001
            return None
        return Conversion(one - zero, zero)


def _registry() -> pint.UnitRegistry[float]:
    registry: pint.UnitRegistry[float] = pint.UnitRegistry(autoconvert_offset_to_baseunit=True)
    # Units of the field that pint does not know. They convert to nothing else: decibels of different weightings cannot
    # be told from one another, and what is a millionth by volume of a gas is no mass.
    for definition in (
        "pH_unit = [acidity]",
        "NTU = [turbidity]",
        "dBA = [sound]",
        "plain_dB = [ratio_of_levels]",
        "ppm_gas = [parts_of_gas]",
        "plain_dBm = [signal]",
        "kvarh = kilovolt_ampere * hour",
        "varh = volt_ampere * hour",
    ):
        registry.define(definition)
    return registry


class _MetricSchema(Schema):
    label = fields.String(required=True)
    unit = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(["gauge", "counter"]))
    precision = fields.Integer(load_default=2, validate=validate.Range(0, 9))
    low = fields.Float(load_default=None, allow_none=True)
    high = fields.Float(load_default=None, allow_none=True)
    description = fields.String(load_default="")


class _VocabularySchema(Schema):
    schema = fields.Integer(required=True, validate=validate.Equal(1))
    units = fields.Dict(keys=fields.String(), values=fields.String(), load_default=dict)
    metrics = fields.Dict(keys=fields.String(), values=fields.Nested(_MetricSchema), required=True)


def load_vocabulary(folder: Path) -> Vocabulary:
    """Reads `vocabulary.yaml` of a device_configs folder. Raises ConfigError with every fault."""
    path = folder / "vocabulary.yaml"
    content = read_yaml(path)
    try:
        loaded: dict[str, Any] = _VocabularySchema().load(content)
    except ValidationError as error:
        raise ConfigError(flatten(path, error.messages_dict)) from error
    metrics = {
        name: Metric(name, *(entry[key] for key in ("label", "unit", "kind", "precision", "low", "high")))
        for name, entry in loaded["metrics"].items()
    }
    return Vocabulary(metrics, loaded["units"])


def flatten(path: Path, messages: dict[Any, Any], where: str = "") -> list[str]:
    """marshmallow's tree of messages as one line for each fault: file, key path, message."""
    faults: list[str] = []
    for key, value in messages.items():
        place = f"{where}.{key}" if where else str(key)
        if isinstance(value, dict):
            faults += flatten(path, value, place)
        else:
            faults += [f"{path}: {place}: {text}" for text in value]
    return faults
