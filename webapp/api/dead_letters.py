"""Dead letters: messages that could not become readings, with the reason."""

from __future__ import annotations

from typing import Any

from webapp.access import MANAGER_OR_AUDITOR, principal
from webapp.queries.collectors import list_dead_letters
from webapp.resource import Resource
from webapp.schemas.collectors import DeadLetters, DeadLettersQuery
from webapp.services import services

resource = Resource("dead-letters", "Messages that could not be stored as readings")


@resource.view(
    "/dead-letters", access=MANAGER_OR_AUDITOR, query=DeadLettersQuery, answer=DeadLetters, problems=("not_found",)
)
def dead_letters(args: dict[str, Any]) -> dict[str, Any]:
    """Dead letters, the most recent first."""
    with services().db.read() as db:
        items, cursor = list_dead_letters(db, principal(), args)
    return {"items": items, "next": cursor}
