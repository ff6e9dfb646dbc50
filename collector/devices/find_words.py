"""What a message says beside its values: the unit of one, and a word for how the device is doing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from collector.devices.explain import leaves
from collector.profiles.paths import ABSENT, JsonPath, walk

_UNIT_KEYS = ("unit", "units", "uom", "Unit", "Units", "UOM", "einheit", "Einheit")
_LONGEST_UNIT = 20
# The last word of a key such as `ph_status`.
_STATE_KEYS = frozenset({
    "status", "state", "st", "stat", "quality", "qual", "flag", "mode", "alarm", "error", "err", "fault", "health",
    "condition", "diagnosis",
})  # fmt: skip
# A word or a few, without figures: neither a name nor a number.
_TEXT = re.compile(r"[A-Za-z][A-Za-z _-]{0,19}")
_WELL = frozenset({"ok", "good", "normal", "valid", "healthy", "none", "no error", "no alarm"})
# Words that leave no doubt, with the reason that a profile gives for them.
_REASONS = {
    "cal": "calibration", "calib": "calibration", "calibration": "calibration", "calibrating": "calibration",
    "maint": "maintenance", "maintenance": "maintenance", "service": "maintenance", "cleaning": "maintenance",
    "fault": "device_fault", "error": "device_fault", "err": "device_fault", "fail": "device_fault",
    "failure": "device_fault", "bad": "device_fault", "defect": "device_fault",
}  # fmt: skip
_MOST_WORDS = 12


class States(NamedTuple):
    """The words that were seen at one place. `metrics`: those that it is about; empty for all of the message."""

    path: JsonPath
    seen: tuple[str, ...]
    metrics: tuple[str, ...] = ()

    @property
    def well(self) -> list[str]:
        return [word for word in self.seen if word.casefold() in _WELL]

    @property
    def troubles(self) -> dict[str, list[str]]:
        """The words whose meaning is known, by the reason."""
        found: dict[str, list[str]] = {}
        for word in self.seen:
            if (reason := _REASONS.get(word.casefold())) is not None:
                found.setdefault(reason, []).append(word)
        return found


def unit_beside(document: Any, path: JsonPath) -> str:
    """`{"v": 7.1, "unit": "NTU"}`, `{"flow": 3, "flow_unit": "L/s"}`; empty when there is none."""
    last, above = str(path[-1]), path[:-1]
    holder = walk(document, above, ABSENT)
    # What stands beside several values would be the unit of none of them for certain.
    alone = isinstance(holder, dict) and sum(_is_number(value) for value in holder.values()) == 1
    for key in (f"{last}_unit", f"{last}Unit", *(_UNIT_KEYS if alone else ())):
        found = walk(document, (*above, key), ABSENT)
        if isinstance(found, str) and 0 < len(found.strip()) <= _LONGEST_UNIT:
            return found.strip()
    return ""


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value) and value.strip().lstrip("+-")[:1].isdigit()
    return isinstance(value, int | float) and not isinstance(value, bool)


def words_in(document: Any) -> Iterator[tuple[JsonPath, str]]:
    for path, value in leaves(document):
        if isinstance(value, str) and path and _says_state(path[-1]) and _TEXT.fullmatch(value):
            yield path, value


def _says_state(key: str | int) -> bool:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", str(key))
    return bool(words) and words[-1].casefold() in _STATE_KEYS


def states(documents: Iterable[Any], metrics: Iterable[tuple[JsonPath, str]]) -> list[States]:
    """`metrics`: the paths that are read, with what is read there."""
    seen: dict[JsonPath, dict[str, None]] = {}
    for document in documents:
        for path, word in words_in(document):
            seen.setdefault(path, {})[word] = None
    named = list(metrics)
    found = []
    for path, words in seen.items():
        mine = _about(path, named)
        found.append(States(path, tuple(words)[:_MOST_WORDS], () if len(mine) == len(named) else tuple(mine)))
    return found


def _about(path: JsonPath, metrics: list[tuple[JsonPath, str]]) -> list[str]:
    """`ph_status` is about `ph`; any other about what stands beside it and below."""
    above, key = path[:-1], str(path[-1])
    beside = [(at, name) for at, name in metrics if at[: len(above)] == above]
    own = [name for at, name in beside if len(at) > len(above) and key.startswith(f"{at[len(above)]}_")]
    return own or [name for _, name in beside]
