"""Which sites' records changed: the live event `sync`, upon which a phone fetches what is new."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from collector.sitedb.tables import Device, Location
from webapp.models import Aspect, AuditEvent, Finding, Inspection, Template

_TABLES: Mapping[str, Any] = {
    "inspection": Inspection,
    "finding": Finding,
    "template": Template,
    "location": Location,
    "aspect": Aspect,
    "device": Device,
}
# A phone that sends forty answers must not have every other phone fetch forty times.
_EVERY_S = 2.0
_MOST = 500


class ChangeWatch:
    """Follows the audit trail by its numbers, like `GET /sync`."""

    def __init__(self, db: Session) -> None:
        self._seq = db.scalar(select(func.max(AuditEvent.seq))) or 0
        self._at = monotonic()

    def changed_sites(self, db: Session) -> list[str]:
        """Sites with a change since the last call; none within two seconds of it."""
        if monotonic() - self._at < _EVERY_S:
            return []
        self._at = monotonic()
        found = select(AuditEvent.seq, AuditEvent.kind, AuditEvent.object_id).where(AuditEvent.seq > self._seq)
        rows = db.execute(found.order_by(AuditEvent.seq).limit(_MOST)).all()
        if rows:
            self._seq = rows[-1].seq
        sites: set[str] = set()
        for kind, table in _TABLES.items():
            if ids := {row.object_id for row in rows if row.kind == kind}:
                found_sites = select(table.site_id).where(table.id.in_(ids), table.site_id.is_not(None))
                sites |= set(db.scalars(found_sites))
        return sorted(sites)
