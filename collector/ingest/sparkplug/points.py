"""What is known of the metrics of an edge node, or of a device behind it, since its last birth."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from collector.ingest.sparkplug.topics import Topic
from collector.profiles.sparkplug.document import Known, birth
from collector.profiles.sparkplug.payload import Metric, Payload

# The property `Quality` of what nobody hears of any more (chapter 6.4.11).
_STALE = 500
# A longer text is not kept as a last value.
_LONGEST_KEPT = 64
# A clock may be wrong by more; the time of a death is not to be.
_AHEAD_MS = 60_000
# Of what a held message is long beyond its metrics, such as a text or a file: so many bytes weigh as much as a metric.
_BYTES_EACH = 500


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """A message of an edge node, taken apart."""

    topic: Topic
    payload: Payload
    received_at: int
    size: int = 0

    @property
    def weight(self) -> int:
        """What it costs to hold it."""
        return 1 + max(len(self.payload.metrics), self.size // _BYTES_EACH)


@dataclass(slots=True)
class Room:
    """How many points and devices may still be known, over all edge nodes."""

    left: int


@dataclass(slots=True)
class Point:
    known: Known
    # As it stood in the last document that told of it, and of what time.
    entry: dict[str, Any] | None = None
    at: int = 0


@dataclass(slots=True)
class Unit:
    """The node itself, or one of its devices.

    `born`: its birth was seen and is still valid. `heard`: something was told of it since it was last found dead.
    """

    room: Room
    born: bool = False
    heard: bool = False
    points: dict[str, Point] = field(default_factory=dict)
    aliases: dict[int, str] = field(default_factory=dict)
    # Messages that cannot be read until a birth tells what they mean.
    waiting: list[Message] = field(default_factory=list)

    def learn(self, payload: Payload) -> None:
        """From a birth: what was known before is forgotten, but for last values; also of what no birth ever told."""
        former, self.points, self.aliases = self.points, {}, {}
        self.room.left += len(former)
        for metric in payload.metrics:
            known = birth(metric)
            if known is None or (point := self._point(known)) is None:
                continue
            if (old := former.get(known.name)) is not None:
                point.entry, point.at = old.entry, old.at
            # One name under ever other aliases is no reason to remember them all.
            if metric.alias is not None and len(self.aliases) < len(self.points):
                self.aliases[metric.alias] = known.name
        for name, old in former.items():
            if not old.known.datatype and name not in self.points and (point := self._point(old.known)) is not None:
                point.entry, point.at = old.entry, old.at
        self.born = True

    def forget(self) -> None:
        self.room.left += len(self.points)
        self.points, self.aliases = {}, {}

    def _point(self, known: Known) -> Point | None:
        """None when there is no room for it."""
        point = self.points.get(known.name)
        if point is not None:
            point.known = known
        elif self.room.left > 0:
            self.room.left -= 1
            point = self.points[known.name] = Point(known)
        return point

    def find(self, metric: Metric, among: Collection[str] | None = None) -> Known | None:
        """What the last birth says of a metric; `among`: an alias is believed only if it stands for one of these."""
        name = metric.name
        if name is None and metric.alias is not None:
            name = self.aliases.get(metric.alias)
            if among is not None and name not in among:
                return None
        point = self.points.get(name) if name is not None else None
        return point.known if point is not None else None

    def agreed(self, payload: Payload) -> set[str]:
        """The names of which this birth says the same as the one before: alias and type."""
        names = set()
        for metric in payload.metrics:
            known = birth(metric)
            before = self.points.get(known.name) if known is not None else None
            if known is None or before is None or before.known.datatype != known.datatype:
                continue
            if metric.alias is None or self.aliases.get(metric.alias) == known.name:
                names.add(known.name)
        return names

    def note(self, content: Mapping[str, Any], received_at: int) -> None:
        """The values of a document that is passed on: they are repeated when the device dies."""
        self.heard = True
        for entry in content["metrics"]:
            name = entry.get("name")
            if name is None or "refused" in entry or _too_long(entry["value"]):
                continue
            point = self.points.get(name) or self._point(Known(name, 0))
            at = min(entry.get("timestamp", content.get("timestamp", received_at)), received_at + _AHEAD_MS)
            if point is not None and (point.entry is None or at >= point.at):
                point.entry, point.at = entry, at

    def death(self, at: int) -> Iterator[dict[str, Any]]:
        """The last values, as stale from then on.

        Where clocks disagree a moment after the value: it is another statement, and no contradiction.
        """
        self.born = self.heard = False
        for point in self.points.values():
            entry = point.entry
            if entry is None:
                continue
            point.at = max(at, point.at + 1)
            unit = entry.get("properties", {}).get("engUnit")
            properties = {"Quality": _STALE} | ({"engUnit": unit} if unit else {})
            kept = {key: entry[key] for key in ("name", "dataType", "value", "isNull") if key in entry}
            yield kept | {"timestamp": point.at, "properties": properties}


def confirmed(metrics: Iterable[Mapping[str, Any]], at: int) -> list[dict[str, Any]]:
    """The same values at the time of a birth: since they were measured their device may have been called dead.

    A birth tells present values, and a value that did not change still has the time at which it last did.
    """
    return [
        {**entry, "timestamp": at}
        for entry in metrics
        if "refused" not in entry and "isHistorical" not in entry and entry.get("timestamp", at) < at
    ]


def _too_long(value: Any) -> bool:
    return isinstance(value, str) and len(value) > _LONGEST_KEPT
