"""The outbox in collector.db, and how far each destination has drained it.

A destination's progress is a set of lanes. A lane is the stretch of sequence numbers (after_seq, until_seq] that is
still to be forwarded; the newest lane has no end. While all is well there is one lane. After an outage the newest
stretch is split off, so that what happens now is seen first and the backlog follows behind it (DESIGN §2 rule 2).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

import orjson

from collector.stores.collector_db import get_meta, set_meta, transaction
from collector.stores.entries import Entry, NewEntry

# A destination that is this many entries behind gets a lane of its own for what is new.
SPLIT_BEHIND = 500
# One DELETE of this many rows holds the write lock for a few milliseconds.
PRUNE_CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Lane:
    after_seq: int
    until_seq: int | None


def append(db: sqlite3.Connection, entries: Iterable[NewEntry], now: int) -> None:
    """Inside the transaction that makes the entries true."""
    db.executemany(
        "INSERT INTO outbox (created_at, kind, count, body) VALUES (?, ?, ?, ?)",
        [(now, entry.kind, entry.count, entry.body) for entry in entries],
    )


class Outbox:
    """One destination's view of the outbox, on a connection of its own."""

    def __init__(self, db: sqlite3.Connection, destination: str) -> None:
        """The destination was made known by `set_destinations`."""
        self._db = db
        self.destination = destination

    def _lanes(self) -> list[Lane]:
        rows = self._db.execute(
            "SELECT after_seq, until_seq FROM lane WHERE destination=? ORDER BY after_seq",
            (self.destination,),
        )
        return [Lane(after, until) for after, until in rows]

    def next_batch(self, most: int) -> tuple[Lane, list[Entry]] | None:
        """The next entries to send: of the newest lane when it has any, else of the oldest. None when all is sent.

        `most` bounds the readings and records in the batch, of which at least one entry is taken.
        """
        lanes = self._split_when_behind(self._lanes())
        for lane in (lanes[-1], *lanes[:-1]):
            entries = self._read(lane, most)
            if entries:
                return lane, entries
        return None

    def _split_when_behind(self, lanes: list[Lane]) -> list[Lane]:
        newest = lanes[-1]
        head = self._head()
        if len(lanes) > 1 or head - newest.after_seq <= SPLIT_BEHIND:
            return lanes
        with transaction(self._db):
            self._db.execute(
                "UPDATE lane SET until_seq=? WHERE destination=? AND after_seq=?",
                (head, self.destination, newest.after_seq),
            )
            self._db.execute("INSERT INTO lane VALUES (?, ?, NULL)", (self.destination, head))
        return self._lanes()

    def _head(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()[0])

    def _read(self, lane: Lane, most: int) -> list[Entry]:
        until = self._head() if lane.until_seq is None else lane.until_seq
        rows = self._db.execute(
            "SELECT seq, kind, count, body FROM outbox WHERE seq>? AND seq<=? ORDER BY seq LIMIT ?",
            (lane.after_seq, until, most),
        )
        entries: list[Entry] = []
        total = 0
        for seq, kind, count, body in rows:
            if entries and total + count > most:
                break
            total += count
            entries.append(Entry(seq, kind, orjson.loads(body)))
        return entries

    def done(self, lane: Lane, through_seq: int) -> None:
        """The destination has everything of this lane up to and including `through_seq`."""
        with transaction(self._db):
            key = (self.destination, lane.after_seq)
            self._db.execute("DELETE FROM lane WHERE destination=? AND after_seq=?", key)
            if lane.until_seq is None or through_seq < lane.until_seq:
                self._db.execute("INSERT INTO lane VALUES (?, ?, ?)", (self.destination, through_seq, lane.until_seq))

    def depth(self) -> int:
        """Entries still to be sent to this destination."""
        return sum(
            self._db.execute(
                "SELECT count(*) FROM outbox WHERE seq>? AND seq<=?",
                (lane.after_seq, self._head() if lane.until_seq is None else lane.until_seq),
            ).fetchone()[0]
            for lane in self._lanes()
        )

    def oldest_at(self) -> int | None:
        """When the oldest entry still to be sent was made, epoch ms."""
        row = self._db.execute(
            "SELECT created_at FROM outbox WHERE seq>? ORDER BY seq LIMIT 1", (self._lanes()[0].after_seq,)
        ).fetchone()
        return None if row is None else int(row[0])


def set_destinations(db: sqlite3.Connection, names: Iterable[str], now: int) -> None:
    """Open a lane for each destination that is new, before anything can be pruned, and note since when it is served.

    The lanes of those that are no longer configured go: they would hold back pruning for ever.
    """
    wanted = list(names)
    with transaction(db):
        known = {name for (name,) in db.execute("SELECT DISTINCT destination FROM lane")}
        for name in known - set(wanted):
            db.execute("DELETE FROM lane WHERE destination=?", (name,))
            db.execute("DELETE FROM meta WHERE key=?", (_since_key(name),))
        for name in set(wanted) - known:
            db.execute("INSERT INTO lane VALUES (?, 0, NULL)", (name,))
            set_meta(db, _since_key(name), str(now))


def forwarding_since(db: sqlite3.Connection, destination: str) -> int | None:
    """From when on everything received went through the outbox to this destination; None when it is not served."""
    since = get_meta(db, _since_key(destination))
    return None if since is None else int(since)


def _since_key(destination: str) -> str:
    return f"forwarding_since.{destination}"


def prune(db: sqlite3.Connection) -> int:
    """Delete some entries that every destination has; returns how many."""
    with transaction(db):
        (sent,) = db.execute("SELECT coalesce(min(after_seq), 0) FROM lane").fetchone()
        cursor = db.execute(
            "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE seq<=? ORDER BY seq LIMIT ?)",
            (sent, PRUNE_CHUNK),
        )
        return cursor.rowcount
