"""Telling a redelivery from a new message when the message has no time of its own (DESIGN §2 rule 3).

Of each broker the last ReceiveMaximum (packet id, digest) pairs are stored in the same transaction as what they
brought. A message with the DUP flag that matches one of them was stored already: its acknowledgement was lost, nothing
else. Older pairs are dropped, because a broker may by then use the packet id again.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict, defaultdict
from collections.abc import Iterable

from collector.ingest.message import Message

# (packet id, digest) -> the number under which it is stored, oldest first.
_Pairs = OrderedDict[tuple[int, bytes], int]


class Deliveries:
    def __init__(self, db: sqlite3.Connection, receive_maximum: int) -> None:
        self._db = db
        self._keep = receive_maximum
        self._known: defaultdict[str, _Pairs] = defaultdict(OrderedDict)
        self._last_seq = 0
        self.reload()

    def reload(self) -> None:
        """Forget what was not committed."""
        self._known.clear()
        for seq, broker, packet_id, digest in self._db.execute(
            "SELECT seq, broker, packet_id, digest FROM delivery ORDER BY seq"
        ):
            self._note(broker, (packet_id, digest), seq)
        (self._last_seq,) = self._db.execute("SELECT coalesce(max(seq), 0) FROM delivery").fetchone()

    def seen(self, message: Message) -> bool:
        if not message.duplicate or message.qos == 0:
            return False
        return (message.packet_id, message.digest) in self._known[message.broker]

    def record(self, messages: Iterable[Message]) -> None:
        """Inside the transaction that stores what the messages brought."""
        rows = []
        outdated: dict[str, int] = {}
        for message in messages:
            if message.qos == 0:
                continue
            self._last_seq += 1
            pair = (message.packet_id, message.digest)
            rows.append((self._last_seq, message.broker, *pair))
            dropped = self._note(message.broker, pair, self._last_seq)
            if dropped is not None:
                outdated[message.broker] = dropped
        self._db.executemany("INSERT INTO delivery (seq, broker, packet_id, digest) VALUES (?, ?, ?, ?)", rows)
        self._db.executemany("DELETE FROM delivery WHERE broker=? AND seq<=?", outdated.items())

    def _note(self, broker: str, pair: tuple[int, bytes], seq: int) -> int | None:
        """The number of the pair that this one pushes out, if any."""
        pairs = self._known[broker]
        pairs[pair] = seq
        pairs.move_to_end(pair)
        return pairs.popitem(last=False)[1] if len(pairs) > self._keep else None

    def forget(self, broker: str) -> None:
        """Inside a transaction: the broker began a new session, and its packet ids anew."""
        self._db.execute("DELETE FROM delivery WHERE broker=?", (broker,))
        self._known.pop(broker, None)
