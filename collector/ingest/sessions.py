"""What a connection says of the session that the broker should have kept for us (DESIGN §2 rule 8)."""

from __future__ import annotations

import logging
import sqlite3
import uuid
from collections.abc import Iterable

from collector.ingest.committer import Committer
from collector.ingest.mqtt.source import Connected
from collector.stores import outbox
from collector.stores.collector_db import get_meta, set_meta, transaction
from collector.stores.entries import record_entry

log = logging.getLogger(__name__)


def note_connection(
    db: sqlite3.Connection, committer: Committer, connected: Connected, filters: Iterable[str], now: int
) -> None:
    """A broker that forgot our session may have dropped what it was keeping for us: say so."""
    broker = connected.broker
    last = get_meta(db, f"last_received_at.{broker}")
    known = get_meta(db, f"session.{broker}")
    with transaction(db):
        if known and last and not connected.session_present:
            log.error("possible loss: the broker kept no session: broker=%s from=%s to=%s", broker, last, now)
            event = {
                "id": str(uuid.uuid4()),
                "kind": "possible_loss",
                "detail": f"the broker {broker} kept no session while the collector was away",
                "started_at": int(last),
                "ended_at": now,
            }
            outbox.append(db, [record_entry("event", event)], now)
        if not connected.session_present:
            committer.forget_deliveries(broker)
        set_meta(db, f"session.{broker}", "1")
        set_meta(db, f"topic_filters.{broker}", " ".join(filters))
