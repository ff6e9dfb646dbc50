"""All profiles that are known here, and which of them a message belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import orjson

from collector.domain.devices import LONGEST_REMEMBERED
from collector.errors import ConfigError, MessageError
from collector.profiles.decoders import DECODERS
from collector.profiles.decoders.base import Decoder, Decoding
from collector.profiles.profile import Match, Profile, load_profile
from collector.profiles.vocabulary import Vocabulary

# Topics seen lately, so that a message costs no pattern matching. Bounded: a topic may hold anything.
_CACHE_SIZE = 10_000

# What a message of a topic may belong to, in order, with the named parts of the topic.
Candidates = list[tuple[Profile, Match, dict[str, str], Decoder]]


@dataclass
class Library:
    profiles: tuple[Profile, ...]
    _cache: dict[str, Candidates] = field(default_factory=dict)

    def topic_filters(self) -> list[str]:
        """What to subscribe to, each filter once."""
        return sorted({match.filter for profile in self.profiles for match in profile.matches})

    def decode(self, topic: str, payload: bytes) -> tuple[Profile, Decoding] | None:
        """None when the topic is ours but no profile's condition holds: a message that is not meant for us.

        Raises MessageError with the reason when the message can never become readings.
        """
        candidates = self._candidates(topic)
        if not candidates:
            raise MessageError("no_profile", "no device profile matches this topic")
        for profile, match, parts, decode in candidates:
            if match.when is None or match.when.holds(_content(payload)):
                return profile, decode(profile, parts, payload)
        return None

    def parts(self, topic: str) -> dict[str, str]:
        """The named parts of a topic, by the first profile that it fits; empty when it fits none."""
        return next((parts for _, _, parts, _ in self._candidates(topic)), {})

    def groups(self) -> dict[str, str]:
        """What each profile groups devices by."""
        return {profile.id: profile.group for profile in self.profiles}

    def grouping_by(self, groups: Mapping[str, str]) -> Library:
        """The same profiles, grouping as they did then."""
        return Library(tuple(replace(known, group=groups.get(known.id, known.group)) for known in self.profiles))

    def group(self, topic: str, payload: bytes) -> tuple[str, bool]:
        """Its device, or what the profile groups by, and whether the topic alone says so.

        A message that names neither is of its topic's.
        """
        candidates = self._candidates(topic)
        if not any("{payload:" in profile.group for profile, _, _, _ in candidates):
            named = {profile.group_of(parts, None) for profile, _, parts, _ in candidates}
            if len(named) <= 1:
                return next(iter(named), "") or topic, True
        return self._group_within(candidates, payload) or topic, False

    def _group_within(self, candidates: Candidates, payload: bytes) -> str:
        try:
            content = _content(payload)
        except MessageError:
            return ""
        for profile, match, parts, _ in candidates:
            if match.when is None or match.when.holds(content):
                return profile.group_of(parts, content)
        return ""

    def _candidates(self, topic: str) -> Candidates:
        found = self._cache.get(topic)
        if found is None:
            found = [
                (profile, match, hit.groupdict(), DECODERS[profile.decoder])
                for profile in self.profiles
                for match in profile.matches
                if (hit := match.pattern.fullmatch(topic))
            ]
            if len(topic) <= LONGEST_REMEMBERED:
                if len(self._cache) >= _CACHE_SIZE:
                    self._cache.clear()
                self._cache[topic] = found
        return found


def _content(payload: bytes) -> object:
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise MessageError("not_json", f"{error}") from None


def load_library(folders: Iterable[Path], vocabulary: Vocabulary) -> Library:
    """Every `profiles/**/*.yaml` of the folders; a later folder's profile replaces an earlier one of the same id.

    Raises ConfigError with the faults of all files.
    """
    profiles: dict[str, Profile] = {}
    faults: list[str] = []
    for folder in folders:
        for path in sorted((folder / "profiles").rglob("*.yaml")):
            try:
                profile = load_profile(path)
            except ConfigError as error:
                faults += error.faults
                continue
            faults += _faults(profile, vocabulary)
            profiles[profile.id] = profile
    if not profiles and not faults:
        faults.append(f"no device profiles found in {', '.join(str(folder) for folder in folders)}")
    if faults:
        raise ConfigError(faults)
    return Library(tuple(profiles.values()))


def _faults(profile: Profile, vocabulary: Vocabulary) -> list[str]:
    faults = []
    if profile.decoder not in DECODERS:
        known = ", ".join(sorted(DECODERS))
        faults.append(f"{profile.file}: decoder: '{profile.decoder}' is not known; known: {known}")
    if profile.time is not None and (fault := profile.time.fault(profile.decoder)):
        faults.append(f"{profile.file}: time.path: {fault}")
    for index, rule in enumerate(profile.metrics):
        where = f"{profile.file}: metrics.{index}"
        if rule.name not in vocabulary.metrics:
            faults.append(f"{where}.name: '{rule.name}' is not in vocabulary.yaml")
        elif vocabulary.conversion(rule.name, rule.unit) is None:
            unit = vocabulary.metrics[rule.name].unit
            faults.append(f"{where}.unit: '{rule.unit}' cannot be converted to {unit}, the unit of {rule.name}")
    return faults
