"""When nothing came of a device, from stored readings: a bounded number of looks, however many readings there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from collector.domain.times import parse_time
from collector.errors import StoreUnavailable
from collector.stores.base import ReadingStore
from webapp.json import iso

DAY_MS = 86_400_000
# Shorter ones are not looked for.
_LEAST_MS = 60_000
# So many expected intervals without anything are a gap, and in so many steps that time is looked at.
_INTERVALS, _STEPS = 3, 6
# Uplinks of a day: more than a LoRaWAN device may send.
_UPLINKS = 10_000

Gap = tuple[int, int]


def add_gaps(item: dict[str, Any], store: ReadingStore, now: int) -> None:
    """`gaps` and `uplinks_lost` of the last 24 hours. While the store is away the page goes without them."""
    item["uplinks_lost"] = None
    try:
        item["gaps"] = [{"from": iso(start), "to": iso(end)} for start, end in _found(item, store, now)]
        if "uplink_counter" in item["points"]:
            counted = store.raw(item["id"], "uplink_counter", now - DAY_MS, now, _UPLINKS)
            item["uplinks_lost"] = uplinks_lost(counted.value)
    except StoreUnavailable:
        return


def _found(item: dict[str, Any], store: ReadingStore, now: int) -> list[Gap]:
    if item["first_seen_at"] is None:
        return []
    every_s = item["expected_every_s"]
    longest = max(_LEAST_MS, item["stale_after_s"] * 1000 if every_s is None else _INTERVALS * every_s * 1000)
    step = longest // _STEPS // 1000
    start = max(now - DAY_MS, parse_time(item["first_seen_at"])[0])
    heard = store.heard(item["id"], start, now, step)
    return list(gaps(heard, start, now, longest, step * 1000))


def gaps(heard: Iterable[int], start: int, end: int, longest: int, step: int) -> Iterator[Gap]:
    """Between the steps in which something was heard, at least `longest` ms: never more than there was."""
    until = start
    for t in heard:
        if t - until >= longest:
            yield until, t
        until = max(until, t + step)
    if end - until >= longest:
        yield until, end


def uplinks_lost(counters: Iterable[float | None]) -> int:
    """Numbers left out. A counter that goes back began anew: nothing is known of what was between."""
    lost, last = 0, None
    for counter in counters:
        if counter is None:
            continue
        if last is not None and counter > last + 1:
            lost += int(counter - last) - 1
        last = counter
    return lost
