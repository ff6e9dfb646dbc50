"""From a YAML file to a Profile, or to everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from collector.domain.reading import Quality, Reason
from collector.errors import ConfigError
from collector.profiles.decoder import Decoder
from collector.profiles.decoders import DECODERS
from collector.profiles.faults import Source, did_you_mean, in_order
from collector.profiles.files import read_yaml_with_lines
from collector.profiles.layout_schema import layout_of
from collector.profiles.matching import Match, When, make_match, topic_parts
from collector.profiles.measured import UNSTATED
from collector.profiles.profile import About, Named, Points, Profile
from collector.profiles.rules import MetricRule, QualityRule
from collector.profiles.schema import MatchSchema, MetricSchema, ProfileSchema
from collector.profiles.time_rule import time_rule
from collector.profiles.unit_faults import unit_fault
from collector.profiles.vocabulary import Vocabulary

_SCHEMA = ProfileSchema()
_PART = re.compile(r"\{([^{}]*)\}")
# Texts with `{parts}` to be filled in: who a message is from, and under which name its value stands.
_FILLED = ("device_id", "group", "source_name", "key")


def load_profile(path: Path, vocabulary: Vocabulary) -> Profile:
    """Raises ConfigError with every fault of the file, each with its line and place."""
    content, lines = read_yaml_with_lines(path)
    source = Source(path, lines)
    if not isinstance(content, dict):
        raise ConfigError([source.fault((), "a profile is a list of keys and values; see device_configs/README.md")])
    decoder = DECODERS.get(str(content.get("decoder")))
    if decoder is None:
        what = _unknown_decoder(str(content["decoder"])) if "decoder" in content else "missing; this key is required"
        raise ConfigError([source.fault(("decoder",), what)])
    try:
        loaded: dict[str, Any] = _SCHEMA.load({**decoder.defaults, **content})
    except ValidationError as error:
        # Of the parts that are well formed the rest is told too: nobody likes to be told a fault at a time.
        more = [source.fault(place, what) for place, what in _faults_of_parts(content, error.messages_dict, vocabulary)]
        raise ConfigError(in_order([*source.faults(error.messages_dict, _SCHEMA), *more])) from error
    faults = [source.fault(place, what) for place, what in _faults(loaded, decoder, vocabulary)]
    if faults:
        raise ConfigError(in_order(faults))
    return _profile(path, loaded, decoder)


def _unknown_decoder(name: str) -> str:
    near = did_you_mean(name, DECODERS)
    return f"'{name}' is not known{near}{' Known' if near else '; known'}: {', '.join(sorted(DECODERS))}"


# Of `unlisted`: numbers that no metric names are stored.
_KEEPING = ("keep", "canonical")

_Fault = tuple[tuple[str | int, ...], str]


def _faults_of_parts(content: dict[str, Any], wrong: dict[Any, Any], vocabulary: Vocabulary) -> Iterator[_Fault]:
    """What the schema cannot see, of the metrics and topics in which it finds nothing wrong."""
    for index, entry in _well_formed(content, wrong, "metrics"):
        for key, what in _metric_faults(MetricSchema().load(entry), vocabulary):
            yield ("metrics", index, key), what
    for index, entry in _well_formed(content, wrong, "match"):
        yield from _topic_faults(index, MatchSchema().load(entry)["topic"])


def _well_formed(content: dict[str, Any], wrong: dict[Any, Any], key: str) -> Iterator[tuple[int, Any]]:
    listed, faulty = content.get(key), wrong.get(key, {})
    if isinstance(listed, list) and isinstance(faulty, dict):
        yield from ((index, entry) for index, entry in enumerate(listed) if index not in faulty)


def _faults(loaded: dict[str, Any], decoder: Decoder, vocabulary: Vocabulary) -> Iterator[_Fault]:
    """What the schema cannot see."""
    yield from _match_faults(loaded, decoder)
    yield from _group_faults(loaded)
    if loaded["layout"] and not decoder.reads_bytes:
        yield ("layout",), f"goes with formats that carry a device's own bytes, which {loaded['decoder']} does not"
    if loaded["time"] is not None and (fault := time_rule(loaded["time"]).fault(own_time=decoder.own_time)):  # type: ignore[union-attr]
        yield ("time", "path"), fault
    if not loaded["metrics"] and not decoder.open_names and loaded["unlisted"] not in _KEEPING:
        yield ("metrics",), "missing; which values of a message are to be stored?"
    for index, rule in enumerate(loaded["metrics"]):
        for key, what in _metric_faults(rule, vocabulary):
            yield ("metrics", index, key), what
    yield from _unlisted_metrics(loaded, vocabulary, decoder)


def _group_faults(loaded: dict[str, Any]) -> Iterator[_Fault]:
    """Whose a message is must be known before its points are."""
    if "{point:" in (loaded["group"] or ""):
        yield ("group",), "{point:…} cannot be used here; use a part of the topic or {payload:…}"


def _topic_faults(index: int, topic: str) -> Iterator[_Fault]:
    try:
        make_match(topic)
    except ValueError as error:
        yield ("match", index, "topic"), str(error)


def _match_faults(loaded: dict[str, Any], decoder: Decoder) -> Iterator[_Fault]:
    parts: set[str] = set()
    for index, match in enumerate(loaded["match"]):
        if not _topics(match, decoder):
            yield ("match", index, "topic"), "missing; this key is required"
        for topic in _topics(match, decoder):
            yield from _topic_faults(index, topic)
            parts |= set(topic_parts(topic))
    for key in _FILLED:
        for name in _PART.findall(loaded[key] or ""):
            if ":" not in name and name not in parts:
                known = ", ".join(f"{{{part}}}" for part in sorted(parts)) or "none"
                yield (
                    (key,),
                    f"{{{name}}} is not among the parts of the topic, which are {known}{did_you_mean(name, parts)}",
                )


def _topics(match: dict[str, Any], decoder: Decoder) -> list[str]:
    """The topic of an entry; those of the format where it names none."""
    return [match["topic"]] if match["topic"] else [known["topic"] for known in decoder.defaults.get("match", ())]


def _metric_faults(rule: dict[str, Any], vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    metric = vocabulary.metrics.get(rule["name"])
    if metric is None:
        yield "name", f"'{rule['name']}' is not in vocabulary.yaml{did_you_mean(rule['name'], vocabulary.metrics)}"
        return
    if fault := unit_fault(metric.name, rule["unit"], vocabulary):
        yield "unit", fault
    if rule["kind"] not in (None, metric.kind):
        yield "kind", f"{metric.name} is a {metric.kind} by the vocabulary"
    low, high = rule["range"]
    if low is not None and high is not None and low >= high:
        yield "range", "the first bound must be below the second"
    if rule["scale"] == 0:
        yield "scale", "all values would be 0"


def _unlisted_metrics(loaded: dict[str, Any], vocabulary: Vocabulary, decoder: Decoder) -> Iterator[_Fault]:
    """Where a metric is named that the profile does not bring."""
    listed: set[str] = {rule["name"] for rule in loaded["metrics"]} | {rule.name for rule in decoder.always}
    known = listed | (set(vocabulary.metrics) if decoder.open_names or loaded["unlisted"] in _KEEPING else set())
    named: list[tuple[tuple[str | int, ...], str]] = []
    for key in ("quality", "calibration"):
        for index, entry in enumerate(loaded[key]):
            named += [((key, index, "metrics", at), name) for at, name in enumerate(entry["metrics"])]
    named += [(("limits", index, "metric"), limit["metric"]) for index, limit in enumerate(loaded["limits"])]
    for place, name in named:
        if name not in known:
            yield place, f"'{name}' is not among the metrics of this profile{did_you_mean(name, listed)}"


def _profile(path: Path, loaded: dict[str, Any], decoder: Decoder) -> Profile:
    unlisted = loaded["unlisted"] or ("keep" if decoder.open_names else "ignore")
    return Profile(
        id=loaded["id"],
        file=path,
        decoder=loaded["decoder"],
        matches=tuple(_match(entry, topic) for entry in loaded["match"] for topic in _topics(entry, decoder)),
        device_id=loaded["device_id"],
        group=loaded["group"] or _group(loaded, decoder),
        source_name=loaded["source_name"] or loaded["device_id"],
        time=time_rule(loaded["time"]),
        metrics=_metrics(loaded["metrics"], decoder),
        quality=tuple(_quality(entry) for entry in loaded["quality"]),
        every_s=loaded["expect"]["every_s"],
        stale_after_s=loaded["expect"]["stale_after_s"],
        examples=tuple(loaded["examples"]),
        points=(*_points(loaded["batch"], beside=False), *_points(loaded["history"], beside=True)),
        named=tuple(Named(tuple(entry["path"]), entry["by"]) for entry in loaded["named"]),
        layout=layout_of(loaded["layout"]),
        key=loaded["key"],
        keep_unlisted=unlisted in _KEEPING,
        unlisted_unit=None if unlisted == "canonical" else UNSTATED,
        about=About(*(_told(loaded[key]) for key in ("products", "kind", "caveats", "calibration", "limits"))),
    )


def _group(loaded: dict[str, Any], decoder: Decoder) -> str:
    """Where a message brings several devices, which only its points name, all devices of a topic belong together."""
    if "{point:" not in loaded["device_id"]:
        return str(loaded["device_id"])
    topics = [topic_parts(topic) for match in loaded["match"] for topic in _topics(match, decoder)]
    common = [part for part in topics[0] if all(part in parts for parts in topics)]
    return ".".join(f"{{{part}}}" for part in common) or str(loaded["id"])


def _told(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _points(listed: list[dict[str, Any]], *, beside: bool) -> Iterable[Points]:
    return (Points(tuple(entry["path"]), time_rule(entry["time"]), beside) for entry in listed)


def _match(entry: dict[str, Any], topic: str) -> Match:
    return make_match(topic, tuple(_when(condition) for condition in entry["when"]))


def _when(entry: dict[str, Any]) -> When:
    one_of = (entry["equals"],) if "equals" in entry else tuple(entry["one_of"]) if "one_of" in entry else None
    return When(tuple(entry["path"]), one_of, entry["exists"])


def _metrics(entries: list[dict[str, Any]], decoder: Decoder) -> tuple[MetricRule, ...]:
    listed = {entry["name"] for entry in entries}
    return (*map(_metric, entries), *(rule for rule in decoder.always if rule.name not in listed))


def _metric(entry: dict[str, Any]) -> MetricRule:
    return MetricRule(
        name=entry["name"],
        path=tuple(entry["path"]),
        unit=entry["unit"],
        cast=entry["cast"],
        words={text.casefold(): amount for text, amount in entry["words"].items()},
        states={text.casefold(): Reason[name.upper()] for text, name in entry["states"].items()},
        scale=entry["scale"],
        offset=entry["offset"],
        low=entry["range"][0],
        high=entry["range"][1],
        invalid=frozenset(entry["invalid"]),
        default=entry["default"],
        optional=entry["optional"],
        nullable=entry["nullable"],
        plus=tuple(map(tuple, entry["plus"])),
        minus=tuple(map(tuple, entry["minus"])),
    )


def _quality(entry: dict[str, Any]) -> QualityRule:
    word = entry.get("nonempty") or entry["quality"]
    return QualityRule(
        path=tuple(entry["path"]),
        quality=Quality[word.upper()],
        reason=Reason[entry["reason"].upper()],
        one_of=tuple(entry["one_of"]) if "one_of" in entry else None,
        none_of=tuple(entry["none_of"]) if "none_of" in entry else None,
        metrics=frozenset(entry["metrics"]),
        bits=sum(1 << bit for bit in set(entry.get("bits", ()))),
    )
