"""Dead letters: what could not become readings, or was refused further on, with the reason. Nothing is thrown away."""

from __future__ import annotations

import base64
import sqlite3
import uuid
from hashlib import sha256
from typing import Any

from collector.stores.entries import NewEntry, record_entry

_NAMESPACE = uuid.UUID("b0d3f3f2-52f4-5e0c-8a2e-2f6f9f9f7c11")
# What is kept of one payload: enough for any real message, bounded against a stream of huge ones.
_KEEP_BYTES = 1_000_000


def bury(
    db: sqlite3.Connection,
    *,
    topic: str,
    site: str | None,
    reason: str,
    detail: str,
    payload: bytes,
    now: int,
) -> NewEntry:
    """Inside a transaction. The same payload refused for the same reason again is counted, not kept twice.

    Returns the entry that forwards it.
    """
    digest = sha256(payload).hexdigest()
    ident = str(uuid.uuid5(_NAMESPACE, f"{reason}|{topic}|{digest}"))
    db.execute(
        "INSERT INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, 1)"
        " ON CONFLICT(id) DO UPDATE SET count=count+1, last_seen_at=excluded.last_seen_at, detail=excluded.detail",
        (ident, topic, site, reason, detail, payload[:_KEEP_BYTES], now, now),
    )
    return record_entry("dead_letter", _record(db, ident))


def _record(db: sqlite3.Connection, ident: str) -> dict[str, Any]:
    row = db.execute(
        "SELECT id, topic, site, reason, detail, payload, first_seen_at, last_seen_at, count"
        " FROM dead_letter WHERE id=?",
        (ident,),
    ).fetchone()
    names = (
        "id",
        "topic",
        "site_id",
        "reason",
        "detail",
        "payload",
        "first_seen_at",
        "last_seen_at",
        "count",
    )
    record = dict(zip(names, row, strict=True))
    record["payload"] = base64.b64encode(record["payload"]).decode()
    return record


def counts_by_reason(db: sqlite3.Connection) -> dict[str, int]:
    return dict(db.execute("SELECT reason, sum(count) FROM dead_letter GROUP BY reason").fetchall())
