"""One process at a time on a data folder: two collectors on one would store and judge everything twice."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TextIO

from collector.errors import ConfigError


def hold(file: Path, what: str) -> TextIO:
    """The open lock file; the lock lasts until it is closed or the process ends, however it ends.

    Raises ConfigError when another process holds it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = file.open("a", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise ConfigError(
            [f"{file}: {what} runs on this data folder already; stop it, or give this one another folder with --data"]
        ) from None
    return handle
