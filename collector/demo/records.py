"""What a demo site consists of, with ids as the databases use them."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from typing import Any

from collector.domain.limits import Limit

# Any fixed UUID serves: ids derived from it are the same on every installation of the demo.
_NAMESPACE = uuid.UUID("c1a3a3e0-52f5-5d0e-8f43-3d9b5c0a6d11")


def record_id(site: str, kind: str, slug: str) -> str:
    """The UUIDv5 of a record of the demo: seeding twice names the same record."""
    return str(uuid.uuid5(_NAMESPACE, f"{site}/{kind}/{slug}"))


@dataclass(frozen=True, slots=True)
class Location:
    id: str
    slug: str
    name: str
    parent_id: str | None


@dataclass(frozen=True, slots=True)
class Aspect:
    id: str
    slug: str
    name: str
    activity: str
    impact: str
    condition: str
    significant: bool
    location_id: str


@dataclass(frozen=True, slots=True)
class Device:
    """`aspects` names the aspect of single metrics where it is not the device's own. `history_s` is how far
    apart seeded readings are."""

    id: str
    source_name: str
    name: str
    profile: str
    location_id: str
    aspect_id: str
    aspects: dict[str, str]
    stale_after_s: int
    history_s: int

    def aspect_of(self, metric: str) -> str:
        return self.aspects.get(metric, self.aspect_id)


@dataclass(frozen=True, slots=True)
class Cycle:
    amount: float
    period_min: float
    duty: float


@dataclass(frozen=True, slots=True)
class Signal:
    """How one point behaves; the terms are explained in the site's file."""

    base: float
    rhythm: float
    lag_min: float
    warmth: float
    cleaning: float
    noise: float
    noise_s: float
    jitter: float
    cycle: Cycle | None
    includes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counter:
    of: str
    start: float


@dataclass(frozen=True, slots=True)
class Exceedance:
    """Something that drives a point over its limit. Exactly one of `target` and `add` is given."""

    id: str
    point: str
    target: float | None
    add: float | None
    rise_s: float
    hold_s: float
    fall_s: float
    weight: float
    hours: tuple[int, int]
    days: frozenset[int]
    note: str

    @property
    def length_s(self) -> float:
        return self.rise_s + self.hold_s + self.fall_s


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time on every n-th day. `of` is a point, or a device."""

    of: str
    every_days: int
    minute: int
    minutes: int
    buffer: float


@dataclass(frozen=True, slots=True)
class Signals:
    seed: int
    since_s: int
    rhythm: tuple[float, ...]
    cleaning_at: tuple[int, ...]
    cleaning_minutes: int
    points: dict[str, Signal]
    counters: dict[str, Counter]
    exceedances: tuple[Exceedance, ...]
    stuck: Window
    dropout: Window
    calibration: Window
    units: dict[str, str]


@dataclass(frozen=True, slots=True)
class DemoSite:
    id: str
    name: str
    timezone: str
    locations: tuple[Location, ...]
    aspects: tuple[Aspect, ...]
    devices: tuple[Device, ...]
    limits: tuple[Limit, ...]
    signals: Signals

    def device(self, ident: str) -> Device:
        return next(device for device in self.devices if device.id == ident)

    def as_dict(self) -> dict[str, Any]:
        """The records without the simulation, as plain values. Parents stand before their children."""
        return {
            "site": {"id": self.id, "name": self.name, "timezone": self.timezone},
            "locations": [asdict(location) for location in self.locations],
            "aspects": [asdict(aspect) for aspect in self.aspects],
            "devices": [asdict(device) for device in self.devices],
            "limits": [asdict(limit) for limit in self.limits],
        }
