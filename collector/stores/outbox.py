"""The outbox in collector.db, and how far each destination has drained it.

A destination's progress is a set of lanes. A lane is the stretch of sequence numbers (after_seq, until_seq] that is
still to be forwarded; the newest lane has no end. While all is well there is one lane. After an outage the newest
stretch is split off, so that what happens now is seen first and the backlog follows behind it (DESIGN §2 rule 2).

Entries of kinds that a destination does not take are passed over.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from collector.stores.collector_db import get_meta, intact, set_meta, transaction
from collector.stores.entries import Entry, Kind, NewEntry, decode

log = logging.getLogger(__name__)

# A destination that is this many entries behind gets a lane of its own for what is new.
SPLIT_BEHIND = 500
# What is new, a backlog, and one that stands aside.
_LANES_MOST = 3
# InfluxDB 3 Core takes 10 MB a request; and a batch of dead letters of a megabyte each must fit into memory.
BATCH_BYTES = 8_000_000
# One DELETE of this many rows, of some 100 kB at the most, holds the write lock for some milliseconds.
PRUNE_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Lane:
    after_seq: int
    until_seq: int | None


@dataclass(frozen=True, slots=True)
class Batch:
    """When `entries` are delivered, the destination has all of its lane up to and including `through_seq`."""

    lane: Lane
    entries: list[Entry]
    through_seq: int


def append(db: sqlite3.Connection, entries: Iterable[NewEntry], now: int) -> None:
    """Inside the transaction that makes the entries true."""
    db.executemany(
        "INSERT INTO outbox (created_at, kind, count, body) VALUES (?, ?, ?, ?)",
        [(now, entry.kind, entry.count, entry.body) for entry in entries],
    )


class Outbox:
    """One destination's view of the outbox, on a connection of its own."""

    def __init__(self, db: sqlite3.Connection, destination: str, kinds: Iterable[Kind]) -> None:
        """The destination was made known by `set_destinations`, and takes these kinds."""
        self._db = db
        self.destination = destination
        self._kinds = tuple(sorted(kinds))
        self._of_kind = _in("kind", self._kinds)
        # The last batch was of the newest lane: now it is the backlog's turn.
        self._backlog_next = False

    def lanes(self) -> list[Lane]:
        """The oldest first."""
        rows = self._db.execute(
            "SELECT after_seq, until_seq FROM lane WHERE destination=? ORDER BY after_seq",
            (self.destination,),
        )
        return [Lane(after, until) for after, until in rows]

    def next_batch(self, most: int, without: Lane | None = None) -> Batch | None:
        """The next entries to send; None when all is sent.

        The newest lane and the oldest other that has anything take turns, the newest first: where it always has
        something, the backlog would else wait for ever.
        `most` bounds the readings and records in the batch, of which at least one entry is taken.
        """
        self._split_when_behind()
        *older, newest = self.lanes()
        for lane in (*older, newest) if self._backlog_next else (newest, *older):
            batch = None if lane == without else self._read(lane, most)
            if batch is not None:
                self._backlog_next = lane == newest
                return batch
        return None

    def _split_when_behind(self) -> None:
        lanes = self.lanes()
        if len(lanes) == 1 and self._head() - lanes[0].after_seq > SPLIT_BEHIND:
            self.split()

    def split(self) -> None:
        """What is new from now on gets a lane of its own, unless there are enough of them."""
        with transaction(self._db):
            *older, newest = self.lanes()
            head = self._head()
            # What was sent ahead of a backlog may be deleted, and the last entry that is left be one of the backlog.
            if len(older) + 1 >= _LANES_MOST or head <= newest.after_seq:
                return
            self._db.execute(
                "UPDATE lane SET until_seq=? WHERE destination=? AND after_seq=?",
                (head, self.destination, newest.after_seq),
            )
            self._db.execute("INSERT INTO lane VALUES (?, ?, NULL)", (self.destination, head))

    def _head(self) -> int:
        return int(self._db.execute("SELECT coalesce(max(seq), 0) FROM outbox").fetchone()[0])

    def _until(self, lane: Lane) -> int:
        return self._head() if lane.until_seq is None else lane.until_seq

    def _read(self, lane: Lane, most: int) -> Batch | None:
        until = self._until(lane)
        rows = self._db.execute(
            f"SELECT seq, kind, count, body FROM outbox WHERE seq>? AND seq<=? AND {self._of_kind} ORDER BY seq",
            (lane.after_seq, until, *self._kinds),
        )
        entries: list[Entry] = []
        total = size = 0
        for seq, kind, count, body in rows:
            with intact("an entry of the outbox"):
                if entries and (total + count > most or size + len(body) > BATCH_BYTES):
                    return Batch(lane, entries, entries[-1].seq)
                total += count
                size += len(body)
                entries.append(decode(seq, kind, body))
        if entries:
            return Batch(lane, entries, until)
        if until > lane.after_seq:
            # Nothing here is for this destination: it must not hold back pruning.
            with transaction(self._db):
                self.done(lane, until)
                prune(self._db)
        return None

    def done(self, lane: Lane, through_seq: int) -> None:
        """Inside a transaction: the destination has everything of this lane up to and including `through_seq`."""
        key = (self.destination, lane.after_seq)
        self._db.execute("DELETE FROM lane WHERE destination=? AND after_seq=?", key)
        if lane.until_seq is None or through_seq < lane.until_seq:
            self._db.execute("INSERT INTO lane VALUES (?, ?, ?)", (self.destination, through_seq, lane.until_seq))

    def holds(self, kinds: Iterable[Kind]) -> bool:
        """Whether an entry of one of these kinds waits in the newest lane."""
        wanted = tuple(kinds)
        newest = self.lanes()[-1]
        return bool(
            self._db.execute(
                f"SELECT 1 FROM outbox WHERE seq>? AND {_in('kind', wanted)} LIMIT 1", (newest.after_seq, *wanted)
            ).fetchone()
        )

    def depth(self) -> int:
        """Entries still to be sent to this destination."""
        return sum(
            self._db.execute(
                f"SELECT count(*) FROM outbox WHERE seq>? AND seq<=? AND {self._of_kind}",
                (lane.after_seq, self._until(lane), *self._kinds),
            ).fetchone()[0]
            for lane in self.lanes()
        )

    def oldest_at(self) -> int | None:
        """When the oldest entry still to be sent was made, epoch ms."""
        for lane in self.lanes():
            row = self._db.execute(
                f"SELECT created_at FROM outbox WHERE seq>? AND seq<=? AND {self._of_kind} ORDER BY seq LIMIT 1",
                (lane.after_seq, self._until(lane), *self._kinds),
            ).fetchone()
            if row is not None:
                return int(row[0])
        return None


def _in(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({','.join('?' * len(values))})"


def set_destinations(db: sqlite3.Connection, names: Iterable[str], now: int) -> None:
    """Open a lane for each destination that is new, before anything can be pruned, and note since when it is served.

    The lanes of those that are no longer configured go: they would hold back pruning for ever. So do lanes without
    anything in them, which earlier versions left.
    """
    wanted = list(names)
    with transaction(db):
        db.execute("DELETE FROM lane WHERE after_seq >= until_seq")
        known = {name for (name,) in db.execute("SELECT DISTINCT destination FROM lane")}
        for name in known - set(wanted):
            _warn_of_backlog(db, name)
            db.execute("DELETE FROM lane WHERE destination=?", (name,))
            db.execute("DELETE FROM meta WHERE key=?", (_since_key(name),))
        for name in set(wanted) - known:
            db.execute("INSERT INTO lane VALUES (?, 0, NULL)", (name,))
            set_meta(db, _since_key(name), str(now))


def _warn_of_backlog(db: sqlite3.Connection, destination: str) -> None:
    (waiting,) = db.execute(
        "SELECT count(*) FROM outbox o WHERE EXISTS (SELECT 1 FROM lane l WHERE l.destination=?"
        " AND o.seq>l.after_seq AND (l.until_seq IS NULL OR o.seq<=l.until_seq))",
        (destination,),
    ).fetchone()
    if waiting:
        log.warning(
            "destination is no longer configured, what waited for it is given up: destination=%s entries=%d",
            destination, waiting,
        )  # fmt: skip


def forwarding_since(db: sqlite3.Connection, destination: str) -> int | None:
    """From when on everything received went through the outbox to this destination; None when it is not served."""
    since = get_meta(db, _since_key(destination))
    return None if since is None else int(since)


def _since_key(destination: str) -> str:
    return f"forwarding_since.{destination}"


def prune(db: sqlite3.Connection) -> int:
    """Delete some entries that stand in no destination's lane any more; returns how many.

    Also those between lanes: what was sent ahead of a backlog must not wait for it on disk.
    """
    deleted = 0
    for after, until in _gaps(db):
        cursor = db.execute(
            "DELETE FROM outbox WHERE seq IN (SELECT seq FROM outbox WHERE seq>? AND seq<=? ORDER BY seq LIMIT ?)",
            (after, until, PRUNE_CHUNK - deleted),
        )
        deleted += cursor.rowcount
    return deleted


def _gaps(db: sqlite3.Connection) -> list[tuple[int, int]]:
    """The stretches (after, until] of sequence numbers that no lane holds, below the newest lane."""
    gaps = []
    sent = 0
    for after, until in db.execute("SELECT after_seq, until_seq FROM lane ORDER BY after_seq"):
        if after > sent:
            gaps.append((sent, after))
        if until is None:
            break
        sent = max(sent, until)
    return gaps
