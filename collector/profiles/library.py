"""All profiles that are known here, and which of them a message belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from collector.domain.devices import LONGEST_REMEMBERED
from collector.errors import ConfigError, MessageError
from collector.profiles.decoder import Decoder, Decoding
from collector.profiles.decoders import DECODERS
from collector.profiles.loading import load_profile
from collector.profiles.matching import Match, covers, without_covered
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import Vocabulary

# Topics seen lately, so that a message costs no pattern matching. Bounded: a topic may hold anything.
_CACHE_SIZE = 10_000

# What a message of a topic may belong to, in order, with the named parts of the topic.
Candidates = list[tuple[Profile, Match, dict[str, str], Decoder]]

_REFUSED = object()


class _Reader(NamedTuple):
    """A message as its profile's decoder reads it, and whether one of the profile's conditions holds."""

    profile: Profile
    decoder: Decoder
    parts: dict[str, str]
    content: Any
    holds: bool

    def decode(self) -> Decoding:
        return self.decoder.decode(self.profile, self.parts, self.content)


@dataclass
class Library:
    profiles: tuple[Profile, ...]
    # The profile that people gave to a device, by its id.
    assigned: Mapping[str, str] = field(default_factory=dict)
    _cache: dict[str, Candidates] = field(default_factory=dict)

    def topic_filters(self) -> list[str]:
        """What to subscribe to, each filter once; without what comes by a connection of its own.

        A filter that another one covers is left out: some brokers deliver a message once for each that fits it.
        """
        return without_covered(self.all_filters())

    def all_filters(self) -> set[str]:
        """What the profiles ask for, whether or not another one asks for more."""
        ordinary = [profile for profile in self.profiles if not DECODERS[profile.decoder].own_connection]
        return {match.filter for profile in ordinary for match in profile.matches}

    def decode(self, topic: str, payload: bytes) -> tuple[Profile, Decoding] | None:
        """None when the topic is ours but no profile's condition holds: a message that is not meant for us.

        A device that people gave a profile to is read by that one, where the topic fits several. Raises MessageError
        with the reason when the message can never become readings.
        """
        candidates = self._candidates(topic)
        if not candidates:
            raise MessageError("no_profile", "no device profile matches this topic")
        # Nearly always.
        if len(candidates) == 1:
            profile, match, parts, decoder = candidates[0]
            content = decoder.read(parts, payload)
            return (profile, decoder.decode(profile, parts, content)) if match.holds(content) else None
        return self._decode_one_of(candidates, payload)

    def _decode_one_of(self, candidates: Candidates, payload: bytes) -> tuple[Profile, Decoding] | None:
        """By the first that fits, unless people gave the device, which is known only then, another one.

        Where the first can name the device it need not find anything in the message for that.
        """
        for profile, content, parts in self._fitting(candidates, payload):
            named = profile.names(parts, content).device
            if chosen := self._by_choice(named, profile, candidates, payload):
                return chosen
            decoding = DECODERS[profile.decoder].decode(profile, parts, content)
            found = decoding.decoded[0].device if decoding.decoded else named
            return self._by_choice(found, profile, candidates, payload) or (profile, decoding)
        return None

    def _by_choice(
        self, device: str, profile: Profile, candidates: Candidates, payload: bytes
    ) -> tuple[Profile, Decoding] | None:
        """By the profile that people gave the device, if it is not this one.

        None too where its conditions do not hold and it finds nothing: a device may send messages of another kind. And
        where it would name the device otherwise: what was measured from then on would be another device's.
        """
        ident = self.assigned.get(device)
        if ident is None or ident == profile.id:
            return None
        chosen = self._as(ident, candidates, payload)
        if chosen is None:
            return None
        try:
            decoding = chosen.decode()
        except MessageError:
            if chosen.holds:
                raise
            return None
        if decoding.decoded:
            return (chosen.profile, decoding) if any(one.device == device for one in decoding.decoded) else None
        return (chosen.profile, decoding) if chosen.holds else None

    def _as(self, ident: str, candidates: Candidates, payload: bytes) -> _Reader | None:
        """The message for this profile, even if its conditions do not hold: they tell profiles apart until people have
        chosen. None when its topic does not fit, or its decoder cannot read the payload.
        """
        found = None
        for profile, match, parts, decoder in candidates:
            if profile.id != ident:
                continue
            try:
                content = decoder.read(parts, payload)
            except MessageError:
                continue
            holds = match.holds(content)
            if found is None or holds:
                found = _Reader(profile, decoder, parts, content, holds)
            if holds:
                break
        return found

    def decode_as(self, profile: str, topic: str, payload: bytes) -> Decoding | None:
        """As if people had given the device this profile. None when the topic or the payload is not one of it.

        Raises MessageError.
        """
        found = self._as(profile, self._candidates(topic), payload)
        return None if found is None else found.decode()

    def fitting(self, topic: str, payload: bytes) -> list[Profile]:
        """All profiles that the message may be of, the first being the one that is taken."""
        try:
            found = [profile for profile, _, _ in self._fitting(self._candidates(topic), payload)]
        except MessageError:
            return []
        return list({profile.id: profile for profile in found}.values())

    def by_topic(self, topic: str) -> list[Profile]:
        """All profiles that the topic alone fits."""
        return list({profile.id: profile for profile, *_ in self._candidates(topic)}.values())

    def _fitting(self, candidates: Candidates, payload: bytes) -> Iterator[tuple[Profile, Any, dict[str, str]]]:
        """With the payload as its decoder reads it, which is done once for each. Raises MessageError if none can."""
        # By decoder and the parts of the topic, which profiles may name differently. Equal ones are one object.
        read: dict[tuple[int, int], Any] = {}
        refused: MessageError | None = None
        for profile, match, parts, decoder in candidates:
            key = id(decoder), id(parts)
            if key not in read:
                try:
                    read[key] = decoder.read(parts, payload)
                except MessageError as error:
                    read[key] = _REFUSED
                    refused = refused or error
            if read[key] is not _REFUSED and match.holds(read[key]):
                yield profile, read[key], parts
        if refused is not None and all(content is _REFUSED for content in read.values()):
            raise refused

    def parts(self, topic: str) -> dict[str, str]:
        """The named parts of a topic, by the first profile that it fits; empty when it fits none."""
        return next((parts for _, _, parts, _ in self._candidates(topic)), {})

    def groups(self) -> dict[str, str]:
        """What each profile groups devices by."""
        return {profile.id: profile.group for profile in self.profiles}

    def grouping_by(self, groups: Mapping[str, str]) -> Library:
        """The same profiles, grouping as they did then."""
        return Library(tuple(replace(known, group=groups.get(known.id, known.group)) for known in self.profiles))

    def groups_otherwise(self, before: Library) -> list[str]:
        """Profiles that come, go or change, of whose topics a profile that stays groups the messages in another way.

        While some collectors have read them and others have not, such messages would be nobody's, or those of two.
        """
        mine, theirs = self._grouped(), before._grouped()
        stay = mine & theirs
        return sorted(
            {
                ident
                for ident, topic, group in mine ^ theirs
                for _, other, others in stay
                if group != others and (covers(topic, other) or covers(other, topic))
            }
        )

    def _grouped(self) -> set[tuple[str, str, str]]:
        """Of each topic its profile, its filter and its group, in which parts stand by their level."""
        return {
            (profile.id, match.filter, match.by_level(profile.group))
            for profile in self.profiles
            for match in profile.matches
        }

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
            for profile, content, parts in self._fitting(candidates, payload):
                return profile.group_of(parts, content)
        except MessageError:
            pass
        return ""

    def _candidates(self, topic: str) -> Candidates:
        found = self._cache.get(topic)
        if found is None:
            named: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
            found = [
                (profile, match, named.setdefault(tuple(hit.groupdict().items()), hit.groupdict()), decoder)
                for profile, decoder in ((profile, DECODERS[profile.decoder]) for profile in self.profiles)
                for match in profile.matches
                if (hit := match.pattern.fullmatch(topic))
            ]
            # What asks for something fits better than what takes everything, of the payload first, then of the topic.
            found.sort(key=lambda candidate: (not candidate[1].when, len(candidate[2])))
            if len(topic) <= LONGEST_REMEMBERED:
                if len(self._cache) >= _CACHE_SIZE:
                    self._cache.clear()
                self._cache[topic] = found
        return found


def profile_files(folder: Path) -> list[Path]:
    """The profiles of a device_configs folder."""
    return sorted((folder / "profiles").rglob("*.yaml"))


def load_library(folders: Iterable[Path], vocabulary: Vocabulary) -> Library:
    """Every `profiles/**/*.yaml` of the folders; a later folder's profile replaces an earlier one of the same id.

    Raises ConfigError with the faults of all files.
    """
    profiles: dict[str, Profile] = {}
    faults: list[str] = []
    for folder in folders:
        if not folder.is_dir():
            faults.append(f"{folder}: no such folder; correct FIELDPROOF_DEVICES, or make it")
        mine: dict[str, Profile] = {}
        for path in profile_files(folder):
            try:
                profile = load_profile(path, vocabulary)
            except ConfigError as error:
                faults += error.faults
                continue
            if (twin := mine.setdefault(profile.id, profile)) is not profile:
                faults.append(f"{path}: id: '{profile.id}' is the id of {twin.file} too; give each an id of its own")
        profiles |= mine
    if not profiles and not faults:
        faults.append(f"no device profiles found in {', '.join(str(folder) for folder in folders)}")
    if faults:
        raise ConfigError(faults)
    return Library(tuple(profiles.values()))
