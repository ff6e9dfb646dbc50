"""What edge nodes sent and nobody has, for the auditor: once an hour for each, and together when it is many. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

# After the first one: others that lost sight of us at the same time are told with it.
_GATHER_MS = 10_000
_AGAIN_MS = 3_600_000
_NAMES_EACH = 10
MOST_NAMES = 5_000

MISSING = "messages before others did not arrive; a rebirth brings present values only"
AWAY = "went on sending while the collector was not connected, and do not keep it for us"


@dataclass(frozen=True, slots=True)
class Gap:
    """Between these times of receipt, epoch ms; `since` None: since the last that was stored of this broker."""

    since: int | None
    until: int
    why: str


class Loss(NamedTuple):
    nodes: list[str]
    gap: Gap


class Losses:
    """`now` is of a clock that only goes forward, in ms."""

    def __init__(self) -> None:
        self._waiting: dict[str, Gap] = {}
        self._first_at = 0
        # When each was told last; the one told longest ago first.
        self._told: dict[str, int] = {}

    def note(self, node: str, gap: Gap, now: int) -> None:
        if not self._waiting:
            self._first_at = now
        known = self._waiting.get(node)
        self._waiting[node] = gap if known is None else _both(known, gap)

    def due(self, now: int) -> list[Loss]:
        """What is to be told now. More than a few nodes are told as one, for each reason."""
        many = len(self._waiting) >= MOST_NAMES
        if not self._waiting or (now - self._first_at < _GATHER_MS and not many):
            return []
        self._first_at = now
        for node in [node for node, at in self._told.items() if now - at >= _AGAIN_MS]:
            del self._told[node]
        found = {node: gap for node, gap in self._waiting.items() if many or node not in self._told}
        for node in found:
            del self._waiting[node]
            self._told.pop(node, None)
            self._told[node] = now
        while len(self._told) > MOST_NAMES:
            del self._told[next(iter(self._told))]
        return [loss for why in (MISSING, AWAY) for loss in _together({n: g for n, g in found.items() if g.why == why})]


def _together(found: dict[str, Gap]) -> list[Loss]:
    if len(found) <= _NAMES_EACH:
        return [Loss([node], gap) for node, gap in found.items()]
    gaps = list(found.values())
    whole = gaps[0]
    for gap in gaps:
        whole = _both(whole, gap)
    return [Loss(list(found), whole)]


def _both(one: Gap, other: Gap) -> Gap:
    since = None if one.since is None or other.since is None else min(one.since, other.since)
    return Gap(since, max(one.until, other.until), one.why)


def detail(loss: Loss) -> str:
    """In words, with as many names as can be read."""
    names, more = loss.nodes[:_NAMES_EACH], len(loss.nodes) - _NAMES_EACH
    return f"Sparkplug edge nodes {', '.join(names)}{f' and {more} others' if more > 0 else ''}: {loss.gap.why}"
