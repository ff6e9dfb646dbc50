"""Whether the write-ahead log that a killed collector left held more than SQLite could use.

SQLite uses a log up to the first frame whose checksum is wrong, and says nothing of what stands behind it. After a torn
write that is nothing. If whole transactions stand there, the log was damaged, and they had been acknowledged.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import struct
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from collector.stores import outbox
from collector.stores.collector_db import last_received_at, transaction
from collector.stores.entries import record_entry

log = logging.getLogger(__name__)

_HEADER = struct.Struct(">8I")
_FRAME = struct.Struct(">6I")
_PAGE_SIZE_AT = 16
# The last one may have reached the disk in part and out of order when the power failed: it was not acknowledged.
_NOT_ACKNOWLEDGED = 1


@dataclass(frozen=True, slots=True)
class Log:
    """`commits`: the numbers of the frames that end a transaction of this log, from 1."""

    commits: tuple[int, ...]
    written_at: int


def read(path: Path) -> Log | None:
    """Of a file that is not open. None when there is no log, or nothing is to be made of it."""
    file = path.with_name(path.name + "-wal")
    try:
        with path.open("rb") as main:
            main.seek(_PAGE_SIZE_AT)
            (size,) = struct.unpack(">H", main.read(2))
        with file.open("rb") as handle:
            header = _HEADER.unpack(handle.read(_HEADER.size))
            frames = []
            page = 65_536 if size == 1 else size
            while len(head := handle.read(_FRAME.size)) == _FRAME.size:
                frames.append(_FRAME.unpack(head))
                handle.seek(page, 1)
        written_at = int(file.stat().st_mtime * 1000)
    except (OSError, struct.error):
        return None
    # What came before this log was begun has other salts. The header may be what is damaged: the majority counts.
    salts = Counter([header[4:6], *(frame[2:4] for frame in frames[:2])]).most_common(1)[0][0]
    # A frame with a size of the database in it ends a transaction.
    commits = tuple(number for number, frame in enumerate(frames, 1) if frame[1] and frame[2:4] == salts)
    return Log(commits, written_at)


def report_lost(db: sqlite3.Connection, path: Path, before: Log, now: int) -> None:
    """Right after opening, before anything is written. The log is copied beside the file when it lost something."""
    _, used, _ = db.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    lost = [number for number in before.commits if number > used]
    if len(lost) <= _NOT_ACKNOWLEDGED:
        return
    stamp = datetime.fromtimestamp(now / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    kept = path.with_name(f"{path.name}-wal.damaged-{stamp}")
    shutil.copyfile(path.with_name(path.name + "-wal"), kept)
    log.error("the write-ahead log was damaged: transactions lost=%d kept=%s", len(lost), kept.name)
    since = last_received_at(db) or before.written_at
    event = {
        "id": str(uuid.uuid4()),
        "kind": "possible_loss",
        "detail": f"{len(lost)} transactions in a damaged write-ahead log could not be read; it is kept as {kept.name}",
        "started_at": min(since, before.written_at),
        "ended_at": before.written_at,
    }
    with transaction(db):
        outbox.append(db, [record_entry("event", event)], now)
