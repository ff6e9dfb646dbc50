"""Profiles that are changed while the collector runs: read anew, and taken when all of them are sound."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from pathlib import Path

from collector.errors import ConfigError
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import Vocabulary

log = logging.getLogger(__name__)

_EVERY_S = 2.0

# Of each file when it was changed last, and its size.
_Look = dict[Path, tuple[int, int]]


class LibraryWatch(threading.Thread):
    """Looks every two seconds. A file that is still being written is left until it stays as it is.

    With a fault in any file what was read before stays in use: an installation must not lose its devices because
    somebody mistyped a key.
    """

    def __init__(self, folders: Iterable[Path], vocabulary: Vocabulary, every_s: float = _EVERY_S) -> None:
        super().__init__(name="profiles", daemon=True)
        self._folders = tuple(folders)
        self._vocabulary = vocabulary
        self._every_s = every_s
        self._stop_asked = threading.Event()
        self._read = self._before = look(self._folders)
        self._there = {folder for folder in self._folders if (folder / "profiles").is_dir()}
        # Written by this thread, taken by another: what is written between two steps of that one must not be lost.
        self._lock = threading.Lock()
        self._fresh: Library | None = None
        self.faults: tuple[str, ...] = ()

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        while not self._stop_asked.wait(self._every_s):
            self.step()

    def take(self) -> Library | None:
        """What was read anew since the last call, once."""
        with self._lock:
            fresh, self._fresh = self._fresh, None
        return fresh

    def give_back(self, library: Library) -> None:
        """It could not be used just now; what was read since then is newer."""
        with self._lock:
            self._fresh = self._fresh or library

    def step(self) -> None:
        """One look at the folders."""
        try:
            now = look(self._folders)
        except OSError as error:
            # A folder that goes while we look, or a disk that answers no more: the next look tells.
            log.warning("cannot look for changed profiles: error=%s", error)
            return
        settled, self._before = now == self._before, now
        if now == self._read or not settled:
            return
        self._read = now
        try:
            fresh = self._load()
            with self._lock:
                self._fresh = fresh
            self.faults = ()
        except ConfigError as error:
            self.faults = tuple(error.faults)
            for fault in error.faults:
                log.error("profiles were changed and cannot be used, those before stay in use: %s", fault)

    def _load(self) -> Library:
        """Raises ConfigError, whatever stands in a file: without this thread no change would be seen any more."""
        try:
            here = {folder for folder in self._folders if (folder / "profiles").is_dir()}
        except OSError as error:
            raise ConfigError([f"profiles could not be read: {error}"]) from error
        # A disk that is not mounted just now takes no device with it.
        if gone := self._there - here:
            raise ConfigError([f"{folder / 'profiles'}: the folder is gone" for folder in sorted(gone)])
        try:
            library = load_library(self._folders, self._vocabulary)
        except ConfigError:
            raise
        except Exception as error:
            log.exception("profiles could not be read")
            raise ConfigError([f"profiles could not be read: {type(error).__name__}: {error}"]) from error
        self._there = here
        return library


def look(folders: Iterable[Path]) -> _Look:
    """What there is, without reading it. A file that goes while we look is not there."""
    found: _Look = {}
    for folder in folders:
        for path in (folder / "profiles").rglob("*.yaml"):
            try:
                told = path.stat()
            except OSError:
                continue
            found[path] = (told.st_mtime_ns, told.st_size)
    return found
