"""Keeps a collector running whatever its own disk does: it waits for a disk, and begins again after damage.

Only what a person has to set right ends it: a configuration that cannot be used, or a file of a newer version.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Set
from pathlib import Path
from typing import Protocol

from collector.clock import Clock
from collector.errors import StoreUnavailable
from collector.stores.set_aside import Suspicion
from collector.trouble import BeginAgain, Damaged, Watch, kind_of

log = logging.getLogger(__name__)

_AGAIN_S = 1.0
_AGAIN_MOST_S = 60.0
# After so long a run what was met before says nothing of what is met now.
_SOUND_S = 3_600.0


class Runs(Protocol):
    """A collector that was put together."""

    def run(self, stop: threading.Event) -> None: ...


class Make(Protocol):
    """Puts one together. Raises what its disk or its file says."""

    def __call__(self, watch: Watch, suspicion: Suspicion | None) -> Runs: ...


def keep_running(
    make: Make,
    folder: Path,
    stop: threading.Event,
    clock: Clock,
    again_s: float = _AGAIN_S,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Until `stop`. `again_s` passes before the next attempt, longer after each damage."""
    watch = Watch(folder, clock)
    suspicion: Suspicion | None = None
    doubts = damages = 0
    while not stop.is_set():
        # A suspicion counts once: setting aside is not to be repeated because what follows on it fails.
        once, suspicion = suspicion, None
        began, aside = monotonic(), _set_aside(folder)
        try:
            make(watch, once).run(stop)
        except BeginAgain as error:
            log.warning("beginning again: %s", error)
            damaged, why = isinstance(error, Damaged), str(error)
        except (StoreUnavailable, sqlite3.Error, OSError) as error:
            kind = kind_of(error, folder)
            if kind is None:
                raise
            watch.failed(error, 0)
            damaged, why = kind == "corrupt", str(error)
        else:
            return
        if monotonic() - began >= _SOUND_S:
            doubts = damages = 0
        elif (once is not None and once.certain) or _set_aside(folder) != aside:
            # It is another file now: nothing was met in it before.
            doubts = 0
        if damaged:
            doubts, damages = doubts + 1, damages + 1
            # Met once, it is looked for; met again although nothing was found, it is believed.
            suspicion = Suspicion(why, certain=doubts > 1)
        stop.wait(min(again_s * max(1, damages), _AGAIN_MOST_S))


def _set_aside(folder: Path) -> Set[Path]:
    try:
        return set(folder.glob("collector*.db.corrupt-*"))
    # What is wrong with the folder is told by whoever needs it.
    except OSError:
        return set()
