"""Telling a redelivery from a new message when the message has no time of its own (DESIGN §2 rule 3).

Their (packet id, digest) pairs are stored in the same transaction as what they brought. A message with the DUP flag
that matches one of them was stored already: its acknowledgement was lost, nothing else. Every delivery of a broker is
counted, also one that needs no pair: after ReceiveMaximum of them the broker cannot repeat what a pair is of, and may
by then use the packet id again, so that pair is dropped.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Sequence

from collector.ingest.message import Message
from collector.ingest.pipeline import Processed
from collector.stores.collector_db import set_meta

# (packet id, digest) -> how many deliveries its broker had made by the commit that stored it, oldest first.
_Pairs = OrderedDict[tuple[int, bytes], int]
# Under this and the broker's name `meta` keeps the count.
_KEY = "deliveries."
# So many that are not for us are written down although nothing comes that is.
_WRITE_AFTER = 1_000


class Deliveries:
    def __init__(self, db: sqlite3.Connection, receive_maximum: int) -> None:
        self._db = db
        self._keep = receive_maximum
        self._known: defaultdict[str, _Pairs] = defaultdict(OrderedDict)
        self._counts: Counter[str] = Counter()
        # What came for other collectors since the last commit.
        self._passed: Counter[str] = Counter()
        self.reload()

    def reload(self) -> None:
        """Forget what was not committed."""
        self._known.clear()
        self._counts.clear()
        for key, count in self._db.execute("SELECT key, value FROM meta WHERE key LIKE ?", (f"{_KEY}%",)):
            self._counts[key.removeprefix(_KEY)] = int(count)
        for number, broker, packet_id, digest in self._db.execute(
            "SELECT number, broker, packet_id, digest FROM delivery ORDER BY number, seq"
        ):
            self._note(broker, (packet_id, digest), number)
            # Of a file that was damaged the pairs may be left and not the count.
            self._counts[broker] = max(self._counts[broker], number)

    def seen(self, message: Message) -> bool:
        if not message.duplicate or message.qos == 0:
            return False
        return (message.packet_id, message.digest) in self._known[message.broker]

    def pass_over(self, messages: Iterable[Message]) -> None:
        """They are for another collector, and had packet ids all the same."""
        self._passed.update(_first_deliveries(messages))

    @property
    def behind(self) -> bool:
        """Whether enough was passed over to be written down by itself."""
        return self._passed.total() >= _WRITE_AFTER

    def record(self, items: Sequence[Processed]) -> None:
        """Inside the transaction that stores what they brought."""
        pairs = [item.message for item in items if item.stamped and item.message.qos]
        came, self._passed = self._passed, Counter()
        came.update(_first_deliveries([item.message for item in items]))
        # Comes again and is not known: it never reached us the first time.
        came.update(message.broker for message in pairs if message.duplicate)
        for broker, count in came.items():
            self._counts[broker] += count
            set_meta(self._db, _KEY + broker, str(self._counts[broker]))
        self._insert(pairs)
        for broker in came:
            self._drop(broker, self._counts[broker] - self._keep)

    def _insert(self, messages: Iterable[Message]) -> None:
        rows = []
        for message in messages:
            number, pair = self._counts[message.broker], (message.packet_id, message.digest)
            self._note(message.broker, pair, number)
            rows.append((number, message.broker, *pair))
        self._db.executemany("INSERT INTO delivery (number, broker, packet_id, digest) VALUES (?, ?, ?, ?)", rows)

    def _note(self, broker: str, pair: tuple[int, bytes], number: int) -> None:
        pairs = self._known[broker]
        pairs[pair] = number
        pairs.move_to_end(pair)

    def _drop(self, broker: str, until: int) -> None:
        pairs = self._known[broker]
        while pairs and next(iter(pairs.values())) <= until:
            pairs.popitem(last=False)
        # By number, not by pair: one that came again has an older row as well.
        self._db.execute("DELETE FROM delivery WHERE broker=? AND number<=?", (broker, until))

    def forget(self, broker: str) -> None:
        """Inside a transaction: the broker began a new session, and its packet ids anew."""
        self._db.execute("DELETE FROM delivery WHERE broker=?", (broker,))
        self._known.pop(broker, None)


def _first_deliveries(messages: Iterable[Message]) -> list[str]:
    """The broker of each. What comes again was counted when it first came: it must not push out its own pair."""
    return [message.broker for message in messages if message.qos and not message.duplicate]
