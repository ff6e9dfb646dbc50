"""`fieldproof devices try`: what would become of a message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from collector.devices.explain import path_of, why_nothing
from collector.devices.suggest import Suggestion, suggest
from collector.domain.reading import Reading, Reason
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.decoders import DECODERS
from collector.profiles.library import Library
from collector.profiles.profile import Profile
from collector.profiles.time_rule import SITE_ZONE
from collector.profiles.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Moment:
    """The readings of one device at one time. `how`: in words, where the time comes from."""

    device: str
    observed_at: int
    how: str
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class Attempt:
    """`profile` None: none takes the topic. `why`: why no reading came of it, or what of the message was refused."""

    topic: str
    size: int
    suggestions: tuple[Suggestion, ...]
    # The one that reads the message, and that the collector would take unless people gave the device another.
    profile: Profile | None
    moments: tuple[Moment, ...]
    refused: str
    why: str


def attempt(topic: str, payload: bytes, received_at: int, library: Library, vocabulary: Vocabulary) -> Attempt:
    suggestions = tuple(suggest(library, topic, payload))
    taken = next(iter(library.fitting(topic, payload)), None)
    profile = _only(library) or taken
    mine = Library((profile,)) if profile is not None else library
    message = Message(topic, payload, 1, 1, False, False, 1, received_at)
    result = Pipeline(mine, vocabulary).process(message)
    refused = result.refused
    return Attempt(
        topic,
        len(payload),
        suggestions,
        profile,
        tuple(_moments(result, profile)),
        refused.reason if refused is not None else "",
        refused.detail if refused is not None and not _misfit(result, profile) else _why(result, profile, payload),
    )


def _only(library: Library) -> Profile | None:
    """With one profile to be tried it is that one, whether it fits or not."""
    return library.profiles[0] if len(library.profiles) == 1 else None


def _misfit(result: Processed, profile: Profile | None) -> bool:
    """The topic is not that of the one profile that is tried, which can be told better than by the reason."""
    return profile is not None and result.refused is not None and result.refused.reason == "no_profile"


def _why(result: Processed, profile: Profile | None, payload: bytes) -> str:
    if result.readings or profile is None:
        return "" if result.readings else "the topic is that of a profile, and no condition of it holds for the message"
    return why_nothing(profile, result.message.topic, payload)


def _moments(result: Processed, profile: Profile | None) -> Iterator[Moment]:
    found: dict[tuple[str, int, bool], list[Reading]] = {}
    for reading in result.readings:
        found.setdefault((reading.device, reading.observed_at, reading.stamped), []).append(reading)
    for (device, at, stamped), readings in found.items():
        doubtful = any(reading.reasons & Reason.CLOCK for reading in readings)
        yield Moment(device, at, _how(profile, stamped, doubtful), tuple(readings))


def _how(profile: Profile | None, stamped: bool, doubtful: bool) -> str:
    rule = profile.time if profile is not None else None
    where = f" at {path_of(rule.path)}" if rule is not None and rule.path else ""
    if stamped:
        if doubtful:
            return (
                f"of the receipt: the message's own{where} lies in the future, or is that of a clock that was never set"
            )
        if rule is not None and rule.trust == "receipt":
            return "of the receipt, as the profile does not trust the device's clock"
        return f"of the receipt: the message has none{where}"
    unit = f", {_UNITS[rule.unit]}" if rule is not None and rule.path else ""
    if not doubtful:
        zone = f", in zone {rule.zone}" if rule is not None and rule.zone else ""
        own = profile is not None and DECODERS[profile.decoder].own_time
        return f"from the message{where}{unit}{zone}{', where the format has it' if own and not where else ''}"
    if rule is not None and rule.zone == SITE_ZONE:
        return f"from the message{where}{unit}: local time of a site, which is not known here; taken as UTC"
    return f"from the message{where}{unit}: it names no offset, and the profile no zone; taken as UTC"


_UNITS = {
    "iso": "ISO 8601 or seconds or milliseconds since 1970",
    "s": "seconds since 1970",
    "ms": "milliseconds since 1970",
    "us": "microseconds since 1970",
    "ns": "nanoseconds since 1970",
}
