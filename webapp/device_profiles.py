"""The device profiles as the web app knows them: what a manager chooses from, and what a profile tells people."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from time import monotonic

from collector.devices.suggest import Suggestion, suggest
from collector.errors import ConfigError, MessageError
from collector.profiles.files import device_configs
from collector.profiles.library import Library
from collector.profiles.loading import load_profile
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import load_vocabulary
from collector.profiles.watch import look

log = logging.getLogger(__name__)

# What is offered of the profiles that fit.
_SUGGESTED = 5
_LOOK_EVERY_S = 5.0

# The files of the folders, each with its time and size.
_Look = tuple[tuple[Path, tuple[int, int]], ...]


class DeviceProfiles:
    """Read when they are first asked for, and again when a file has changed.

    A file with a fault is left out: the collector, which cannot do without it, tells what is wrong.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)
        self._lock = threading.Lock()
        self._looked_at = float("-inf")
        self._seen: _Look = ()
        self._library: Library | None = None

    @property
    def library(self) -> Library:
        with self._lock:
            if self._library is None or monotonic() - self._looked_at > _LOOK_EVERY_S:
                self._looked_at = monotonic()
                # As the collector reads them: a later folder's profile replaces an earlier one of the same id.
                seen = tuple(file for folder in self._folders for file in sorted(look((folder,)).items()))
                if self._library is None or seen != self._seen:
                    self._seen, self._library = seen, _load(seen)
            return self._library

    def all(self) -> list[Profile]:
        """By name."""
        return sorted(self.library.profiles, key=lambda profile: (name_of(profile).casefold(), profile.id))

    def get(self, ident: str | None) -> Profile | None:
        return next((profile for profile in self.library.profiles if profile.id == ident), None)

    def name(self, ident: str | None) -> str | None:
        """As its maker calls it. A profile that is not known here any more has its id alone."""
        if ident is None:
            return None
        profile = self.get(ident)
        return ident if profile is None else name_of(profile)

    def suggested(self, topic: str, payload: bytes | None, reads: str | None) -> list[Suggestion]:
        """The best first. Of a message that was not kept whole (None) its topic alone tells, and which profile `reads`
        it; no metrics are counted then.
        """
        try:
            if payload is not None:
                return suggest(self.library, topic, payload)[:_SUGGESTED]
            fitting = sorted(self.library.by_topic(topic), key=lambda profile: profile.id != reads)
            return [Suggestion(profile, ()) for profile in fitting[:_SUGGESTED]]
        # A message may hold anything: a fault in a decoder must not take the page with it.
        except Exception:
            log.exception("no profiles can be suggested: topic=%s", topic)
            return []

    def named_by(self, ident: str, topic: str, payload: bytes) -> set[str]:
        """The devices that a message is of when this profile reads it; empty when it finds none in it."""
        try:
            decoding = self.library.decode_as(ident, topic, payload)
        except MessageError:
            return set()
        except Exception:
            log.exception("cannot tell whose message it would be: topic=%s profile=%s", topic, ident)
            return set()
        return set() if decoding is None else {part.device for part in decoding.decoded}


def name_of(profile: Profile) -> str:
    return next(iter(profile.about.names), profile.id)


@lru_cache(maxsize=4)
def _load(seen: _Look) -> Library:
    """Once for as long as the files stay as they are, however many applications a process has."""
    vocabulary = load_vocabulary(device_configs())
    profiles: dict[str, Profile] = {}
    for path, _ in seen:
        try:
            profile = load_profile(path, vocabulary)
        except ConfigError as error:
            log.error("profile cannot be used: faults=%d first=%s", len(error.faults), error.faults[0])
            continue
        profiles[profile.id] = profile
    return Library(tuple(profiles.values()))
