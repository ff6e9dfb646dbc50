"""Lists in a message whose elements bear names (`named`), or are points with a time each (`batch`, `history`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from collector.devices.explain import leaves
from collector.devices.find_time import FoundTime, find_time
from collector.profiles.measured import number
from collector.profiles.paths import JsonPath

# Where elements of a list have their names, likeliest first.
_NAMES = (
    "name",
    "n",
    "tag",
    "key",
    "metric",
    "parameter",
    "variable",
    "sensor",
    "channel",
    "point",
    "id",
    "type",
    "code",
)
_DEEPEST = 4
_MOST_ELEMENTS = 500


class NamedList(NamedTuple):
    path: JsonPath
    by: str


class PointList(NamedTuple):
    """`beside`: the message has values of its own too."""

    path: JsonPath
    time: FoundTime
    beside: bool


def named_lists(document: Any) -> list[NamedList]:
    return [NamedList(path, by) for path, elements in _lists(document) if (by := _name_key(elements))]


def point_list(document: Any, received_at: int) -> PointList | None:
    """The first list whose elements say when they were measured, each at another time."""
    for path, elements in _lists(document):
        if _name_key(elements) is None and (time := _own_time(elements, received_at)) is not None:
            beside = any(found[: len(path)] != path and number(value) is not None for found, value in leaves(document))
            return PointList(path, time, beside)
    return None


def _lists(document: Any, path: JsonPath = ()) -> Iterator[tuple[JsonPath, Sequence[dict[str, Any]]]]:
    """Lists of two and more objects, as far as they are not in lists themselves."""
    if isinstance(document, list):
        elements = document[:_MOST_ELEMENTS]
        if len(elements) > 1 and all(isinstance(element, dict) for element in elements):
            yield path, elements
    elif isinstance(document, dict) and len(path) < _DEEPEST:
        for key, value in document.items():
            yield from _lists(value, (*path, key))


def _name_key(elements: Sequence[dict[str, Any]]) -> str | None:
    """The key under which each element has a name that no other has, and a number beside it."""
    if not all(any(number(value) is not None for value in element.values()) for element in elements):
        return None
    for key in _NAMES:
        names = [element.get(key) for element in elements]
        if all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names):
            return key
    return None


def _own_time(elements: Sequence[dict[str, Any]], received_at: int) -> FoundTime | None:
    """By its name: points that a device has kept may be of any age."""
    found = [find_time([(element, received_at)]) for element in elements]
    first = found[0]
    if first is None or any(one is None or one[:2] != first[:2] for one in found):
        return None
    times = {one.behind_ms for one in found if one is not None}
    has_values = any(path != first.path and number(value) is not None for path, value in leaves(elements[0]))
    return first if len(times) == len(found) and has_values else None
