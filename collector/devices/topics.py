"""Which level of the topics of some messages is the device, and which say what kind of message it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Sequence
from itertools import combinations
from typing import NamedTuple

# A level such as `shellyem3-68C63A` or `pow1`: words with figures are names that somebody gave.
_NAME = re.compile(r"(?=.*[0-9])(?=.*[A-Za-z])(?!v[0-9]+$).{2,}")
_PART = re.compile(r"\{(\w+)\}")
# More kinds than this are no kinds of message but names of something.
_MOST_KINDS = 6
_MOST_COMPARED = 60


class Seen(NamedTuple):
    """`structure`: what two messages of one kind have in common."""

    levels: tuple[str, ...]
    structure: Hashable


class Pattern(NamedTuple):
    """`topics` for `match`, one for each kind of message. `sure`: it was seen that the level tells devices apart."""

    topics: tuple[str, ...]
    sure: bool
    # The parts of the topic that name a value, where each value has a topic of its own.
    key: str = ""


def subscription(asked: str) -> str:
    """What a person asked for as a topic filter: `plant/{device}/state` is `plant/+/state`."""
    return _PART.sub("+", asked)


def pattern(asked: str, seen: Sequence[Seen], names: Callable[[str], bool] | None = None) -> Pattern:
    """Of topics with the same number of levels. `names`: tells the name of a value; given, each has its own topic."""
    if "{" in asked and "#" not in asked:
        return _as_asked(asked, bool(names))
    varying = [at for at in range(len(seen[0].levels)) if len({one.levels[at] for one in seen}) > 1]
    naming = _naming(seen, varying, names) if names else []
    device, sure = _device_level(asked, seen, varying, naming)
    parts = {at: f"{{name{'' if at == naming[-1] else at + 1}}}" for at in naming} | {device: "{device}"}
    for at in varying:
        if at not in parts and (names or len({one.levels[at] for one in seen}) > _MOST_KINDS):
            parts[at] = f"{{part{at + 1}}}"
    topics = dict.fromkeys("/".join(parts.get(at, level) for at, level in enumerate(one.levels)) for one in seen)
    key = "/".join(parts[at] for at in sorted(parts) if at != device) if names else ""
    return Pattern(tuple(topics), sure, key)


def _as_asked(asked: str, values: bool) -> Pattern:
    """The person has named the levels."""
    levels = [f"{{part{at + 1}}}" if level == "+" else level for at, level in enumerate(asked.split("/"))]
    if "{device}" not in levels:
        first = next(at for at, level in enumerate(levels) if _PART.fullmatch(level))
        levels[first] = "{device}"
    key = "/".join(level for level in levels if _PART.fullmatch(level) and level != "{device}") if values else ""
    return Pattern(("/".join(levels),), True, key)


def _naming(seen: Sequence[Seen], varying: list[int], names: Callable[[str], bool]) -> list[int]:
    """The levels that name values; the last one if none is known to."""
    known = [at for at in varying if any(names(one.levels[at]) for one in seen)]
    return known or [len(seen[0].levels) - 1]


def _device_level(asked: str, seen: Sequence[Seen], varying: list[int], naming: list[int]) -> tuple[int, bool]:
    """A level in which topics of one structure differ; else one that looks like a name; else the likeliest place."""
    free = [at for at in range(len(seen[0].levels)) if at not in naming]
    for at in varying:
        if at in free and (naming or _tells_devices_apart(seen, at)):
            return at, True
    fixed = [at for at in free if at not in varying] or free or [0]
    wanted = [at for at, level in enumerate(asked.split("/")) if level == "+" and at in fixed]
    named = [at for at in fixed if _NAME.fullmatch(seen[0].levels[at])]
    # What the person wrote out is mostly above the devices.
    written = asked.split("/")
    named = [at for at in named if at >= len(written) or written[at] != seen[0].levels[at]] or named
    if wanted or named:
        return (wanted or sorted(named, key=lambda at: -len(seen[0].levels[at])))[0], False
    likely = len(seen[0].levels) - (1 if len(seen[0].levels) <= 2 or naming else 2)
    return min(fixed, key=lambda at: (abs(at - likely), -at)), False


def _tells_devices_apart(seen: Sequence[Seen], at: int) -> bool:
    return any(
        one.structure == other.structure
        and one.levels[at] != other.levels[at]
        and one.levels[:at] + one.levels[at + 1 :] == other.levels[:at] + other.levels[at + 1 :]
        for one, other in combinations(seen[:_MOST_COMPARED], 2)
    )
