"""Canonical JSON (RFC 8785) and its SHA-256: the same content has the same digest on a phone and here."""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785


def canonical(content: Any) -> bytes:
    """Raises ValueError for what has no canonical form: NaN, integers beyond 2^53, halves of surrogate pairs."""
    try:
        return rfc8785.dumps(content)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise ValueError(str(error)) from error


def digest(content: Any) -> str:
    """Lower-case hex. Raises ValueError as `canonical` does."""
    return hashlib.sha256(canonical(content)).hexdigest()
