"""One value as a device sent it, and what a text must look like to be a number."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from math import isfinite
from typing import Any, NamedTuple

from collector.domain.reading import Quality, Reason

Stated = tuple[Quality, Reason]

# What is said of nearly every value.
GOOD: Stated = (Quality.GOOD, Reason.NONE)


# The unit of a value of which neither the payload nor the profile says it. Units are no texts of this kind.
UNSTATED = ""


class Measured(NamedTuple):
    """One value as the device sent it. `unit` None: the canonical one. `stated`: what the device itself says of it."""

    metric: str
    value: float | None
    unit: str | None = None
    stated: Stated = GOOD


# From a tuple of the fields: half the time of a call of the class.
make_measured: Callable[[tuple[str, float | None, str | None, Stated]], Measured] = partial(tuple.__new__, Measured)

# Three digits after a comma may be thousandths or thousands: such a text is no number, for a guess would be silent.
_DIGITS = r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30}|,(?![0-9]{3}(?![0-9]))[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?"
_NUMBER = re.compile(_DIGITS)
_WITH_UNIT = re.compile(rf"({_DIGITS})\s*([^\s0-9.,+-][^\s]{{0,19}}(?: [^\s]{{1,10}})?)")


def worse(one: Stated, other: Stated) -> Stated:
    """The worse of two judgements, with the reasons of both."""
    return max(one[0], other[0]), one[1] | other[1]


def number(value: Any) -> float | None:
    """A finite number, a boolean as 0/1, or a number written as text; None for anything else."""
    if type(value) is float and isfinite(value):
        return value
    if isinstance(value, bool | int | float):
        try:
            result = float(value)
        except OverflowError:
            return None
    elif isinstance(value, str):
        try:
            text = value.strip()
            result = float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else math.nan
        except ValueError:
            return None
    else:
        return None
    return result if isfinite(result) else None


def number_and_unit(text: str) -> tuple[float, str] | None:
    """`23.5 °C` as 23.5 and `°C`; None when the text is not a number followed by a unit."""
    found = _WITH_UNIT.fullmatch(text.strip())
    value = number(found[1]) if found else None
    return None if found is None or value is None else (value, found[2])
