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


class Runs(Protocol):
    """A collector that was put together."""

    def run(self, stop: threading.Event) -> None: ...


class Make(Protocol):
    """Puts one together. Raises what its disk or its file says."""

    def __call__(self, watch: Watch, suspicion: Suspicion | None) -> Runs: ...


def keep_running(make: Make, folder: Path, stop: threading.Event, clock: Clock) -> None:
    """Until `stop`."""
    watch = Watch(folder, clock)
    suspicion: Suspicion | None = None
    while not stop.is_set():
        collector = _put_together(make, watch, suspicion)
        if collector is None:
            stop.wait(_AGAIN_S)
            continue
        try:
            collector.run(stop)
        except Damaged as error:
            # Met once, it is looked for; met again although nothing was found, it is believed.
            suspicion = Suspicion(str(error), certain=suspicion is not None)
        except BeginAgain as error:
            log.warning("beginning again: %s", error)
        except (StoreUnavailable, sqlite3.Error) as error:
            _wait_unless_ours(error, watch)
            stop.wait(_AGAIN_S)


def _put_together(make: Make, watch: Watch, suspicion: Suspicion | None) -> Runs | None:
    try:
        return make(watch, suspicion)
    except (StoreUnavailable, sqlite3.Error, OSError) as error:
        _wait_unless_ours(error, watch)
        return None


def _wait_unless_ours(error: Exception, watch: Watch) -> None:
    """Raises the error again when no disk is to blame."""
    if kind_of(error, watch.folder) is None:
        raise error
    watch.failed(error, 0)
