"""Readings of one point over time, in columns."""

from __future__ import annotations

from typing import Any

from collector.domain.reading import point_name
from collector.stores.base import resolution_for
from webapp.access import READER, principal
from webapp.problems import Problem, not_found
from webapp.queries.points import describe, find_point
from webapp.resource import Resource
from webapp.schemas.points import Readings, ReadingsQuery
from webapp.services import services

resource = Resource("readings", "Readings over time")

DAY_MS = 86_400_000
MAX_RAW = 200_000


@resource.view(
    "/devices/<device>/points/<metric>/readings",
    access=READER,
    query=ReadingsQuery,
    answer=Readings,
    problems=("not_found", "too_many_readings", "store_unavailable"),
)
def readings(args: dict[str, Any], device: str, metric: str) -> dict[str, Any]:
    """Readings from `start` up to but not at `end`, in buckets or, with `buckets=0`, one by one."""
    app = services()
    with app.db.read() as db:
        if find_point(db, principal(), device, metric) is None:
            raise not_found("point", point_name(device, metric))
    start, end = _span(args, app.clock())
    named = {"point": point_name(device, metric), "unit": describe(app.vocabulary, metric)["unit"]}
    if args["buckets"] == 0:
        return {**named, **_raw(device, metric, start, end)}
    resolution = resolution_for(start, end, args["buckets"])
    found = app.store.buckets(device, metric, start, end, resolution)
    columns = {"t": found.t, "mean": found.mean, "min": found.min, "max": found.max, "count": found.count}
    return {**named, "resolution_s": resolution, **columns}


def _span(args: dict[str, Any], now: int) -> tuple[int, int]:
    end = now if args["end"] is None else args["end"]
    start = end - DAY_MS if args["start"] is None else args["start"]
    if start >= end:
        text = "`start` must be before `end` (which is now unless given)."
        raise Problem("invalid", text, errors={"start": [text]})
    return start, end


def _raw(device: str, metric: str, start: int, end: int) -> dict[str, Any]:
    found = services().store.raw(device, metric, start, end, MAX_RAW + 1)
    if len(found.t) > MAX_RAW:
        raise Problem(
            "too_many_readings",
            f"There are more than {MAX_RAW} readings in this span: ask for buckets (such as buckets=1000),"
            " or for a shorter span.",
        )
    return {"t": found.t, "value": found.value, "quality": found.quality}
