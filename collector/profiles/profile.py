"""A device profile: how messages of one type of device become readings. Format: device_configs/README.md."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from marshmallow import Schema, ValidationError, fields, validate

from collector.domain.devices import LONGEST_REMEMBERED, slug
from collector.domain.reading import Quality, Reason
from collector.errors import ConfigError
from collector.profiles.files import read_yaml
from collector.profiles.time_rule import TimeRule, TimeSchema, time_rule
from collector.profiles.vocabulary import flatten

Key = str | int
JsonPath = tuple[Key, ...]

# What is kept of a native name: a device id is at most 128 characters.
MAX_NAME = 256
_NAMES_MOST = 10_000

_PART = re.compile(r"\{(\w+)\}")
_FILLED = re.compile(r"\{([\w:.]+)\}")
_MISSING = object()


def walk(content: Any, path: JsonPath, default: Any = None) -> Any:
    """The value at a path of keys and list positions, or `default`."""
    for key in path:
        try:
            content = content[key]
        except (KeyError, IndexError, TypeError):
            return default
    return content


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the payload: the path exists, or equals a value."""

    path: JsonPath
    equals: Any = _MISSING
    exists: bool = True

    def holds(self, content: Any) -> bool:
        found = walk(content, self.path, _MISSING)
        if self.equals is not _MISSING:
            return bool(found == self.equals)
        return (found is not _MISSING) == self.exists


@dataclass(frozen=True, slots=True)
class Match:
    """A topic with named single-level parts, such as `fieldproof/{site}/{device}/readings`."""

    topic: str
    pattern: re.Pattern[str]
    when: When | None

    @property
    def filter(self) -> str:
        """The MQTT topic filter to subscribe to."""
        return _PART.sub("+", self.topic)


@dataclass(frozen=True, slots=True)
class MetricRule:
    """Where one metric stands in a payload, and in which unit."""

    name: str
    path: JsonPath
    unit: str


@dataclass(frozen=True, slots=True)
class QualityRule:
    """When the path holds something non-empty, the device reports a fault about itself."""

    path: JsonPath
    quality: Quality
    reason: Reason


class Names(NamedTuple):
    """`device` is the slug, empty when nothing was found for it; `site` is what the topic names, if anything."""

    source: str
    device: str
    site: str | None


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
    products: tuple[dict[str, str], ...]
    examples: tuple[dict[str, Any], ...]
    # Names made of topic parts alone, by these: the same topics come again with every message.
    _names: dict[tuple[str, ...], Names] = field(default_factory=dict, compare=False)

    @property
    def grouped(self) -> bool:
        """Whether several devices may belong together."""
        return self.group != self.device_id

    def names(self, parts: dict[str, str], content: Any) -> Names:
        """Who sent a message with these topic parts and this payload."""
        key = tuple(parts.values())
        known = self._names.get(key)
        if known is None:
            known = self._make_names(parts, content)
            if "{payload:" not in self.device_id + self.source_name and sum(map(len, key)) <= LONGEST_REMEMBERED:
                # A topic may hold anything: what is remembered is bounded.
                if len(self._names) >= _NAMES_MOST:
                    self._names.clear()
                self._names[key] = known
        return known

    def group_of(self, parts: dict[str, str], content: Any) -> str:
        """Empty when nothing is found for it."""
        return slug(self.name_from(self.group, parts, content))

    def _make_names(self, parts: dict[str, str], content: Any) -> Names:
        source = self.name_from(self.source_name, parts, content)
        # A part of which no letter is left would make one device of all that bear such names.
        whole = all(slug(self._filled(part[1], parts, content)) for part in _FILLED.finditer(self.device_id))
        device = slug(self.name_from(self.device_id, parts, content)) if whole else ""
        return Names(source, device, slug(parts.get("site", "")) or None)

    def name_from(self, template: str, parts: dict[str, str], content: Any) -> str:
        """Fill `{part}` from the topic and `{payload:key.key}` from the payload; empty where nothing is found."""
        return _FILLED.sub(lambda part: self._filled(part[1], parts, content), template)

    def _filled(self, name: str, parts: dict[str, str], content: Any) -> str:
        if name.startswith("payload:"):
            found = walk(content, tuple(name.removeprefix("payload:").split(".")))
            return str(found)[:MAX_NAME] if isinstance(found, str | int) else ""
        return parts.get(name, "")


def _path_field(**options: Any) -> fields.List[Any]:
    return fields.List(fields.Raw(), validate=validate.Length(min=1), **options)


class _WhenSchema(Schema):
    path = _path_field(required=True)
    equals = fields.Raw()
    exists = fields.Boolean(load_default=True)


class _MatchSchema(Schema):
    topic = fields.String(required=True, validate=validate.Length(min=1))
    when = fields.Nested(_WhenSchema, load_default=None)


class _MetricSchema(Schema):
    name = fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9_]+$"))
    path = _path_field(required=True)
    unit = fields.String(required=True)


_REASONS = [str(reason.name).lower() for reason in Reason]


class _QualitySchema(Schema):
    path = _path_field(required=True)
    nonempty = fields.String(required=True, validate=validate.OneOf(["uncertain", "bad"]))
    reason = fields.String(load_default="device_fault", validate=validate.OneOf(_REASONS))


class _ExpectSchema(Schema):
    every_s = fields.Integer(load_default=60, validate=validate.Range(min=1))
    stale_after_s = fields.Integer(load_default=300, validate=validate.Range(min=1))


class _ExampleSchema(Schema):
    description = fields.String(required=True)
    topic = fields.String(required=True)
    payload = fields.Raw(required=True, allow_none=True)
    expect = fields.Raw(required=True)


class ProfileSchema(Schema):
    schema = fields.Integer(required=True, validate=validate.Equal(1))
    id = fields.String(required=True, validate=validate.Regexp(r"^[a-z0-9-]+$"))
    products = fields.List(fields.Dict(keys=fields.String(), values=fields.String()), load_default=list)
    kind = fields.String(load_default="")
    caveats = fields.List(fields.Dict(keys=fields.String(), values=fields.String()), load_default=list)
    decoder = fields.String(required=True)
    match = fields.List(fields.Nested(_MatchSchema), required=True, validate=validate.Length(min=1))
    device_id = fields.String(required=True)
    group = fields.String(load_default=None, validate=validate.Length(min=1))
    source_name = fields.String(load_default=None)
    time = fields.Nested(TimeSchema, load_default=None)
    expect = fields.Nested(_ExpectSchema, load_default=lambda: {"every_s": 60, "stale_after_s": 300})
    metrics = fields.List(fields.Nested(_MetricSchema), load_default=list)
    quality = fields.List(fields.Nested(_QualitySchema), load_default=list)
    examples = fields.List(fields.Nested(_ExampleSchema), required=True, validate=validate.Length(min=1))


def load_profile(path: Path) -> Profile:
    """Raises ConfigError with every fault of the file, each with its key path."""
    content = read_yaml(path)
    try:
        loaded: dict[str, Any] = ProfileSchema().load(content)
    except ValidationError as error:
        raise ConfigError(flatten(path, error.messages_dict)) from error
    return Profile(
        id=loaded["id"],
        file=path,
        decoder=loaded["decoder"],
        matches=tuple(_match(entry) for entry in loaded["match"]),
        device_id=loaded["device_id"],
        group=loaded["group"] or loaded["device_id"],
        source_name=loaded["source_name"] or loaded["device_id"],
        time=time_rule(loaded["time"]),
        metrics=tuple(MetricRule(m["name"], tuple(m["path"]), m["unit"]) for m in loaded["metrics"]),
        quality=tuple(
            QualityRule(tuple(q["path"]), Quality[q["nonempty"].upper()], Reason[q["reason"].upper()])
            for q in loaded["quality"]
        ),
        every_s=loaded["expect"]["every_s"],
        stale_after_s=loaded["expect"]["stale_after_s"],
        products=tuple(loaded["products"]),
        examples=tuple(loaded["examples"]),
    )


def _match(entry: dict[str, Any]) -> Match:
    topic = entry["topic"]
    pattern = "".join(f"(?P<{piece}>[^/]*)" if is_part else re.escape(piece) for piece, is_part in _pieces(topic))
    when = entry["when"]
    condition = When(tuple(when["path"]), when.get("equals", _MISSING), when["exists"]) if when else None
    return Match(topic, re.compile(pattern), condition)


def _pieces(topic: str) -> list[tuple[str, bool]]:
    """The topic cut into literal text and named parts: `a/{b}` -> [("a/", False), ("b", True), ("", False)]."""
    return [(piece, index % 2 == 1) for index, piece in enumerate(_PART.split(topic))]
