"""What becomes of a row that a destination refused: a dead letter, or another try later where the fault may be its own.

Table `parked` holds the latter: a line that InfluxDB 3 Core answered with 400 may be good, and its disk full.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from collector.stores import dead_letters, outbox
from collector.stores.collector_db import intact
from collector.stores.delivery import Refused
from collector.stores.entries import Entry, decode, encode
from collector.stores.line_protocol import site_of

log = logging.getLogger(__name__)

_MINUTE = 60_000
# After the last of these a refused row is buried: a day and a half is a night and a person's way to the machine.
RETRY_AFTER_MS = (_MINUTE, 10 * _MINUTE, 60 * _MINUTE, 360 * _MINUTE, 1440 * _MINUTE)
# Tried again at once, each on its own if it must be.
AT_ONCE = 200
_DETAIL_MOST = 2_000
_SITE_MOST = 64


def settle(db: sqlite3.Connection, destination: str, refused: Iterable[Refused], now: int) -> None:
    """Inside the transaction that notes the rest of the batch as delivered."""
    buried: list[Refused] = []
    parked = 0
    for one in refused:
        if one.error.doubtful or one.unproven:
            _park(db, destination, one, now)
            parked += 1
        else:
            buried.append(one)
    if parked:
        log.warning("refused, trying again later: destination=%s rows=%d", destination, parked)
    _bury(db, destination, buried, now)


def due(db: sqlite3.Connection, destination: str, now: int) -> list[Entry]:
    """Parked rows whose time has come; the `seq` of each is its number among the parked."""
    rows = db.execute(
        "SELECT id, kind, body FROM parked WHERE destination=? AND next_try_at<=? ORDER BY next_try_at LIMIT ?",
        (destination, now, AT_ONCE),
    )
    with intact("what is parked"):
        return [decode(ident, kind, body) for ident, kind, body in rows]


def settle_parked(
    db: sqlite3.Connection, destination: str, tried: Iterable[Entry], refused: Iterable[Refused], now: int
) -> None:
    """Inside a transaction: those that were taken are gone, the others wait longer or are buried."""
    again = {one.entry.seq: one for one in refused}
    buried = []
    for entry in tried:
        one = again.get(entry.seq)
        if one is None or not _wait_longer(db, one, now):
            db.execute("DELETE FROM parked WHERE id=?", (entry.seq,))
            if one is not None:
                buried.append(one)
    _bury(db, destination, buried, now)


def _wait_longer(db: sqlite3.Connection, one: Refused, now: int) -> bool:
    """False when it has waited often enough, or the destination is sure now.

    While everything may be refused a try tells nothing about the row, and does not count.
    """
    (tries,) = db.execute("SELECT tries FROM parked WHERE id=?", (one.entry.seq,)).fetchone()
    if not one.unproven:
        tries += 1
        if not one.error.doubtful or tries >= len(RETRY_AFTER_MS):
            return False
    db.execute(
        "UPDATE parked SET tries=?, next_try_at=?, detail=? WHERE id=?",
        (tries, now + RETRY_AFTER_MS[tries], str(one.error)[:_DETAIL_MOST], one.entry.seq),
    )
    return True


def _park(db: sqlite3.Connection, destination: str, one: Refused, now: int) -> None:
    detail = str(one.error)[:_DETAIL_MOST]
    db.execute(
        "INSERT INTO parked (destination, kind, body, detail, tries, next_try_at, parked_at)"
        " VALUES (?, ?, ?, ?, 0, ?, ?)",
        (destination, one.entry.kind, encode(one.entry), detail, now + RETRY_AFTER_MS[0], now),
    )


def _bury(db: sqlite3.Connection, destination: str, refused: list[Refused], now: int) -> None:
    if not refused:
        return
    log.error("refused for good: destination=%s rows=%d error=%.200s", destination, len(refused), refused[-1].error)
    letters = [
        dead_letters.bury(
            db,
            topic=f"outbox/{destination}/{one.entry.kind}",
            site=_site(one.entry),
            reason=one.error.reason,
            detail=str(one.error)[:_DETAIL_MOST],
            payload=encode(one.entry),
            now=now,
        )
        for one in refused
    ]
    outbox.append(db, letters, now)


def _site(entry: Entry) -> str | None:
    body: Any = entry.body
    site = None
    if entry.kind == "lines":
        site = site_of(body.decode(errors="replace"))
    elif entry.kind in ("latest", "readings") and isinstance(body[0], list):
        site = body[0][2]
    elif isinstance(body, Mapping):
        site = body.get("site_id")
    # What the site database has no room for would be refused again, and the letter about it too.
    return site if site is None or len(site) <= _SITE_MOST else None
