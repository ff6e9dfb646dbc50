"""Telling a redelivery from a new message when the message has no time of its own (DESIGN §2 rule 3).

The last ReceiveMaximum (packet id, digest) pairs are stored in the same transaction as what they brought. A message
with the DUP flag that matches one of them was stored already: its acknowledgement was lost, nothing else.
Older pairs are dropped, because a broker may by then use the packet id again.
"""

from __future__ import annotations

import sqlite3
from collections import OrderedDict

from collector.ingest.message import Message


class Deliveries:
    def __init__(self, db: sqlite3.Connection, receive_maximum: int) -> None:
        self._db = db
        self._keep = receive_maximum
        self._known: OrderedDict[tuple[int, bytes], None] = OrderedDict()
        self.reload()

    def reload(self) -> None:
        """Forget what was not committed."""
        rows = self._db.execute("SELECT packet_id, digest FROM delivery ORDER BY seq DESC LIMIT ?", (self._keep,))
        self._known = OrderedDict.fromkeys(reversed([(packet_id, digest) for packet_id, digest in rows]))

    def seen(self, message: Message) -> bool:
        return message.duplicate and message.qos > 0 and (message.packet_id, message.digest) in self._known

    def record(self, message: Message) -> None:
        """Inside the transaction that stores what the message brought."""
        if message.qos == 0:
            return
        pair = (message.packet_id, message.digest)
        self._db.execute("INSERT INTO delivery (packet_id, digest) VALUES (?, ?)", pair)
        self._known[pair] = None
        self._known.move_to_end(pair)
        while len(self._known) > self._keep:
            self._known.popitem(last=False)

    def forget(self) -> None:
        """Inside a transaction."""
        self._db.execute("DELETE FROM delivery")
        self._known.clear()

    def trim(self) -> None:
        """Inside a transaction, once for each commit."""
        self._db.execute("DELETE FROM delivery WHERE seq <= (SELECT max(seq) FROM delivery) - ?", (self._keep,))
