"""Why a message gives a profile nothing, said so that a person sees what to change: the topic, a condition, a path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from collector.devices.yaml_text import written
from collector.errors import MessageError
from collector.profiles.decoder import Decoder, Record
from collector.profiles.decoders import DECODERS
from collector.profiles.faults import did_you_mean
from collector.profiles.matching import Match, When
from collector.profiles.paths import ABSENT, JsonPath, walk
from collector.profiles.profile import Profile
from collector.profiles.rules import MetricRule

# A document may hold any number of values: enough to find what was meant.
_MOST_LEAVES = 2_000
_DEEPEST = 20
_KEYS_NAMED = 12
_SHOWN = 60


def short(value: Any) -> str:
    text = written(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def path_of(path: JsonPath) -> str:
    return written(list(path))


def leaves(content: Any, above: JsonPath = ()) -> Iterator[tuple[JsonPath, Any]]:
    """Every value of a document that holds no others, with its path."""
    stack: list[tuple[JsonPath, Any]] = [(above, content)]
    found = 0
    while stack and found < _MOST_LEAVES:
        path, value = stack.pop()
        inner = list(value.items() if isinstance(value, dict) else enumerate(value)) if _holds(value) else []
        if inner and len(path) < _DEEPEST:
            stack += [((*path, key), within) for key, within in reversed(inner[:_MOST_LEAVES])]
        elif not _holds(value):
            found += 1
            yield path, value


def _holds(value: Any) -> bool:
    return isinstance(value, dict | list)


def records(profile: Profile, topic: str, payload: bytes) -> Iterator[Record]:
    """What the profile's decoder makes of the message, for the entry of `match` that takes it; nothing if none does."""
    decoder = DECODERS[profile.decoder]
    for match, content, parts in _readable(profile, decoder, topic, payload):
        if match.holds(content):
            try:
                yield from (r for r in decoder.records(profile, parts, content) if isinstance(r, Record))
            except MessageError:
                continue
            return


def _readable(
    profile: Profile, decoder: Decoder, topic: str, payload: bytes
) -> Iterator[tuple[Match, Any, dict[str, str]]]:
    for match in profile.matches:
        if (hit := match.pattern.fullmatch(topic)) is None:
            continue
        try:
            yield match, decoder.read(hit.groupdict(), payload), hit.groupdict()
        except MessageError:
            continue


def why_nothing(profile: Profile, topic: str, payload: bytes) -> str:
    """Why no reading comes of a message that can be read."""
    if not any(match.pattern.fullmatch(topic) for match in profile.matches):
        return topic_misfit(profile.matches, topic)
    read = list(_readable(profile, DECODERS[profile.decoder], topic, payload))
    conditions = [_unmet(condition, content) for match, content, _ in read for condition in match.when]
    if read and not any(match.holds(content) for match, content, _ in read):
        return f"no condition of the profile holds: {'; '.join(dict.fromkeys(filter(None, conditions)))}"
    contents = [record.content for record in records(profile, topic, payload)]
    if not contents or not profile.metrics:
        return "it holds no value that the profile reads"
    paths = [f"{rule.name}: {unfound(rule, contents)}" for rule in profile.metrics[:3]]
    more = f"; and {len(profile.metrics) - 3} more metrics are not found" if len(profile.metrics) > 3 else ""
    return f"no path of the profile leads to a value: {'; '.join(paths)}{more}"


def topic_misfit(matches: Sequence[Match], topic: str) -> str:
    """Where a topic differs from the one of `match` that is nearest to it."""
    levels = topic.split("/")
    nearest = min(matches, key=lambda match: len(_differing(match, levels)) + 100 * _lengths(match, levels))
    wanted = nearest.topic.split("/")
    if len(wanted) != len(levels):
        how = f"it has {len(levels)} levels, and {nearest.topic} has {len(wanted)}; a {{name}} stands for exactly one"
    else:
        how = ", ".join(f"level {at + 1} is '{levels[at]}', not '{wanted[at]}'" for at in _differing(nearest, levels))
    return f"the topic '{topic}' fits no entry of match. Nearest is '{nearest.topic}': {how}"


def _lengths(match: Match, levels: list[str]) -> int:
    return abs(len(match.topic.split("/")) - len(levels))


def _differing(match: Match, levels: list[str]) -> list[int]:
    wanted = match.topic.split("/")
    return [
        at
        for at, (want, level) in enumerate(zip(wanted, levels, strict=False))
        if want != level and not want.startswith("{")
    ]


def _unmet(condition: When, content: Any) -> str:
    if condition.holds(content):
        return ""
    found = walk(content, condition.path, ABSENT)
    path = path_of(condition.path)
    if condition.one_of is not None and found is not ABSENT:
        wanted = " or ".join(written(value) for value in condition.one_of)
        return f"at {path} there is {short(found)}, not {wanted}"
    if not condition.exists:
        return f"there is something at {path}"
    return unreached(condition.path, [content])


def unfound(rule: MetricRule, contents: Sequence[Any]) -> str:
    """Why a metric has no value in any of the documents."""
    for path in (rule.path, *rule.plus, *rule.minus):
        found = [walk(content, path, ABSENT) for content in contents]
        if all(value is ABSENT or _holds(value) for value in found):
            return unreached(path, contents)
        if rule.nullable and all(value is None or value is ABSENT or _holds(value) for value in found):
            return f"at {path_of(path)} there is null, which nullable: true takes as left out"
    return "not all of path, plus and minus lead to a number in the same message"


def unreached(path: JsonPath, contents: Iterable[Any]) -> str:
    """Where a path ends in the document in which it gets furthest, what is there, and what may have been meant."""
    reached, there = max(((*_furthest(path, content),) for content in contents), key=lambda one: len(one[0]))
    if len(reached) == len(path):
        return f"{path_of(path)} leads to {_inside(there)}, which is no value itself"
    at = f"at {path_of(reached)}" if reached else "at the top of the message"
    if not _holds(there):
        return f"{path_of(path)} leads nowhere: {at} there is the value {short(there)}, and nothing below it"
    no = f"there is no {short(path[len(reached)])}, but {_inside(there)}"
    return f"{path_of(path)} leads nowhere: {at} {no}{_meant(path, reached, there)}"


def _furthest(path: JsonPath, content: Any) -> tuple[JsonPath, Any]:
    for depth, key in enumerate(path):
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return path[:depth], content
    return path, content


def _inside(there: Any) -> str:
    if isinstance(there, dict):
        keys = ", ".join(str(key) for key in list(there)[:_KEYS_NAMED])
        more = f" and {len(there) - _KEYS_NAMED} more" if len(there) > _KEYS_NAMED else ""
        return f"these keys: {keys}{more}" if there else "nothing"
    if isinstance(there, list):
        return f"a list with the positions 0 to {len(there) - 1}" if there else "an empty list"
    return f"the value {short(there)}"


def _meant(path: JsonPath, reached: JsonPath, there: Any) -> str:
    key = str(path[len(reached)])
    if isinstance(there, dict):
        names = [str(name) for name in there]
        same = [name for name in names if name.casefold() == key.casefold()]
        if same:
            return f"; did you mean {same[0]}? Capitals count"
        if near := did_you_mean(key, names):
            return near
    # What was looked for may stand elsewhere below.
    last = str(path[-1])
    ends = {str(found[-1]): (*reached, *found) for found, _ in leaves(there) if found}
    for name in get_close_matches(last, list(ends), n=1, cutoff=0.8):
        return f"; did you mean {path_of(ends[name])}?"
    return ""
