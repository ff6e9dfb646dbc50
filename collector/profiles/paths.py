"""A place in a payload: keys and list positions, one after the other."""

from __future__ import annotations

from typing import Any

Key = str | int
JsonPath = tuple[Key, ...]

ABSENT = object()


def walk(content: Any, path: JsonPath, default: Any = None) -> Any:
    """The value at a path of keys and list positions, or `default`. A text has no positions: "12" is not 1 and 2."""
    for key in path:
        if type(content) is str:
            return default
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return default
    return content


def keyed(content: Any, path: JsonPath, by: Key) -> Any:
    """The content with an object in place of the list at `path`: each element of it under what it has at `by`.

    `[{"n": "ph", "v": 7.1}]` by `n` is `{"ph": {"n": "ph", "v": 7.1}}`. What is no such list, or has no name, is left.
    """
    listed = walk(content, path)
    if not isinstance(listed, list):
        return content
    names = (walk(element, (by,)) for element in listed)
    found = {str(name): element for name, element in zip(names, listed, strict=True) if isinstance(name, str | int)}
    return _replaced(content, path, found)


def _replaced(content: Any, path: JsonPath, value: Any) -> Any:
    """A copy, as far as it differs: the message itself stays as it came."""
    if not path:
        return value
    copy = content.copy()
    copy[path[0]] = _replaced(content[path[0]], path[1:], value)
    return copy
