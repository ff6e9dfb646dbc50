"""A profile's examples: each is a message and what must come of it, so each is a test of the profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from collector.domain.reading import Reading
from collector.domain.times import iso_utc, parse_time
from collector.errors import MessageError
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.decoder import Record
from collector.profiles.decoders import DECODERS
from collector.profiles.library import Library
from collector.profiles.profile import Profile
from collector.profiles.rules import MetricRule
from collector.profiles.vocabulary import Vocabulary

# 2030-03-17, long after the times of all examples, so that none of them lies in the future.
RECEIVED_AT = 1_900_000_000_000
# A value may be rounded for writing it down.
_TOLERANCE = 1e-6
# Units that are confused, to be tried when a value is wrong by a factor.
_CONFUSED = ("W", "kW", "MW", "Wh", "kWh", "MWh", "W*min", "mV", "V", "mA", "A", "L", "m3", "L/s", "L/min", "L/h",
             "m3/h", "mg/L", "ug/L", "g/L", "Pa", "hPa", "kPa", "mbar", "bar", "degC", "degF", "uS/cm", "mS/cm",
             "S/m", "mm", "cm", "m", "J", "kJ", "MJ", "GJ")  # fmt: skip


def example_payload(example: dict[str, Any]) -> bytes:
    """`hex` as bytes, a text as it stands, everything else as JSON."""
    if "hex" in example:
        return bytes.fromhex(example["hex"])
    payload = example["payload"]
    return payload.encode() if isinstance(payload, str) else orjson.dumps(payload)


def received_at(example: dict[str, Any]) -> int:
    return parse_time(example["received"])[0] if "received" in example else RECEIVED_AT


def process(profile: Profile, example: dict[str, Any], vocabulary: Vocabulary) -> Processed:
    message = Message(example["topic"], example_payload(example), 1, 1, False, False, 1, received_at(example))
    return Pipeline(Library((profile,)), vocabulary).process(message)


def differences(profile: Profile, example: dict[str, Any], vocabulary: Vocabulary) -> list[str]:
    """What came of the example and was not expected, a sentence for each; empty when all is as it says."""
    try:
        result = process(profile, example, vocabulary)
    except (ValueError, TypeError) as error:
        return [f"the payload cannot be sent: {error}"]
    expect = example["expect"]
    if expect == "none":
        return [f"expected nothing, but {told(result)}"] if result.readings or result.refused else []
    if isinstance(expect, dict) and "refused" in expect:
        return _refused(result, expect["refused"])
    if result.refused is not None:
        return [f"expected readings, but {told(result)}"]
    wanted = expect if isinstance(expect, list) else [expect]
    if not all(isinstance(one, dict) and {"device", "readings"} <= one.keys() for one in wanted):
        return ["expect must be {device, time, readings}, a list of such, none, or {refused: reason}"]
    return list(_readings(profile, result.readings, wanted, vocabulary))


def told(result: Processed) -> str:
    """What came of a message, in words."""
    if result.refused is not None:
        return f"the message was refused as {result.refused.reason}: {result.refused.detail}"
    if not result.readings:
        return "nothing came of it: no condition of the profile holds, or no path leads to a value"
    values = ", ".join(f"{reading.metric} {reading.value}" for reading in result.readings[:8])
    return f"got {len(result.readings)} readings: {values}"


def _refused(result: Processed, reason: str) -> list[str]:
    found = result.refused.reason if result.refused is not None else None
    return [] if found == reason else [f"expected that it is refused as {reason}, but {told(result)}"]


def _readings(
    profile: Profile, readings: Iterable[Reading], wanted: list[dict[str, Any]], vocabulary: Vocabulary
) -> Iterator[str]:
    left = list(readings)
    for one in wanted:
        mine = [reading for reading in left if _is_of(reading, one)]
        left = [reading for reading in left if not _is_of(reading, one)]
        if not mine:
            at = f" at {one['time']}" if "time" in one else ""
            devices = (
                ", ".join(sorted({f"{reading.device} at {iso_utc(reading.observed_at)}" for reading in readings}))
                or "none"
            )
            yield f"no readings of device '{one['device']}'{at}; there are: {devices}"
            continue
        yield from _values(profile, mine, one["readings"], vocabulary)
    if left:
        yield f"not expected: {', '.join(f'{reading.device}/{reading.metric} {reading.value}' for reading in left)}"


def _is_of(reading: Reading, one: dict[str, Any]) -> bool:
    if reading.device != one["device"]:
        return False
    return "time" not in one or reading.observed_at == parse_time(one["time"])[0]


def _values(profile: Profile, readings: list[Reading], wanted: dict[str, Any], vocabulary: Vocabulary) -> Iterator[str]:
    found = {reading.metric: reading for reading in readings}
    for metric in wanted.keys() - found.keys():
        yield f"{metric}: expected {wanted[metric]}, but the message gives no {metric}; does its path lead there?"
    for metric in found.keys() - wanted.keys():
        yield f"{metric}: {found[metric].value} was not expected"
    for metric in sorted(wanted.keys() & found.keys()):
        yield from _value(profile, found[metric], wanted[metric], vocabulary)


def _value(profile: Profile, reading: Reading, wanted: Any, vocabulary: Vocabulary) -> Iterator[str]:
    wanted = wanted if isinstance(wanted, dict) else {"value": wanted}
    metric, value, expected = reading.metric, reading.value, wanted.get("value")
    unit = vocabulary.metrics[metric].unit if metric in vocabulary.metrics else ""
    if not _same(value, expected):
        hint = _confused_unit(profile, reading, expected, vocabulary)
        yield f"{metric}: expected {expected} {unit}, but got {value} {unit}{hint}"
    quality, reasons = wanted.get("quality", "good"), wanted.get("reasons", [])
    if reading.quality.word != quality or sorted(reading.reasons.words) != sorted(reasons):
        yield (
            f"{metric}: expected quality {quality} {reasons or ''}, but got {reading.quality.word}"
            f" {reading.reasons.words or ''}"
        )


def _same(value: float | None, expected: Any) -> bool:
    if value is None or expected is None:
        return value is expected
    return abs(value - float(expected)) <= _TOLERANCE * max(1.0, abs(float(expected)))


def _confused_unit(profile: Profile, reading: Reading, expected: Any, vocabulary: Vocabulary) -> str:
    """The unit that would give what was expected, if one does."""
    rule = next((rule for rule in profile.metrics if rule.name == reading.metric), None)
    if rule is None or reading.value is None or not isinstance(expected, int | float):
        return ""
    stated = vocabulary.conversion(rule.name, rule.unit)
    if stated is None or not stated.factor:
        return ""
    sent = (reading.value - stated.offset) / stated.factor
    for unit in _CONFUSED:
        other = vocabulary.conversion(rule.name, unit)
        if unit != rule.unit and other is not None and _same(other(sent), expected):
            return f". The profile says that it is sent in {rule.unit}: with {unit} it would be as expected"
    return ""


def unshown(profile: Profile, examples: Iterable[dict[str, Any]]) -> list[tuple[int, MetricRule]]:
    """Rules, with their position, that find a value in no example, although they are not optional."""
    contents = [record.content for example in examples for record in _records(profile, example)]
    return [
        (index, rule)
        for index, rule in enumerate(profile.metrics)
        if not rule.optional and not any(rule.measure(content) is not None for content in contents)
    ]


def _records(profile: Profile, example: dict[str, Any]) -> Iterator[Record]:
    decoder = DECODERS[profile.decoder]
    for match in profile.matches:
        hit = match.pattern.fullmatch(example["topic"])
        if hit is None:
            continue
        try:
            content = decoder.read(hit.groupdict(), example_payload(example))
            if match.holds(content):
                yield from (r for r in decoder.records(profile, hit.groupdict(), content) if isinstance(r, Record))
                return
        except (MessageError, ValueError, TypeError):
            continue
