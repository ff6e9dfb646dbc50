"""What a profile says of each metric and of the device's own word: from a payload to measured values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from collector.domain.reading import Quality, Reason
from collector.profiles.measured import GOOD, Measured, Stated, number, number_and_unit, worse
from collector.profiles.paths import ABSENT, JsonPath, walk

Cast = Literal["number", "boolean", "hex"]

_TRUE = frozenset({"1", "true", "on", "yes", "open", "active", "high"})
_FALSE = frozenset({"0", "false", "off", "no", "closed", "inactive", "low"})
# A text such as `<0.05`: less than the method can tell, or more than the instrument can show. The bound is kept.
_BOUNDS: dict[str, Stated] = {
    "<": (Quality.UNCERTAIN, Reason.BELOW_DETECTION),
    ">": (Quality.BAD, Reason.RANGE),
}
_FAULT: Stated = (Quality.BAD, Reason.DEVICE_FAULT)
_HEX = re.compile(r"0[xX][0-9A-Fa-f]{1,16}")


@dataclass(frozen=True, slots=True)
class MetricRule:
    """Where one metric stands in a payload, and what its value means.

    In this order: `words` and `states` for texts, `cast`, `invalid`, `low` and `high`, `plus` and `minus`, `scale`,
    `offset`; what comes of it is in `unit`. `low`, `high` and `invalid` are of the number as sent.
    """

    name: str
    path: JsonPath
    unit: str
    cast: Cast = "number"
    words: Mapping[str, float] = field(default_factory=dict)
    states: Mapping[str, Reason] = field(default_factory=dict)
    scale: float = 1.0
    offset: float = 0.0
    low: float | None = None
    high: float | None = None
    invalid: frozenset[float] = frozenset()
    # What a message means that leaves the value out, as some gateways leave out what is zero.
    default: float | None = None
    # No example needs to show it.
    optional: bool = False
    # Null is what the device sends of what it does not measure at all, not of a value that it failed to get.
    nullable: bool = False
    # Where else in the payload parts of it stand: tariffs or phases of a total, what is fed back of a net value.
    plus: tuple[JsonPath, ...] = ()
    minus: tuple[JsonPath, ...] = ()

    def measure(self, content: Any, said: Stated = GOOD, unit: str | None = None) -> Measured | None:
        """None when the payload has no such value. `unit`: that which the payload itself states."""
        found = walk(content, self.path, ABSENT)
        if found is None and self.nullable:
            found = ABSENT
        if found is ABSENT or isinstance(found, list | dict):
            if self.default is None or found is not ABSENT or not self._left_out(content):
                return None
            found = self.default
        rest = self._rest(content) if self.plus or self.minus else 0.0
        if rest is None:
            return None
        if type(found) is float and self._simple:
            return Measured(self.name, number(found), unit or self.unit, said)
        value, stated = self._value(found, rest)
        return Measured(self.name, value, unit or self.unit, worse(stated, said) if stated is not GOOD else said)

    @property
    def _simple(self) -> bool:
        """A number is its value."""
        return (
            self.scale == 1.0 and not self.offset and not self.invalid and self.low is None and self.high is None
            and not self.plus and not self.minus
        )  # fmt: skip

    def _left_out(self, content: Any) -> bool:
        """What the value would stand in is there: nothing is said by a message of another kind."""
        return isinstance(walk(content, self.path[:-1]), dict | list)

    def _rest(self, content: Any) -> float | None:
        """What stands elsewhere and belongs to the value; None when a part is missing, for a sum would be wrong."""
        rest = 0.0
        for sign, paths in ((1, self.plus), (-1, self.minus)):
            for path in paths:
                if (part := self._number(walk(content, path))) is None or part in self.invalid:
                    return None
                rest += sign * part
        return rest

    def _value(self, found: Any, rest: float) -> tuple[float | None, Stated]:
        stated = GOOD
        if isinstance(found, str):
            text = found.strip()
            if (reason := self.states.get(text.casefold())) is not None:
                return None, (Quality.BAD, reason)
            if text[:1] in _BOUNDS and number(text[1:]) is not None:
                stated, found = _BOUNDS[text[0]], text[1:]
        value = self._number(found)
        if value is None:
            return None, stated
        if value in self.invalid:
            return None, _FAULT
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            stated = worse(stated, (Quality.BAD, Reason.RANGE))
        return (value + rest) * self.scale + self.offset, stated

    def _number(self, found: Any) -> float | None:
        if not isinstance(found, str):
            return number(found)
        text = found.strip().casefold()
        if text in self.words:
            return self.words[text]
        if self.cast == "boolean":
            return 1.0 if text in _TRUE else 0.0 if text in _FALSE else None
        if self.cast == "hex":
            return _from_hex(text)
        if (value := number(text)) is None and (stated := number_and_unit(found)) is not None:
            # `7.1 mg/L`, where the profile says mg/L. Of another unit nothing is made here.
            return stated[0] if stated[1] == self.unit else None
        return value


def _from_hex(text: str) -> float | None:
    # No register of a meter is longer than 64 bits.
    try:
        return float(int(text, 16)) if len(text) <= 18 else None
    except ValueError:
        return None


def _word(found: Any) -> int:
    """A status word: a whole number, or a text of one, hexadecimal with `0x`; anything else has no bits."""
    if isinstance(found, int):
        return found
    if isinstance(found, str) and _HEX.fullmatch(found.strip()):
        return int(found.strip(), 16)
    value = number(found)
    return int(value) if value is not None else 0


def _folded(word: Any) -> Any:
    """`OK` and `ok ` are one word, as in `words` and `states`."""
    return word.strip().casefold() if isinstance(word, str) else word


@dataclass(frozen=True, slots=True)
class QualityRule:
    """When the path holds something non-empty, one of some values, none of them, or a status word with one of some bits
    set, the device reports a fault.

    `metrics` empty: of all the values of a message.
    """

    path: JsonPath
    quality: Quality
    reason: Reason
    one_of: tuple[Any, ...] | None = None
    none_of: tuple[Any, ...] | None = None
    metrics: frozenset[str] = frozenset()
    # The bits of a status word, as a number with a 1 for each.
    bits: int = 0

    def __post_init__(self) -> None:
        for key in ("one_of", "none_of"):
            if (listed := getattr(self, key)) is not None:
                object.__setattr__(self, key, tuple(map(_folded, listed)))

    def holds(self, content: Any) -> bool:
        found = walk(content, self.path, ABSENT)
        if found is ABSENT:
            return False
        if self.one_of is not None:
            return _folded(found) in self.one_of
        if self.none_of is not None:
            return _folded(found) not in self.none_of
        if self.bits:
            return bool(_word(found) & self.bits)
        return bool(found)


def measure(
    metrics: Iterable[MetricRule],
    quality: Sequence[QualityRule],
    content: Any,
    units: Mapping[str, str] | None = None,
    stated: Mapping[str, Stated] | None = None,
) -> list[Measured]:
    """All that the rules find. `units`, `stated`: what the payload says, by the first key of a metric's path."""
    found = []
    for rule in metrics:
        key = str(rule.path[0])
        word = stated.get(key, GOOD) if stated else GOOD
        if (measured := rule.measure(content, word, units.get(key) if units else None)) is not None:
            found.append(measured)
    said = [rule for rule in quality if rule.holds(content)]
    return [_marked(measured, said) for measured in found] if said else found


def _marked(measured: Measured, said: Iterable[QualityRule]) -> Measured:
    """The worst of what the device reports about the value, with all its reasons."""
    stated = measured.stated
    for rule in said:
        if not rule.metrics or measured.metric in rule.metrics:
            stated = worse(stated, (rule.quality, rule.reason))
    return measured._replace(stated=stated)
