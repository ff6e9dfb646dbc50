"""A profile's examples: each is a message and what must come of it, so each is a test of the profile."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isclose
from typing import Any, NamedTuple

import orjson

from collector.devices.explain import path_of, records, short, unfound, unreached, why_nothing
from collector.domain.reading import Reading
from collector.domain.times import iso_utc, parse_time
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.decoder import Record
from collector.profiles.faults import did_you_mean
from collector.profiles.library import Library
from collector.profiles.paths import ABSENT, walk
from collector.profiles.profile import Profile
from collector.profiles.rules import MetricRule
from collector.profiles.unit_faults import COMMON_UNITS
from collector.profiles.vocabulary import Vocabulary

# 2030-03-17, long after the times of all examples, so that none of them lies in the future.
RECEIVED_AT = 1_900_000_000_000
# A value may be rounded for writing it down.
_TOLERANCE = 1e-6


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
        return [f"the example expects nothing, but {told(result)}"] if result.readings or result.refused else []
    if isinstance(expect, dict) and "refused" in expect:
        return _refused(result, expect["refused"])
    wanted = expect if isinstance(expect, list) else [expect]
    if fault := next(filter(None, map(_malformed, wanted)), None):
        return [fault]
    if result.refused is not None or not result.readings:
        return [f"the example expects readings, but {_why_none(profile, example, result)}"]
    return list(_readings(Example(profile, example, vocabulary), result.readings, wanted))


class Example(NamedTuple):
    """What is needed to tell what is wrong with it."""

    profile: Profile
    example: dict[str, Any]
    vocabulary: Vocabulary

    def unit(self, metric: str) -> str:
        known = self.vocabulary.metrics.get(metric)
        return f" {known.unit}" if known is not None and known.unit != "dimensionless" else ""

    def rule(self, metric: str) -> MetricRule | None:
        return next((rule for rule in self.profile.metrics if rule.name == metric), None)

    @property
    def contents(self) -> list[Any]:
        return [record.content for record in _records(self.profile, self.example)]


def _malformed(one: Any) -> str | None:
    """What is wrong with an expectation as such."""
    if not isinstance(one, dict) or not {"device", "readings"} <= one.keys() or not isinstance(one["readings"], dict):
        return "expect must be {device, time, readings}, a list of such, none, or {refused: reason}"
    for metric, wanted in one["readings"].items():
        value = wanted.get("value") if isinstance(wanted, dict) else wanted
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            return (
                f"{metric}: '{value}' is not a number; write the value in the unit of the vocabulary, without the unit"
            )
    try:
        parse_time(one.get("time", 0))
    except ValueError as error:
        return f"{error}"
    return None


def _why_none(profile: Profile, example: dict[str, Any], result: Processed) -> str:
    if result.refused is not None and result.refused.reason != "no_profile":
        return told(result)
    return why_nothing(profile, example["topic"], example_payload(example))


def told(result: Processed) -> str:
    """What came of a message, in words."""
    if result.refused is not None:
        return f"the message was refused as {result.refused.reason}: {result.refused.detail}"
    if not result.readings:
        return "nothing comes of the message"
    values = ", ".join(f"{reading.metric} {_number(reading.value)}" for reading in result.readings[:8])
    more = f" and {len(result.readings) - 8} more" if len(result.readings) > 8 else ""
    return f"the message gives {values}{more}"


def _refused(result: Processed, reason: str) -> list[str]:
    found = result.refused.reason if result.refused is not None else None
    return [] if found == reason else [f"the example expects that it is refused as {reason}, but {told(result)}"]


def _readings(example: Example, readings: Sequence[Reading], wanted: list[dict[str, Any]]) -> Iterator[str]:
    left = list(readings)
    for one in wanted:
        mine = [reading for reading in left if _is_of(reading, one)]
        left = [reading for reading in left if not _is_of(reading, one)]
        if not mine and (moved := _of_another_time(left, wanted, one)):
            yield _another_time(example, one["time"], moved[0])
            mine, left = moved, []
        elif not mine:
            at = f" at {one['time']}" if "time" in one else ""
            heard = sorted({f"{reading.device} at {iso_utc(reading.observed_at)}" for reading in readings})
            yield f"the example expects readings of {one['device']}{at}, but the message gives {', '.join(heard)}"
            continue
        yield from _values(example, mine, one["readings"])
    if left:
        values = (f"{reading.device}/{reading.metric} {_number(reading.value)}" for reading in left)
        yield f"not expected: {', '.join(values)}"


def _of_another_time(left: list[Reading], wanted: list[dict[str, Any]], one: dict[str, Any]) -> list[Reading]:
    """The readings, if there is one moment on both sides and only the time of it differs."""
    moments = {(reading.device, reading.observed_at) for reading in left}
    return left if len(wanted) == 1 and len(moments) == 1 and left[0].device == one["device"] else []


def _another_time(example: Example, expected: Any, reading: Reading) -> str:
    rule, source = example.profile.time, "the message has no time that the profile reads"
    found = [walk(content, rule.path, ABSENT) for content in example.contents] if rule and rule.path else []
    if rule is not None and rule.path and found and found[0] is not ABSENT:
        zone = f" in zone {rule.zone}" if rule.zone else ""
        source = f"at {path_of(rule.path)} there is {short(found[0])}, read as {rule.unit}{zone}"
    return (
        f"time: the example expects {expected}, but the message gives {iso_utc(reading.observed_at)}: {source}."
        " Correct the time of the profile, or that of the example"
    )


def _is_of(reading: Reading, one: dict[str, Any]) -> bool:
    if reading.device != one["device"]:
        return False
    return "time" not in one or reading.observed_at == parse_time(one["time"])[0]


def _values(example: Example, readings: list[Reading], wanted: dict[str, Any]) -> Iterator[str]:
    found = {reading.metric: reading for reading in readings}
    for metric in sorted(wanted.keys() - found.keys()):
        yield f"{metric}: the example expects it, but {_missing(example, metric)}"
    for metric in sorted(found.keys() - wanted.keys()):
        yield (
            f"{metric}: the message gives {_number(found[metric].value)}{example.unit(metric)}, which the example does"
            " not expect; add it there if it is right"
        )
    for metric in sorted(wanted.keys() & found.keys()):
        yield from _value(example, found[metric], wanted[metric])


def _missing(example: Example, metric: str) -> str:
    rule = example.rule(metric)
    if rule is not None:
        return unfound(rule, example.contents)
    names = [rule.name for rule in example.profile.metrics]
    # Some formats bring metrics of their own accord.
    what = "nothing in the message gives it" if example.profile.keep_unlisted else "the profile has no such metric"
    return f"{what}{did_you_mean(metric, names)}"


def _value(example: Example, reading: Reading, wanted: Any) -> Iterator[str]:
    wanted = wanted if isinstance(wanted, dict) else {"value": wanted}
    metric, value, expected = reading.metric, reading.value, wanted.get("value")
    unit = example.unit(metric)
    if not _same(value, expected):
        yield (
            f"{metric}: the example expects {_number(expected)}{unit}, but the message gives {_number(value)}{unit}"
            f"{_source(example, metric)}.{_confused_unit(example, reading, expected)}"
        )
    quality, reasons = wanted.get("quality", "good"), wanted.get("reasons", [])
    if reading.quality.word != quality or sorted(reading.reasons.words) != sorted(reasons):
        yield (
            f"{metric}: the example expects quality {_judged(quality, reasons)}, but it is"
            f" {_judged(reading.quality.word, reading.reasons.words)}{_unnoticed(example, metric, quality)}"
        )


def _unnoticed(example: Example, metric: str, quality: str) -> str:
    """The entries of `quality` that look where nothing is, when one of them was to say this."""
    mine = [rule for rule in example.profile.quality if not rule.metrics or metric in rule.metrics]
    paths = dict.fromkeys(rule.path for rule in mine if rule.quality.word == quality)
    nowhere = [
        unreached(path, example.contents)
        for path in paths
        if all(walk(content, path, ABSENT) is ABSENT for content in example.contents)
    ]
    return f". Of its entries under quality: {'; '.join(nowhere)}" if nowhere and example.contents else ""


def _number(value: Any) -> str:
    """Without the noise of a conversion: 48213.455, not 48213.45500000001."""
    return "no value" if value is None else f"{value:.12g}"


def _judged(quality: str, reasons: list[str]) -> str:
    return f"{quality} ({', '.join(reasons)})" if reasons else quality


def _same(value: float | None, expected: Any) -> bool:
    if value is None or expected is None:
        return value is expected
    return isclose(value, float(expected), rel_tol=_TOLERANCE, abs_tol=1e-12)


def _source(example: Example, metric: str) -> str:
    """What stands in the message where the profile looks."""
    rule = example.rule(metric)
    if rule is None:
        return ""
    for content in example.contents:
        if (found := walk(content, rule.path, ABSENT)) is not ABSENT:
            scaled = f" times {rule.scale:g}" if rule.scale != 1 else ""
            return f": at {path_of(rule.path)} there is {short(found)}, taken{scaled} as {rule.unit}"
    return ""


def _confused_unit(example: Example, reading: Reading, expected: Any) -> str:
    """The unit that would give what was expected, if one does."""
    rule, vocabulary = example.rule(reading.metric), example.vocabulary
    check = " See the vendor's page for what is right, and correct the path, the unit or the example"
    if rule is None or reading.value is None or expected is None:
        return check
    stated = vocabulary.conversion(rule.name, rule.unit)
    if stated is None or not stated.factor:
        return check
    sent = (reading.value - stated.offset) / stated.factor
    for unit in COMMON_UNITS:
        other = vocabulary.conversion(rule.name, unit)
        if unit != rule.unit and other is not None and _same(other(sent), expected):
            return f" With unit {unit} it would be as expected: does the vendor's page say {unit} or {rule.unit}?"
    return check


def unshown(profile: Profile, examples: Iterable[dict[str, Any]]) -> list[tuple[int, MetricRule]]:
    """Rules, with their position, that find a value in no example, although they are not optional."""
    contents = [record.content for example in examples for record in _records(profile, example)]
    return [
        (index, rule)
        for index, rule in enumerate(profile.metrics)
        if not rule.optional and not any(rule.measure(content) is not None for content in contents)
    ]


def _records(profile: Profile, example: dict[str, Any]) -> list[Record]:
    try:
        return list(records(profile, example["topic"], example_payload(example)))
    except (ValueError, TypeError):
        return []
