"""What happened to a record, from the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.json import iso
from webapp.models import AuditEvent
from webapp.queries.paging import Order, page

_ORDERS = {"at": Order((AuditEvent.seq,))}


def history(db: Session, kind: str, ident: str, args: Mapping[str, Any]) -> tuple[list[dict[str, Any]], str | None]:
    """Oldest first. Whether the asker may see the record is the caller's to check."""
    statement = select(AuditEvent).where(AuditEvent.kind == kind, AuditEvent.object_id == ident)
    events, cursor = page(db, statement, _ORDERS, args)
    items = [
        {
            "at": iso(event.at),
            "actor": event.actor,
            "action": event.action,
            "before": event.before,
            "after": event.after,
        }
        for event in events
    ]
    return items, cursor
