"""Append to the audit trail, in the transaction of the change itself."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from webapp.canonical import digest
from webapp.db import take_turn
from webapp.models import AuditEvent


def append(
    db: Session,
    *,
    at: int,
    actor: str,
    action: str,
    kind: str,
    object_id: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEvent:
    """The row, numbered. `action` is `<noun>.<verb>`, such as `alarm.acknowledge`.

    Never put a password, a token or the hash of one in before/after.
    """
    # The later hash chain follows `seq`: numbers must become visible in the order they are given.
    take_turn(db, "audit_event")
    event = AuditEvent(
        id=str(uuid.uuid4()),
        at=at,
        actor=actor,
        action=action,
        kind=kind,
        object_id=object_id,
        before=before,
        after=after,
    )
    db.add(event)
    db.flush()
    return event


def row_digest(event: AuditEvent) -> str:
    """SHA-256 of the row's canonical JSON, in lower-case hex."""
    names = ("seq", "id", "at", "actor", "action", "kind", "object_id", "before", "after")
    return digest({name: getattr(event, name) for name in names})
