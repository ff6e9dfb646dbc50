"""The profiles as a list for people: found by a word, or written down as a page."""

from __future__ import annotations

from collections.abc import Iterable

from collector.profiles.profile import Profile


def search(profiles: Iterable[Profile], text: str) -> list[Profile]:
    """Those in whose id, kind, decoder, products or metrics every word of the text stands, by id."""
    words = text.casefold().split()
    found = [profile for profile in profiles if all(word in _about(profile) for word in words)]
    return sorted(found, key=lambda profile: profile.id)


def _about(profile: Profile) -> str:
    metrics = [rule.name for rule in profile.metrics]
    return " ".join([profile.id, profile.about.kind, profile.decoder, *profile.about.names, *metrics]).casefold()


def metrics_of(profile: Profile) -> list[str]:
    """Each once, in the order of the profile."""
    return list(dict.fromkeys(rule.name for rule in profile.metrics))
