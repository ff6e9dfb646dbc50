"""The live stream: server-sent events, so that a screen need not ask."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from webapp.access import READER, principal
from webapp.live import frames
from webapp.queries import scope
from webapp.resource import Resource
from webapp.schemas.collectors import LiveQuery
from webapp.services import services

# Epoch milliseconds have 13 digits for a long time to come.
_MAX_ID = 16

resource = Resource("live", "Live events")


@resource.view(
    "/live",
    access=READER,
    query=LiveQuery,
    media_type="text/event-stream",
    problems=("not_found", "too_many_streams"),
)
def live(args: dict[str, Any]) -> Response:
    """Events `reading`, `alarm` and `device`; after a break, Last-Event-ID continues where it broke off."""
    app, who = services(), principal()
    with app.db.read() as db:
        site = scope.asked_site(db, who, args["site"])
    if request.method == "HEAD":
        return _response(None)
    last = request.headers.get("Last-Event-ID", "")
    known = int(last) if last.isascii() and last.isdigit() and len(last) < _MAX_ID else None
    subscriber = app.live.subscribe(who, site, known)
    response = _response(frames(subscriber, args["max_seconds"]))
    # Not in the generator's own end: one that was never begun has none.
    response.call_on_close(lambda: app.live.unsubscribe(subscriber))
    return response


def _response(body: Any) -> Response:
    # A proxy that collects the answer before passing it on would hold back every event.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return Response(body, mimetype="text/event-stream", headers=headers)
