"""Receipts: that this server holds a photo, verified, since when, and where in the audit trail that stands.

The signature is an HMAC with a key derived from the installation's secret key: it lets us, and nobody else, tell a
receipt of ours from an invented one.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

from webapp.audit import row_digest
from webapp.canonical import canonical
from webapp.json import iso
from webapp.models import AuditEvent, Photo

_PURPOSE = b"fieldproof photo receipt 1"


def audit_head(event: AuditEvent) -> str:
    """`<seq>:<sha256>` of the row of the photo's arrival: it can be found, and a changed row told."""
    return f"{event.seq}:{row_digest(event)}"


def receipt(photo: Photo, secret_key: str) -> dict[str, Any]:
    content = {
        "sha256": photo.sha256,
        "size": photo.size,
        "received_at": iso(photo.received_at),
        "verified": True,
        "audit_head": photo.audit_head,
    }
    return {**content, "signature": signature(content, secret_key)}


def signature(content: dict[str, Any], secret_key: str) -> str:
    """Hex HMAC-SHA256 over the canonical JSON of everything but the signature."""
    key = hmac.digest(secret_key.encode(), _PURPOSE, hashlib.sha256)
    return hmac.new(key, canonical(content), hashlib.sha256).hexdigest()
