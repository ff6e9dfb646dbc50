"""A device profile: how messages of one type of device become readings. Format: device_configs/README.md."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from collector.domain.devices import LONGEST_REMEMBERED, slug
from collector.profiles.layout import Layout
from collector.profiles.matching import Match
from collector.profiles.measured import UNSTATED
from collector.profiles.paths import JsonPath, Key, walk
from collector.profiles.rules import MetricRule, QualityRule
from collector.profiles.time_rule import TimeRule

# What is kept of a native name: a device id is at most 128 characters.
MAX_NAME = 256
_NAMES_MOST = 10_000

_FILLED = re.compile(r"\{([\w:.-]+)\}")


class Names(NamedTuple):
    """`device` is the slug, empty when nothing was found for it; `site` is what the topic names, if anything."""

    source: str
    device: str
    site: str | None


@dataclass(frozen=True, slots=True)
class Points:
    """A list within the payload, each element of which is a moment of its own.

    `time` None: the elements have the time of the message. `beside`: the message has values of its own, too.
    """

    path: JsonPath
    time: TimeRule | None
    beside: bool


@dataclass(frozen=True, slots=True)
class Named:
    """A list whose elements bear names: they are looked up by what they have at `by`, not by their position."""

    path: JsonPath
    by: Key


@dataclass(frozen=True, slots=True)
class About:
    """What a profile tells people. Nothing here has a part in reading messages."""

    products: tuple[dict[str, str], ...] = ()
    kind: str = ""
    caveats: tuple[dict[str, str], ...] = ()
    # Days between two calibrations of these metrics, and limits to start from: for a manager to take or leave.
    calibration: tuple[dict[str, Any], ...] = ()
    limits: tuple[dict[str, Any], ...] = ()

    @property
    def names(self) -> list[str]:
        """Vendor and model of each product."""
        return [f"{product['vendor']} {product['model']}" for product in self.products]


@dataclass(frozen=True, slots=True)
class Profile:
    id: str
    file: Path
    decoder: str
    matches: tuple[Match, ...]
    device_id: str
    # What must stay on one collector; the device alone unless the profile says otherwise.
    group: str
    source_name: str
    time: TimeRule | None
    metrics: tuple[MetricRule, ...]
    quality: tuple[QualityRule, ...]
    every_s: int
    stale_after_s: int
    examples: tuple[dict[str, Any], ...]
    points: tuple[Points, ...] = ()
    # Lists within the document, or within each point of it, that are read as objects.
    named: tuple[Named, ...] = ()
    # How a device's own bytes are laid out, where the network does not decode them.
    layout: Layout | None = None
    # The name of a message's one value, from parts of the topic: for formats that have a topic for each value.
    key: str = ""
    # Whether values that no rule names are kept, under their own names: for formats that name what they send.
    keep_unlisted: bool = False
    # The unit of such a value when the payload states none: None is that of the vocabulary.
    unlisted_unit: str | None = UNSTATED
    about: About = field(default_factory=About)
    # Names made of topic parts alone, by these: the same topics come again with every message.
    _names: dict[tuple[Any, ...], Names] = field(default_factory=dict, compare=False)
    # All topics have the same parts in the same order, so that what stands there tells them apart.
    _parts_alike: bool = field(init=False, compare=False)

    def __post_init__(self) -> None:
        orders = {tuple(match.pattern.groupindex) for match in self.matches}
        object.__setattr__(self, "_parts_alike", len(orders) <= 1)

    @property
    def grouped(self) -> bool:
        """Whether several devices may belong together."""
        return self.group != self.device_id

    def names(self, parts: dict[str, str], content: Any, point: Any = None) -> Names:
        """Who sent a message with these topic parts and this payload, or this point of it."""
        key = tuple(parts.values()) if self._parts_alike else tuple(parts.items())
        known = self._names.get(key)
        if known is None:
            known = self._make_names(parts, content, point)
            if not self._named_within and sum(map(len, parts.values())) <= LONGEST_REMEMBERED:
                # A topic may hold anything: what is remembered is bounded.
                if len(self._names) >= _NAMES_MOST:
                    self._names.clear()
                self._names[key] = known
        return known

    def group_of(self, parts: dict[str, str], content: Any) -> str:
        """Empty when nothing is found for it."""
        return slug(self.name_from(self.group, parts, content))

    @property
    def _named_within(self) -> bool:
        """The payload has a part in the device's names."""
        return any(within in self.device_id + self.source_name for within in ("{payload:", "{point:"))

    def _make_names(self, parts: dict[str, str], content: Any, point: Any) -> Names:
        # As databases take it: no NUL, and no longer than one name.
        source = self.name_from(self.source_name, parts, content, point).replace("\0", "")[:MAX_NAME]
        # A part of which no letter is left would make one device of all that bear such names.
        whole = all(slug(self._filled(part[1], parts, content, point)) for part in _FILLED.finditer(self.device_id))
        device = slug(self.name_from(self.device_id, parts, content, point)) if whole else ""
        return Names(source, device, slug(parts.get("site", "")) or None)

    def name_from(self, template: str, parts: dict[str, str], content: Any, point: Any = None) -> str:
        """Fill `{part}` from the topic, `{payload:key.key}` and `{point:key}`; empty where nothing is found."""
        return _FILLED.sub(lambda part: self._filled(part[1], parts, content, point), template)

    def _filled(self, name: str, parts: dict[str, str], content: Any, point: Any) -> str:
        within, colon, path = name.partition(":")
        if not colon:
            return parts.get(name, "")
        found = walk(content if within == "payload" else point, tuple(path.split(".")))
        return str(found)[:MAX_NAME] if isinstance(found, str | int) else ""
