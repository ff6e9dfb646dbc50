"""Looks into /proc: who belongs to whom. Everything that is killed here was started by the test itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")


def command_lines() -> dict[int, list[str]]:
    """By process id. Chromium's renderers write theirs as one word, so all are split at blanks."""
    found = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                text = (entry / "cmdline").read_bytes().decode(errors="replace")
                found[int(entry.name)] = text.replace("\0", " ").split()
    return found


def descendants(pid: int) -> set[int]:
    """Children, their children, and so on."""
    children: dict[int, list[int]] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                # The name in parentheses may hold anything.
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found: set[int] = set()
    todo = [pid]
    while todo:
        more = children.get(todo.pop(), [])
        found.update(more)
        todo += more
    return found


def kill(pids: Iterable[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def peak_memory(pid: int) -> int:
    """The most memory that the process ever had resident, in bytes."""
    (line,) = [line for line in (_PROC / str(pid) / "status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1]) * 1024
