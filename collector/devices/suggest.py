"""Which profiles a message may be of, the likeliest first: what to offer a person who meets a new device."""

from __future__ import annotations

from typing import NamedTuple

from collector.errors import MessageError
from collector.profiles.decoder import Decoding
from collector.profiles.decoders import DECODERS
from collector.profiles.library import Library
from collector.profiles.profile import Profile


class Suggestion(NamedTuple):
    """`metrics`: those that the profile finds in the message."""

    profile: Profile
    metrics: tuple[str, ...]


def suggest(library: Library, topic: str, payload: bytes) -> list[Suggestion]:
    """By how many of a profile's own metrics it finds, profiles that name their metrics before those that take all."""
    found = [Suggestion(profile, _metrics(profile, topic, payload)) for profile in library.fitting(topic, payload)]
    if all(one.profile.keep_unlisted for one in found):
        found += _by_bytes(library, topic, payload)
    return sorted(found, key=lambda one: (-_listed(one), one.profile.keep_unlisted, one.profile.id))


def _by_bytes(library: Library, topic: str, payload: bytes) -> list[Suggestion]:
    """What no condition can tell: profiles whose layout reads the device's own bytes, and finds something in them."""
    found = []
    for profile in library.by_topic(topic):
        if profile.layout is None:
            continue
        try:
            decoding = library.decode_as(profile.id, topic, payload)
        except MessageError:
            continue
        # A fault: the layout is another device's.
        if decoding is not None and not decoding.faults:
            found.append(Suggestion(profile, _named(decoding)))
    usual = {rule.name for one in found for rule in DECODERS[one.profile.decoder].always}
    return [one for one in found if set(one.metrics) - usual]


def _listed(one: Suggestion) -> int:
    return len(set(one.metrics) & {rule.name for rule in one.profile.metrics})


def _metrics(profile: Profile, topic: str, payload: bytes) -> tuple[str, ...]:
    try:
        decoded = Library((profile,)).decode(topic, payload)
    except MessageError:
        return ()
    return () if decoded is None else _named(decoded[1])


def _named(decoding: Decoding) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value.metric for part in decoding.decoded for value in part.values))
