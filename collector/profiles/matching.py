"""Which messages a profile is for: a topic with named parts, and conditions on the payload."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from collector.profiles.paths import ABSENT, JsonPath, walk

_PART = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the payload: the path exists, or holds one of some values."""

    path: JsonPath
    one_of: tuple[Any, ...] | None = None
    exists: bool = True

    def holds(self, content: Any) -> bool:
        found = walk(content, self.path, ABSENT)
        if self.one_of is not None:
            return found in self.one_of
        return (found is not ABSENT) == self.exists


@dataclass(frozen=True, slots=True)
class Match:
    """A topic with named single-level parts, such as `fieldproof/{site}/{device}/readings`."""

    topic: str
    pattern: re.Pattern[str]
    when: tuple[When, ...] = ()

    @property
    def filter(self) -> str:
        """The MQTT topic filter to subscribe to."""
        return _PART.sub("+", self.topic)

    def by_level(self, template: str) -> str:
        """A template such as `{site}.{device}` with the levels in place of the names, which every profile chooses."""
        levels = {level: f"{{{at}}}" for at, level in enumerate(self.topic.split("/"))}
        return _PART.sub(lambda part: levels.get(part[0], part[0]), template)

    def holds(self, content: Any) -> bool:
        # Dozens of profiles are asked of each message of a LoRaWAN network: a generator would take twice as long.
        for condition in self.when:  # noqa: SIM110
            if not condition.holds(content):
                return False
        return True


def make_match(topic: str, when: tuple[When, ...] = ()) -> Match:
    """Raises ValueError when no MQTT topic can be like this."""
    if fault := _topic_fault(topic):
        raise ValueError(fault)
    pattern = "".join(f"(?P<{piece}>[^/]*)" if is_part else re.escape(piece) for piece, is_part in _pieces(topic))
    return Match(topic, re.compile(pattern), when)


def without_covered(filters: Iterable[str]) -> list[str]:
    """In order; without those whose every topic another one of them fits too."""
    levels = {one: one.split("/") for one in filters}
    return sorted(
        one
        for one, own in levels.items()
        if not any(_covers(more, own) for other, more in levels.items() if other != one)
    )


def covers(more: str, less: str) -> bool:
    """Whether the first filter fits all topics that the second does."""
    return _covers(more.split("/"), less.split("/"))


def _covers(more: list[str], less: list[str]) -> bool:
    """The levels of both. Topics with $ in front are fitted by no + there."""
    if less[0].startswith("$") and more[0] != less[0]:
        return False
    return len(more) == len(less) and all(one in ("+", other) for one, other in zip(more, less, strict=True))


def topic_parts(topic: str) -> list[str]:
    """The names of the parts: `a/{b}/{c}` -> b, c."""
    return _PART.findall(topic)


def _topic_fault(topic: str) -> str | None:
    names = topic_parts(topic)
    if any("{" in level and not _PART.fullmatch(level) for level in topic.split("/")):
        return "a {name} stands for one whole level between two slashes, made of letters, digits and _"
    if "+" in topic or "#" in topic:
        return "instead of + write a {name}; # is not possible, for it is not known how many levels it stands for"
    if len(set(names)) < len(names):
        return "the same {name} stands twice; give each level a name of its own"
    if any(name[0].isdigit() for name in names):
        return "a {name} must not begin with a digit"
    return None


def _pieces(topic: str) -> list[tuple[str, bool]]:
    """The topic cut into literal text and named parts: `a/{b}` -> [("a/", False), ("b", True), ("", False)]."""
    return [(piece, index % 2 == 1) for index, piece in enumerate(_PART.split(topic))]
