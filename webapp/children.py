"""Child processes of `fieldproof up`: started, watched, started again when they die, and stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

# After this a child that did not end on SIGTERM is killed; everything it acknowledged is on disk by then.
_STOP_S = 10.0
_RESTART_AFTER_S = (0.5, 2.0, 10.0)
# A child that ran this long before it died begins with the short wait again.
_STEADY_S = 60.0
# One that ends with this says that its configuration cannot be used: somebody must act, and that takes longer.
EXIT_CONFIG = 78
_CONFIG_AGAIN_S = 30.0
_PR_SET_PDEATHSIG = 1


@dataclass
class Child:
    name: str
    command: list[str]
    log: Path
    env: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    failures: int = 0
    restart_at: float = 0.0
    # It could not use its configuration when it ended last, and that was told.
    refused: bool = False

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self.env},
                # Ctrl-C reaches the terminal's whole group: children must end in our order, not all at once.
                start_new_session=True,
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )
        self.started_at = time.monotonic()

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None


def _end_with_parent() -> None:
    """In the child: ask Linux for a SIGTERM when the parent is gone, so that a killed `up` leaves nothing behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Children:
    """In the order of starting; they are stopped in reverse."""

    def __init__(self, on_death: Callable[[Child], None]) -> None:
        self._children: list[Child] = []
        self._on_death = on_death

    def start(self, child: Child) -> None:
        child.start()
        self._children.append(child)

    def watch(self) -> None:
        """Start again what has died, after a wait that grows with its failures. What cannot start is told of once."""
        now = time.monotonic()
        for child in self._children:
            if child.running:
                continue
            if not child.restart_at:
                _end_group(child)
                self._plan_restart(child, now)
            elif now >= child.restart_at:
                child.restart_at = 0.0
                child.start()

    def _plan_restart(self, child: Child, now: float) -> None:
        steady = now - child.started_at > _STEADY_S
        told = child.refused and not steady
        child.refused = child.process is not None and child.process.returncode == EXIT_CONFIG
        if child.refused:
            child.restart_at = now + _CONFIG_AGAIN_S
            if told:
                return
        else:
            child.failures = 0 if steady else child.failures
            child.restart_at = now + _RESTART_AFTER_S[min(child.failures, len(_RESTART_AFTER_S) - 1)]
            child.failures += 1
        self._on_death(child)

    def stop(self) -> None:
        for child in reversed(self._children):
            _stop(child)


def _stop(child: Child) -> None:
    if child.process is None or not child.running:
        _end_group(child)
        return
    child.process.terminate()
    try:
        child.process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        child.process.kill()
        child.process.wait()
    _end_group(child)


def _end_group(child: Child) -> None:
    """A server's workers outlive a main process that was killed, and would go on serving: end them with it."""
    if child.process is not None:
        with suppress(ProcessLookupError):
            os.killpg(child.process.pid, signal.SIGKILL)
