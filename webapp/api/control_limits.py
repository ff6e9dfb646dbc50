"""Control limits, in the version that is in force."""

from __future__ import annotations

from typing import Any

from webapp.access import READER, principal
from webapp.problems import not_found
from webapp.queries.registers import get_limit, list_limits
from webapp.resource import Resource
from webapp.schemas.registers import ControlLimits, LimitRecord, LimitsQuery
from webapp.services import services

resource = Resource("control-limits", "Operational control limits")


@resource.view("/control-limits", access=READER, query=LimitsQuery, answer=ControlLimits, problems=("not_found",))
def control_limits(args: dict[str, Any]) -> dict[str, Any]:
    """Limits in force."""
    with services().db.read() as db:
        items, cursor = list_limits(db, principal(), args, services().vocabulary)
    return {"items": items, "next": cursor}


@resource.view("/control-limits/<ident>", access=READER, answer=LimitRecord, problems=("not_found",))
def control_limit(ident: str) -> dict[str, Any]:
    """One limit in force."""
    with services().db.read() as db:
        found = get_limit(db, principal(), ident, services().vocabulary)
    if found is None:
        raise not_found("control limit", ident)
    return found
