"""Trouble at home: the collector's own disk or file does not take what must be durable (docs/decisions/0024).

While it lasts nothing is acknowledged, so the broker keeps what comes. It is said at once, then once a minute, and once
more when it is over.
"""

from __future__ import annotations

import errno
import logging
import os
import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from collector.clock import Clock

log = logging.getLogger(__name__)

Kind = Literal["disk_full", "read_only", "corrupt", "locked", "unwritable"]

REMEDY: dict[Kind, str] = {
    "disk_full": "free space on the disk of {folder}; never delete a file of collector.db",
    "read_only": "make the file system of {folder} writable again; see the kernel's log for why it is not",
    "corrupt": "nothing: the damaged file is set aside beside a new one; keep it, and have the disk checked",
    "locked": "find what else holds collector.db in {folder} open, and end it",
    "unwritable": "check the rights of {folder} and the disk",
}
_SAY_AGAIN_MS = 60_000

# The low byte of SQLite's extended codes.
_OF_SQLITE: dict[int, Kind] = {
    sqlite3.SQLITE_FULL: "disk_full",
    sqlite3.SQLITE_READONLY: "read_only",
    sqlite3.SQLITE_CORRUPT: "corrupt",
    sqlite3.SQLITE_NOTADB: "corrupt",
    sqlite3.SQLITE_BUSY: "locked",
    sqlite3.SQLITE_LOCKED: "locked",
}
# Damage that has no code of its own: of a text, and of the schema and the header, which this version wrote itself.
_WORDS_OF_DAMAGE = (
    "Could not decode to UTF-8",
    "unsupported file format",
    "no such table",
    "no such column",
    "already exists",
)
_OF_SYSTEM: dict[int, Kind] = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EROFS: "read_only",
}


class BeginAgain(Exception):  # noqa: N818 - the name states what is to be done, as in DESIGN §7
    """The collector must be put together anew, on fresh connections. What it holds in memory the broker sends again.

    What no broker would send again is left in `Watch.unkept`.
    """


class Damaged(BeginAgain):
    """collector.db is damaged, or seems so."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """`since` in epoch ms."""

    kind: Kind
    detail: str
    since: int

    def report(self) -> dict[str, Any]:
        """For the heartbeat."""
        return {"kind": self.kind, "detail": self.detail, "since": self.since}


def kind_of(error: BaseException, folder: Path) -> Kind | None:
    """What keeps us from storing in `folder`; None when the error is not about a disk or a file."""
    if isinstance(error, OSError):
        return _of_system(error, folder)
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", None)
        found = None if code is None else _OF_SQLITE.get(code & 0xFF)
        if any(words in str(error) for words in _WORDS_OF_DAMAGE):
            return "corrupt"
        # SQLite calls a disk that became read-only under it an input/output error.
        return found or ("read_only" if _mounted_read_only(folder) else "unwritable")
    cause = error.__cause__
    return kind_of(cause, folder) if isinstance(cause, OSError | sqlite3.Error) else None


def disk_trouble(error: OSError) -> Kind | None:
    """Whichever disk it is about; None when it is about something else."""
    return _OF_SYSTEM.get(error.errno or 0)


def _of_system(error: OSError, folder: Path) -> Kind | None:
    """A certificate that is missing, say, is an error of the system too, and not about this folder."""
    if error.filename is not None and Path(os.fsdecode(error.filename)).absolute().is_relative_to(folder.absolute()):
        return disk_trouble(error) or "unwritable"
    return disk_trouble(error)


def _mounted_read_only(folder: Path) -> bool:
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except OSError:
        return False


class Watch:
    """Remembers that storing fails, and says so: not with every attempt."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self._clock = clock
        self._said_at = 0
        self.failures = 0
        self.trouble: Trouble | None = None
        # Messages that could not be stored and no broker will send again: for the collector that is next.
        self.unkept: list[Any] = []

    def failed(self, error: BaseException, waiting: int) -> Trouble:
        """`waiting`: how many messages are held, unacknowledged."""
        now = self._clock()
        kind = kind_of(error, self.folder) or "unwritable"
        known = self.trouble
        self.failures += 1
        self.trouble = Trouble(kind, str(error), known.since if known else now)
        if known is None or known.kind != kind or not 0 <= now - self._said_at < _SAY_AGAIN_MS:
            self._said_at = now
            log.error(
                "cannot store, acknowledging nothing: trouble=%s error=%s seconds=%d messages=%d do=%s",
                kind, error, (now - self.trouble.since) / 1000, waiting, REMEDY[kind].format(folder=self.folder),
            )  # fmt: skip
        return self.trouble

    def event(self, trouble: Trouble) -> dict[str, Any]:
        """For the auditor, once it can be stored: from when to when nothing could be."""
        return {
            "id": str(uuid.uuid4()),
            "kind": "storage_trouble",
            "detail": f"{trouble.kind}: {trouble.detail}",
            "started_at": trouble.since,
            "ended_at": self._clock(),
        }

    def over(self, trouble: Trouble) -> None:
        """Something was stored again."""
        seconds = (self._clock() - trouble.since) / 1000
        log.warning("storing again: trouble=%s seconds=%.1f attempts=%d", trouble.kind, seconds, self.failures)
        self.trouble = None
        self.failures = 0
