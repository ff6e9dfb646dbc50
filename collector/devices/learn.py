"""`fieldproof devices learn`: what was heard, which known profiles read it, and what to propose for the rest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from collector.devices.formats import read
from collector.devices.propose import Caught, Proposal, propose, spoken, structure
from collector.devices.suggest import suggest
from collector.profiles.decoders import DECODERS
from collector.profiles.library import Library
from collector.profiles.measured import UNSTATED
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import Vocabulary

# Of one kind of message: enough to see which of its values is a time.
_OF_EACH_KIND = 3
_MOST_KINDS = 300
# Beyond that a payload is no device's message.
_LARGEST = 256 * 1024


@dataclass(slots=True)
class Heard:
    """Messages that were heard. Those that look like others are counted and not kept, so that nothing grows."""

    kept: list[Caught] = field(default_factory=list)
    total: int = 0
    # How many in a row have shown nothing new.
    repeated: int = 0
    _kinds: Counter[Hashable] = field(default_factory=Counter)

    def add(self, message: Caught) -> None:
        self.total += 1
        if not message.payload or len(message.payload) > _LARGEST:
            return
        kind = _kind(message)
        self._kinds[kind] += 1
        self.repeated = 0 if self._kinds[kind] == 1 else self.repeated + 1
        if self._kinds[kind] <= _OF_EACH_KIND and len(self.kept) < _MOST_KINDS * _OF_EACH_KIND:
            self.kept.append(message)
        if len(self._kinds) > _MOST_KINDS:
            self._kinds.clear()

    @property
    def kinds(self) -> int:
        return len(self._kinds)


def _kind(message: Caught) -> Hashable:
    found = read(message.topic, message.payload)
    return message.topic, (structure(found), spoken(found)) if found else None


@dataclass(frozen=True, slots=True)
class Known:
    """A profile that reads some of what was heard."""

    id: str
    metrics: tuple[str, ...]
    topics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Learned:
    known: tuple[Known, ...]
    # Profiles that would keep values under their own names, for which nobody knows a unit.
    kept_by: tuple[str, ...]
    # None when a known profile reads everything, or nothing that was heard can be read.
    proposal: Proposal | None
    # Topics with messages in which no value was found.
    unread: tuple[str, ...]


def learn(asked: str, heard: Heard, library: Library, vocabulary: Vocabulary, *, anyway: bool = False) -> Learned:
    """`anyway`: propose a profile for what a known one reads, too."""
    known: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    kept: dict[str, None] = {}
    rest: list[Caught] = []
    for message in heard.kept:
        fitting = [one for one in suggest(library, message.topic, message.payload) if one.metrics]
        best = next((one for one in fitting if _knows(one.profile, message, vocabulary)), None)
        if best is None:
            kept |= {one.profile.id: None for one in fitting if one.profile.keep_unlisted}
            rest.append(message)
            continue
        metrics, topics = known.setdefault(best.profile.id, ({}, {}))
        metrics |= dict.fromkeys(best.metrics)
        topics[message.topic] = None
    proposal = propose(asked, heard.kept if anyway else rest, vocabulary)
    unread = dict.fromkeys(one.topic for one in rest if read(one.topic, one.payload) is None)
    told = tuple(Known(id_, tuple(metrics), tuple(topics)) for id_, (metrics, topics) in known.items())
    return Learned(told, tuple(kept), proposal, tuple(unread))


def _knows(profile: Profile, message: Caught, vocabulary: Vocabulary) -> bool:
    """Whether it gives a value of the device a name and a unit, and does not only keep what comes as it comes."""
    found = Library((profile,)).decode(message.topic, message.payload)
    brought = {rule.name for rule in DECODERS[profile.decoder].always}
    return found is not None and any(
        value.metric in vocabulary.metrics and value.metric not in brought and value.unit != UNSTATED
        for part in found[1].decoded
        for value in part.values
    )
