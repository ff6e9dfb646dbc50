"""What the sensors at each place said at the time of a walkthrough, from the store of readings."""

from __future__ import annotations

import logging
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from collector.errors import StoreUnavailable
from collector.profiles.vocabulary import Vocabulary
from collector.sitedb.tables import Device, Point
from collector.stores.base import ReadingStore
from webapp.auth import Principal
from webapp.queries import scope
from webapp.queries.points import describe
from webapp.questions.number import with_unit

log = logging.getLogger(__name__)
# An older value would no longer be one "at the time".
_WITHIN_MS = 15 * 60_000
_MOST = 20_000


def sensors_at(
    db: Session, who: Principal, store: ReadingStore, vocabulary: Vocabulary, location: str, at: int
) -> list[dict[str, Any]]:
    """Per point of the place its last reading before `at`; none where the store does not answer or is silent."""
    points = (
        select(Point.device_id, Point.metric, Device.name)
        .join(Device, Device.id == Point.device_id)
        .where(Device.location_id == location, Device.state == "active", scope.devices(who))
        .order_by(Device.name, Point.metric)
    )
    found = []
    for device, metric, name in db.execute(points).all():
        try:
            columns = store.raw(device, metric, at - _WITHIN_MS, at + 1, _MOST)
        except StoreUnavailable as error:
            log.warning("report without readings: store unavailable: error=%s", error)
            return []
        if columns.t and columns.value[-1] is not None:
            known = describe(vocabulary, metric)
            text = with_unit(columns.value[-1], known["precision"], known["unit"])
            found.append({"device": name, "label": known["label"], "value": text, "quality": columns.quality[-1]})
    return found
