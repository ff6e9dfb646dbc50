"""Readings and their quality.

A reading is one value of one point at one moment; its identity is (point, observed_at).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, IntFlag
from functools import partial
from typing import NamedTuple


class Quality(IntEnum):
    """How far a value may be trusted. Ordered, so that the worse of two is their maximum."""

    GOOD = 0
    UNCERTAIN = 1
    BAD = 2

    @property
    def word(self) -> str:
        return self.name.lower()


class Reason(IntFlag):
    """Why a value is not good. Stored as one integer: the numbers are part of the file format and never change."""

    NONE = 0
    RANGE = 1  # outside the physical bounds of its metric
    RATE = 2
    FLATLINE = 4
    STALE = 8
    CLOCK = 16  # the device's time could not be used as given
    DEVICE_FAULT = 32
    CALIBRATION = 64
    MAINTENANCE = 128
    OUT_OF_CALIBRATION = 256
    BELOW_DETECTION = 512
    UNKNOWN_METRIC = 1024  # not in the vocabulary: unit and bounds are unknown
    UNIT = 2048  # the stated unit could not be converted; the value is as sent
    NO_VALUE = 4096  # a status came in place of a number

    @property
    def words(self) -> list[str]:
        return [flag.name.lower() for flag in Reason if flag in self and flag.name]


# A word a device may state about its own value -> what we make of it. Anything else a device says is a fault it
# reports about itself.
STATED = {
    "good": (Quality.GOOD, Reason.NONE),
    "ok": (Quality.GOOD, Reason.NONE),
    "uncertain": (Quality.UNCERTAIN, Reason.DEVICE_FAULT),
    "bad": (Quality.BAD, Reason.DEVICE_FAULT),
    "calibration": (Quality.BAD, Reason.CALIBRATION),
    "maintenance": (Quality.BAD, Reason.MAINTENANCE),
    "out_of_calibration": (Quality.UNCERTAIN, Reason.OUT_OF_CALIBRATION),
    "below_detection": (Quality.UNCERTAIN, Reason.BELOW_DETECTION),
    "over_range": (Quality.BAD, Reason.RANGE),
    "stale": (Quality.UNCERTAIN, Reason.STALE),
    "fault": (Quality.BAD, Reason.DEVICE_FAULT),
}


def stated_quality(word: str) -> tuple[Quality, Reason]:
    return STATED.get(word.strip().lower(), (Quality.BAD, Reason.DEVICE_FAULT))


# What we find ourselves, and how bad that makes a value at least. It may differ when the same comes again: our clock,
# the vocabulary or its bounds may have been changed meanwhile.
_FOUND = {
    Reason.RANGE: Quality.BAD,
    Reason.CLOCK: Quality.UNCERTAIN,
    Reason.UNKNOWN_METRIC: Quality.UNCERTAIN,
    Reason.UNIT: Quality.BAD,
    Reason.NO_VALUE: Quality.BAD,
}
_FOUND_BY_US = Reason(sum(_FOUND))


def states_the_same(one: tuple[Quality, Reason], other: tuple[Quality, Reason]) -> bool:
    """Whether the device may have said the same of both, whatever we found of either.

    A reason that only a device can state tells them apart, and a quality does where what we found does not cover it.
    """
    if one[1] & ~_FOUND_BY_US != other[1] & ~_FOUND_BY_US:
        return False
    covered = max((worst for reason, worst in _FOUND.items() if reason & (one[1] | other[1])), default=Quality.GOOD)
    return max(one[0], covered) == max(other[0], covered)


class Reading(NamedTuple):
    """One value in its metric's canonical unit. `value` is None when the device sent a status instead of a number.

    `stamped` is true when `observed_at` is our time of receipt, because the message had no usable time of its own.
    A tuple, because hundreds of thousands are made each second.
    """

    device: str
    metric: str
    observed_at: int
    value: float | None
    quality: Quality
    reasons: Reason
    received_at: int
    stamped: bool = False

    @property
    def point(self) -> str:
        return f"{self.device}/{self.metric}"


# From a tuple of the fields, without the Python code that a call of the class runs: half the time.
make_reading: Callable[[tuple[str, str, int, float | None, Quality, Reason, int, bool]], Reading] = partial(
    tuple.__new__, Reading
)


def point_name(device: str, metric: str) -> str:
    return f"{device}/{metric}"
