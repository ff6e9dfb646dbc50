"""What a connection says of the session that the broker should have kept for us (DESIGN §2 rule 8)."""

from __future__ import annotations

import logging
import sqlite3
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from collector.ingest.committer import Committer
from collector.ingest.mqtt.source import Connected, Marked, Rewound
from collector.ingest.sparkplug.losses import Loss, detail
from collector.stores import outbox
from collector.stores.collector_db import get_meta, set_meta, transaction
from collector.stores.entries import record_entry

log = logging.getLogger(__name__)


def note_filters(db: sqlite3.Connection, broker: str, filters: Iterable[str]) -> None:
    """What the session at the broker may be subscribed to. Within a transaction. A topic may have a space in it."""
    set_meta(db, f"topic_filters.{broker}", " ".join(quote(one, safe="/+#$:") for one in filters))


def noted_filters(db: sqlite3.Connection, broker: str) -> list[str]:
    return [unquote(one) for one in (get_meta(db, f"topic_filters.{broker}") or "").split()]


def mark_key(client_id: str, broker: str) -> str:
    """Under this name `meta` keeps the last mark that came back. A session's own, as the mark is."""
    return f"mark.{client_id}.{broker}"


def note_marked(db: sqlite3.Connection, client_id: str, marked: Marked) -> None:
    with transaction(db):
        set_meta(db, mark_key(client_id, marked.broker), str(marked.number))


def note_rewound(db: sqlite3.Connection, committer: Committer, rewound: Rewound, now: int) -> None:
    """A broker that was killed goes on from what it saved last: what it took since then is lost, or comes twice.

    While no messages are held: what came again, marked as such, is known by then.
    """
    broker = rewound.broker
    at = datetime.fromtimestamp(rewound.at / 1000, UTC).isoformat(timespec="seconds")
    last = get_meta(db, f"last_received_at.{broker}")
    log.error("possible loss: the broker went back to an older state: broker=%s state_of=%s", broker, at)
    event = {
        "id": str(uuid.uuid4()),
        "kind": "possible_loss",
        "detail": (
            f"the broker {broker} was not stopped in order and went back to its state of {at}: what it took since then"
            " and had not delivered is lost; what it had delivered and comes again without a time of its own is"
            " stored twice"
        ),
        "started_at": min(now, int(last)) if last else rewound.at,
        "ended_at": now,
    }
    with transaction(db):
        outbox.append(db, [record_entry("event", event)], now)
        # Its packet ids went back too: an old pair must not make a new message a redelivery.
        committer.forget_deliveries(broker)


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
                # Never after its end: our own clock may have been set back since.
                "started_at": min(int(last), now),
                "ended_at": now,
            }
            outbox.append(db, [record_entry("event", event)], now)
        if not connected.session_present:
            committer.forget_deliveries(broker)
        set_meta(db, f"session.{broker}", "1")
        note_filters(db, broker, filters)


def last_received(db: sqlite3.Connection, broker: str) -> int | None:
    """When the last message of this broker that is stored was received, epoch ms."""
    found = get_meta(db, f"last_received_at.{broker}")
    return None if found is None else int(found)


def note_loss(db: sqlite3.Connection, broker: str, loss: Loss, now: int) -> None:
    """Messages of edge nodes that will never come."""
    since, until = loss.gap.since, min(loss.gap.until, now)
    log.error("possible loss: edge nodes=%d broker=%s from=%s to=%s", len(loss.nodes), broker, since, until)
    event = {
        "id": str(uuid.uuid4()),
        "kind": "possible_loss",
        "detail": detail(loss),
        # Our own clock may have been set back since.
        "started_at": until if since is None else min(since, until),
        "ended_at": until,
    }
    with transaction(db):
        outbox.append(db, [record_entry("event", event)], now)
