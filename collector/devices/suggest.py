"""Which profiles a message may be of, the likeliest first: what to offer a person who meets a new device."""

from __future__ import annotations

from typing import NamedTuple

from collector.errors import MessageError
from collector.profiles.library import Library
from collector.profiles.profile import Profile


class Suggestion(NamedTuple):
    """`metrics`: those that the profile finds in the message."""

    profile: Profile
    metrics: tuple[str, ...]


def suggest(library: Library, topic: str, payload: bytes) -> list[Suggestion]:
    """By how many of a profile's own metrics it finds, profiles that name their metrics before those that take all."""
    found = [Suggestion(profile, _metrics(profile, topic, payload)) for profile in library.fitting(topic, payload)]
    return sorted(found, key=lambda one: (-_listed(one), one.profile.keep_unlisted, one.profile.id))


def _listed(one: Suggestion) -> int:
    return len(set(one.metrics) & {rule.name for rule in one.profile.metrics})


def _metrics(profile: Profile, topic: str, payload: bytes) -> tuple[str, ...]:
    try:
        decoded = Library((profile,)).decode(topic, payload)
    except MessageError:
        return ()
    if decoded is None:
        return ()
    return tuple(dict.fromkeys(value.metric for part in decoded[1].decoded for value in part.values))
