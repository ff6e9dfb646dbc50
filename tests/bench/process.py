"""What a process has used, from /proc. 100 ticks a second: good enough over a run of seconds."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of all its threads."""
    # The name in parentheses may hold anything; utime and stime are fields 14 and 15 of proc(5).
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def memory(pid: int, field: str = "VmRSS") -> int:
    """Resident bytes now, or with `VmHWM` the most there ever were."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == field:
            return int(value.split()[0]) * 1024
    raise ValueError(f"no {field} in /proc/{pid}/status")


def forget_peak(pid: int) -> None:
    """`VmHWM` counts from here on: starting Python takes more than running it (proc(5), clear_refs)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
