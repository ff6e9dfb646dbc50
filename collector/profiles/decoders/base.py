"""What a decoder is given and what it gives back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import partial
from math import isfinite
from typing import Any, NamedTuple

import orjson

from collector.domain.reading import Quality, Reason
from collector.errors import MessageError
from collector.profiles.profile import Profile

# What is said of nearly every value.
GOOD = (Quality.GOOD, Reason.NONE)


class Measured(NamedTuple):
    """One value as the device sent it. `unit` None: the canonical one. `stated`: what the device itself says of it."""

    metric: str
    value: float | None
    unit: str | None = None
    stated: tuple[Quality, Reason] = GOOD


# From a tuple of the fields: half the time of a call of the class.
make_measured: Callable[[tuple[str, float | None, str | None, tuple[Quality, Reason]]], Measured] = partial(
    tuple.__new__, Measured
)


class Decoded(NamedTuple):
    """The values of one device at one time. `time` is None when the message has none."""

    source_name: str
    device: str
    site: str | None
    time: int | None
    # False when the time named no offset, so that its meaning had to be assumed.
    time_certain: bool
    values: Sequence[Measured]


class Decoding(NamedTuple):
    """What came out of a message: the usable parts, and a sentence for each part that was not."""

    decoded: Sequence[Decoded] = ()
    faults: Sequence[str] = ()


# Three digits after a comma may be thousandths or thousands: such a text is no number, for a guess would be silent.
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.[0-9]{1,30}|,(?![0-9]{3}(?![0-9]))[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")

# (profile, named parts of the topic, parsed or raw payload) -> Decoding. Raises MessageError for a hopeless message.
Decoder = Callable[[Profile, dict[str, str], bytes], Decoding]


def parse_json(payload: bytes) -> Any:
    """Raises MessageError `not_json` with the position."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise MessageError("not_json", f"{error}") from None


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
