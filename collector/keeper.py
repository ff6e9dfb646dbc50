"""Keeps a collector running whatever its own disk does: it waits for a disk, and begins again after damage.

Only what a person has to set right ends it: a configuration that cannot be used, or a file of a newer version.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from pathlib import Path
from typing import Protocol

from collector.clock import Clock
from collector.errors import StoreUnavailable
from collector.stores.set_aside import Suspicion
from collector.trouble import BeginAgain, Damaged, Watch, kind_of

log = logging.getLogger(__name__)

_AGAIN_S = 1.0
_AGAIN_MOST_S = 60.0


class Runs(Protocol):
    """A collector that was put together."""

    def run(self, stop: threading.Event) -> None: ...


class Make(Protocol):
    """Puts one together. Raises what its disk or its file says."""

    def __call__(self, watch: Watch, suspicion: Suspicion | None) -> Runs: ...


def keep_running(make: Make, folder: Path, stop: threading.Event, clock: Clock, again_s: float = _AGAIN_S) -> None:
    """Until `stop`. `again_s` passes before the next attempt, longer after each damage."""
    watch = Watch(folder, clock)
    suspicion: Suspicion | None = None
    doubts = 0
    while not stop.is_set():
        # A suspicion counts once: setting aside is not to be repeated because what follows on it fails.
        once, suspicion = suspicion, None
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
        if damaged:
            doubts += 1
            # Met once, it is looked for; met again although nothing was found, it is believed.
            suspicion = Suspicion(why, certain=doubts > 1)
        stop.wait(min(again_s * max(1, doubts), _AGAIN_MOST_S))
