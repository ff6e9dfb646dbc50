"""How something from a phone came in, and what a repeat of it means."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from webapp.auth import Principal
from webapp.problems import Problem

# A phone whose clock is further off is wrong by something else than drift; the number would say nothing.
_MAX_ERROR_MS = 100 * 365 * 86_400_000


@dataclass(frozen=True, slots=True)
class Arrival:
    """`at` is our time in ms. `clock_error_ms` is that minus the phone's time of sending, where it was said."""

    at: int
    clock_error_ms: int | None = None
    delivered_by: str | None = None


def clock_error(header: str | None, now: int) -> int | None:
    """From the header X-Fieldproof-Clock; None for none, and for anything that is no time."""
    try:
        sent = int(header or "")
    except ValueError:
        return None
    return now - sent if abs(now - sent) < _MAX_ERROR_MS else None


def from_phone(who: Principal, arrival: Arrival, args: dict[str, Any], sha256: str) -> dict[str, Any]:
    """The columns of `FromPhone`."""
    return {
        "device_id": args["device_id"],
        "utc_offset_min": args["utc_offset_min"],
        "skew_ms": args["skew_ms"],
        "clock_error_ms": arrival.clock_error_ms,
        "author": who.username,
        "delivered_by": arrival.delivered_by,
        "received_at": arrival.at,
        "sha256": sha256,
    }


def check_same(what: str, ident: str, stored: str, given: str) -> None:
    """What was stored under the id stays. Raises `conflict` for other content."""
    if stored != given:
        raise Problem("conflict", f"The {what} {ident} was recorded with other content. Use a new id.")
