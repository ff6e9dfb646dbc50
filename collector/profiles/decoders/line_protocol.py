"""InfluxDB line protocol, one line or many: `measurement,tag=value field=1.5,other=2i 1653579140440951943`.

Format: https://docs.influxdata.com/influxdb/v2/reference/syntax/line-protocol/. A comma, a space and, but for the
measurement, an equals sign within a name or a tag are escaped by a backslash; within a text in quotes, quotes and
backslashes are. Every other backslash is one.

Each field is a value under its own name; the device's names may use the tags and the measurement: `{point:host}`,
`{point:measurement}`. A text is a value only for a metric that the profile names, and so is a tag. The time counts
nanoseconds unless the profile says otherwise; a line without one bears the moment of receipt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from collector.errors import MessageError
from collector.profiles.decoder import MOST_POINTS, Decoder, Record, Unreadable, named, timed, told
from collector.profiles.profile import Profile

# No alternative can match where another does, so that each is left in one way only.
_MEASUREMENT = re.compile(r"(?:[^\\, \n]|\\[^\n]|\\(?=\n|\Z))+")
_NAME = re.compile(r"(?:[^\\,= \n]|\\[^\n]|\\(?=\n|\Z))+")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r'[^, \n\r"]+')
_TIME = re.compile(r"-?[0-9]{1,20}(?=[ \r]*(?:\n|\Z))")
_END = re.compile(r"[ \r]*(?:\n|\Z)")
_SPACES = re.compile(r" *")
_SKIPPED = re.compile(r"[ \t\r]*(?:#[^\n]*)?(?:\n|\Z)")
_REST = re.compile(r"[^\n]*\n?")

_INTEGER = re.compile(r"[+-]?[0-9]{1,20}[iu]")
_FLOAT = re.compile(r"[+-]?(?:[0-9]{1,320}(?:\.[0-9]{0,320})?|\.[0-9]{1,320})(?:[eE][+-]?[0-9]{1,3})?")
_BOOLEANS = {**dict.fromkeys(("t", "T", "true", "True", "TRUE"), True),
             **dict.fromkeys(("f", "F", "false", "False", "FALSE"), False)}  # fmt: skip
_ESCAPED = re.compile(r"\\([,= ])")
_ESCAPED_IN_TEXT = re.compile(r'\\(["\\])')

_Values = dict[str, float | bool | str]


class LineProtocolDecoder(Decoder):
    open_names = True
    # telegraf's and InfluxDB's own precision.
    defaults: ClassVar[Mapping[str, Any]] = {"time": {"path": ["time"], "unit": "ns"}}

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:  # noqa: ARG002
        """A list with `{measurement, tags, fields, time}` of each line, or what is wrong with it.

        Raises MessageError when no line can be read.
        """
        try:
            text = payload.decode()
        except UnicodeDecodeError as error:
            raise MessageError("bad_format", f"not UTF-8 at byte {error.start}") from None
        lines = _Text(text).lines()
        faults = [MessageError("bad_format", line.why) for line in lines if isinstance(line, Unreadable)]
        if not lines:
            raise MessageError("empty", "there is no line")
        if len(faults) == len(lines):
            raise MessageError("bad_format", told(faults))
        return lines

    def records(self, profile: Profile, parts: Mapping[str, str], content: Any) -> Iterable[Record | Unreadable]:  # noqa: ARG002
        meant = named(profile)
        for line in content:
            yield line if isinstance(line, Unreadable) else _record(profile, line, meant)


DECODER = LineProtocolDecoder()


def _record(profile: Profile, line: dict[str, Any], meant: set[str]) -> Record:
    values = {name: value for name, value in line["tags"].items() if name in meant}
    values |= {name: value for name, value in line["fields"].items() if not isinstance(value, str) or name in meant}
    point = {**line["tags"], "measurement": line["measurement"]}
    return timed(profile.time, line)._replace(content=values, point=point)


class _Text:
    """A text, and how far it is read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def lines(self) -> list[dict[str, Any] | Unreadable]:
        """A line that cannot be read ends at its end; a text in quotes may go over several."""
        found: list[dict[str, Any] | Unreadable] = []
        number, counted = 1, 0
        while self.at < len(self.text) and len(found) <= MOST_POINTS:
            if skipped := _SKIPPED.match(self.text, self.at):
                self.at = skipped.end()
                continue
            number += self.text.count("\n", counted, self.at)
            counted = self.at
            try:
                found.append(self._line())
            except ValueError as error:
                found.append(Unreadable(f"line {number}: {error}"))
                self._take(_REST)
        return found

    def _line(self) -> dict[str, Any]:
        """Raises ValueError with what is wrong."""
        self._take(_SPACES)
        measurement = _plain(self._need(_MEASUREMENT, "a measurement"))
        tags: dict[str, str] = {}
        while self._next(","):
            name = self._name("a tag")
            tags[name] = _plain(self._need(_NAME, f"a value of the tag {name:.40}"))
        if not self._next(" "):
            raise ValueError("there are no fields")
        self._take(_SPACES)
        fields = self._fields()
        self._take(_SPACES)
        time = self._take(_TIME)
        if self._take(_END) is None:
            raise ValueError("what follows the fields is no time")
        return {"measurement": measurement, "tags": tags, "fields": fields, "time": time and int(time)}

    def _fields(self) -> _Values:
        fields: _Values = {}
        while True:
            name = self._name("a field")
            fields[name] = self._value(name)
            if not self._next(","):
                return fields

    def _name(self, what: str) -> str:
        name = _plain(self._need(_NAME, what))
        if not self._next("="):
            raise ValueError(f"{name[:40]!r} has no value")
        return name

    def _value(self, name: str) -> float | bool | str:
        if text := _TEXT.match(self.text, self.at):
            self.at = text.end()
            return _ESCAPED_IN_TEXT.sub(r"\1", text[1])
        return _number(self._need(_BARE, f"a value of {name:.40}"), name)

    def _need(self, pattern: re.Pattern[str], what: str) -> str:
        found = self._take(pattern)
        if not found:
            raise ValueError(f"{what} is missing")
        return found

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        found = pattern.match(self.text, self.at)
        if found is None:
            return None
        self.at = found.end()
        return found[0]

    def _next(self, character: str) -> bool:
        if not self.text.startswith(character, self.at):
            return False
        self.at += 1
        return True


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def _number(text: str, name: str) -> float | bool:
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text[:-1])
    if _FLOAT.fullmatch(text):
        return float(text)
    raise ValueError(f"{text[:40]!r}, of {name:.40}, is neither number, true, false nor a text in quotes")
