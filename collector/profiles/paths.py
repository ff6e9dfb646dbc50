"""A place in a payload: keys and list positions, one after the other."""

from __future__ import annotations

from typing import Any

Key = str | int
JsonPath = tuple[Key, ...]

ABSENT = object()


def walk(content: Any, path: JsonPath, default: Any = None) -> Any:
    """The value at a path of keys and list positions, or `default`."""
    for key in path:
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return default
    return content
