"""What a demo site's file refers to must exist, and what it says must be possible."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from collector.demo.schema import minutes_of_day
from collector.profiles.vocabulary import Vocabulary

Content = dict[str, Any]
# An exceedance stays within its hour, so that one hour never depends on the next.
LONGEST_EXCEEDANCE_MIN = 50


def reference_faults(content: Content, vocabulary: Vocabulary) -> list[str]:
    """A sentence for each fault, led by its key path."""
    locations = _ids(content["locations"])
    aspects = _ids(content["aspects"])
    faults = [*_repeated(content)]
    faults += _unknown(content["locations"], "locations", "parent", locations, earlier=True)
    faults += _unknown(content["aspects"], "aspects", "location", locations)
    faults += _unknown(content["devices"], "devices", "location", locations)
    faults += _unknown(content["devices"], "devices", "aspect", aspects)
    faults += _device_faults(content, aspects, vocabulary)
    faults += _limit_faults(content, vocabulary)
    faults += _signal_faults(content, vocabulary)
    faults += _exceedance_faults(content["signals"])
    faults += _window_faults(content)
    return faults


def _ids(entries: Iterable[Content]) -> list[str]:
    return [entry["id"] for entry in entries]


def _known(names: Iterable[str]) -> str:
    return f"known: {', '.join(sorted(names))}"


def _repeated(content: Content) -> Iterator[str]:
    for key in ("locations", "aspects", "devices", "limits"):
        ids = _ids(content[key])
        for ident in sorted({ident for ident in ids if ids.count(ident) > 1}):
            yield f"{key}: the id '{ident}' stands there more than once"


def _unknown(entries: list[Content], where: str, key: str, known: list[str], *, earlier: bool = False) -> Iterator[str]:
    """With `earlier`, only an entry further up counts: that also rules out a tree that bites its tail."""
    for index, entry in enumerate(entries):
        allowed = known[:index] if earlier else known
        if entry[key] is not None and entry[key] not in allowed:
            place = " further up" if earlier else ""
            yield f"{where}.{index}.{key}: there is no '{entry[key]}'{place}; {_known(allowed)}"


def _device_faults(content: Content, aspects: list[str], vocabulary: Vocabulary) -> Iterator[str]:
    for index, device in enumerate(content["devices"]):
        for metric, aspect in device["aspects"].items():
            if metric not in vocabulary.metrics:
                yield f"devices.{index}.aspects: '{metric}' is not in vocabulary.yaml"
            if aspect not in aspects:
                yield f"devices.{index}.aspects.{metric}: there is no '{aspect}'; {_known(aspects)}"
        expected = f"{content['site']['id']}.{device['source_name']}"
        if device["profile"] == "fieldproof-plain" and device["id"] != expected:
            yield f"devices.{index}.id: the plain format's topic makes it '{expected}', not '{device['id']}'"


def _point_faults(where: str, point: str, content: Content, vocabulary: Vocabulary) -> Iterator[str]:
    device, _, metric = point.partition("/")
    devices = _ids(content["devices"])
    if device not in devices:
        yield f"{where}: there is no device '{device}'; {_known(devices)}"
    if metric not in vocabulary.metrics:
        yield f"{where}: the metric '{metric}' is not in vocabulary.yaml"


def _limit_faults(content: Content, vocabulary: Vocabulary) -> Iterator[str]:
    for index, limit in enumerate(content["limits"]):
        yield from _point_faults(f"limits.{index}.point", limit["point"], content, vocabulary)
        metric = vocabulary.metrics.get(limit["point"].split("/")[1])
        if metric is None:
            continue
        low, high = metric.low, metric.high
        if (low is not None and limit["value"] < low) or (high is not None and limit["value"] > high):
            yield f"limits.{index}.value: {limit['value']} {metric.unit} is outside the physical bounds {low}..{high}"


def _signal_faults(content: Content, vocabulary: Vocabulary) -> Iterator[str]:
    signals = content["signals"]
    for point, signal in signals["points"].items():
        yield from _point_faults(f"signals.points.{point}", point, content, vocabulary)
        for other in signal["includes"]:
            if other not in signals["points"] or signals["points"][other]["includes"]:
                yield f"signals.points.{point}.includes: '{other}' is no point that includes no other"
    for point, counter in signals["counters"].items():
        yield from _point_faults(f"signals.counters.{point}", point, content, vocabulary)
        if counter["of"] not in signals["points"]:
            yield f"signals.counters.{point}.of: '{counter['of']}' is not in signals.points"
        elif signals["points"][counter["of"]]["jitter"]:
            yield f"signals.points.{counter['of']}.jitter: must be 0, because a counter integrates this point"
    for point, unit in signals["units"].items():
        if vocabulary.conversion(point.split("/")[1], unit) is None:
            yield f"signals.units.{point}: '{unit}' cannot be converted"


def _exceedance_faults(signals: Content) -> Iterator[str]:
    integrated = {counter["of"] for counter in signals["counters"].values()}
    for index, entry in enumerate(signals["exceedances"]):
        where = f"signals.exceedances.{index}"
        if entry["point"] not in signals["points"]:
            yield f"{where}.point: '{entry['point']}' is not in signals.points"
        if (entry["target"] is None) == (entry["add"] is None):
            yield f"{where}: give either target or add"
        if entry["target"] is not None and entry["point"] in integrated:
            yield f"{where}.target: a counter integrates this point, so it must be lifted with add"
        length = entry["rise_min"] + entry["hold_min"] + entry["fall_min"]
        if length > LONGEST_EXCEEDANCE_MIN:
            yield f"{where}: rise, hold and fall last {length:g} min; at most {LONGEST_EXCEEDANCE_MIN}"
    if not any(entry["hours"] == [0, 24] and len(entry["days"]) == 7 for entry in signals["exceedances"]):
        yield "signals.exceedances: at least one must fit every hour of every day"


def _window_faults(content: Content) -> Iterator[str]:
    signals = content["signals"]
    for key, of in (("stuck", "point"), ("dropout", "device"), ("calibration", "point")):
        window = signals[key]
        known = list(signals["points"]) if of == "point" else _ids(content["devices"])
        if window.get(of) not in known:
            yield f"signals.{key}.{of}: there is no '{window.get(of)}'; {_known(known)}"
        if minutes_of_day(window["at"]) + window["minutes"] > 24 * 60:
            yield f"signals.{key}: must end before midnight"
    if "buffer" not in signals["calibration"]:
        yield "signals.calibration.buffer: missing; the value of the buffer solution"
