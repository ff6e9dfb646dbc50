"""The zone in which a device's naive times are to be read, as its profile says and its site decides."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, tzinfo
from zoneinfo import ZoneInfo

from collector.profiles.time_rule import SITE_ZONE, UTC_ZONE, TimeRule

log = logging.getLogger(__name__)


class Zones:
    """`use` takes what the configuration snapshot says: the site of each device, and the zone of each site."""

    def __init__(self) -> None:
        self._site_of: Mapping[str, str | None] = {}
        self._name_of: Mapping[str, str] = {}
        self._known: dict[str, tzinfo | None] = {}

    def use(self, sites: Mapping[str, str | None], zones: Mapping[str, str]) -> None:
        self._site_of, self._name_of = sites, zones

    def of(self, rule: TimeRule | None, device: str, site: str | None) -> tzinfo | None:
        """None when nobody has said it. A site given by people wins over `site`, which the message names."""
        if rule is None or rule.zone is None:
            return None
        name: str | None = rule.zone
        if name == SITE_ZONE:
            name = self._name_of.get(self._site_of.get(device) or site or "")
        return None if name is None else self._zone(name)

    def _zone(self, name: str) -> tzinfo | None:
        if name not in self._known:
            self._known[name] = UTC if name == UTC_ZONE else _load(name)
        return self._known[name]


def _load(name: str) -> tzinfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        log.error("time zone not known here, its naive times are taken as UTC and flagged: zone=%s", name)
        return None
