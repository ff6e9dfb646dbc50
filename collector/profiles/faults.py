"""What is wrong with a YAML file, each fault with file, line, place, and what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from marshmallow import Schema, fields

from collector.profiles.files import Lines

_UNKNOWN = "Unknown field."
# What the library says, in words that name what to write.
_WORDS = {
    "Not a valid list.": "must be a list, such as [one, two]",
    "Not a valid string.": "must be a text",
    "Not a valid number.": "must be a number",
    "Not a valid integer.": "must be a whole number",
    "Not a valid boolean.": "must be true or false",
    "Not a valid mapping type.": "must have keys and values, such as {key: value}",
    "Invalid input type.": "must have keys and values, such as {key: value}",
}
_LINE = re.compile(r":(\d+): ")


class Source:
    """A file and where its keys stand in it."""

    def __init__(self, path: Path, lines: Lines) -> None:
        self.path = path
        self._lines = lines

    def fault(self, where: Iterable[str | int], what: str) -> str:
        """`meter.yaml:12: metrics.0.unit: …`; the line is that of the nearest thing that is there."""
        place = tuple(where)
        dotted = ".".join(map(str, place))
        return f"{self.path}:{self._line(place)}: {dotted + ': ' if dotted else ''}{what}"

    def _line(self, place: tuple[str | int, ...]) -> int:
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def faults(self, messages: Mapping[Any, Any], schema: Schema) -> list[str]:
        """marshmallow's tree of messages, a line for each."""
        return [self.fault(place, text) for place, text in _flat(messages, (), schema)]


def in_order(faults: Iterable[str]) -> list[str]:
    """As one comes to them in the file."""
    return sorted(faults, key=lambda fault: int(found[1]) if (found := _LINE.search(fault)) else 0)


def did_you_mean(wrong: str, known: Iterable[str]) -> str:
    """A sentence to append: empty when nothing is near."""
    near = get_close_matches(wrong, list(known), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def _flat(
    messages: Mapping[Any, Any], above: tuple[str | int, ...], schema: Schema | None
) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = []
    for key, value in messages.items():
        place = (*above, key) if key != "_schema" else above
        if isinstance(value, Mapping):
            found += _flat(value, place, _below(schema, key))
        else:
            found += [(place, _worded(text, key, schema)) for text in value]
    return found


def _below(schema: Schema | None, key: Any) -> Schema | None:
    """The schema of what stands under a key; a position in a list leads to the same."""
    if schema is None or isinstance(key, int):
        return schema
    below: Any = schema.fields.get(key)
    while isinstance(below, fields.List):
        below = below.inner
    return below.schema if isinstance(below, fields.Nested) else None


def _worded(text: str, key: Any, schema: Schema | None) -> str:
    if text == _UNKNOWN and schema is not None:
        return f"there is no such key{did_you_mean(str(key), schema.fields)}"
    if text.startswith("Missing data"):
        return "missing; this key is required"
    return _WORDS.get(text, text)
