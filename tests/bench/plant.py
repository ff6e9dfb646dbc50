"""The plant that load comes from: meters that the site database knows, each point with its control limit if asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import insert

from collector.clock import now_ms
from collector.sitedb.engine import begin_write, make_engine
from collector.sitedb.tables import ControlLimit, Device
from tests.load.payloads import FOUR, SITE, device, device_id
from tests.servers import Server, wait_for
from tests.world import World

DEVICES = 100
# Far from what the meters say: judged with every value, and never violated.
FAR = {"temperature": 90.0, "active_power": 500.0, "energy_import": 1e9, "voltage_l1": 500.0, "current_l1": 500.0}


@dataclass(frozen=True)
class Load:
    """Messages of one shape (tests/load/payloads.py). `start` is the time of the first, epoch ms."""

    shape: str
    count: int
    metrics: tuple[str, ...]
    start: int

    @classmethod
    def of(cls, shape: str, count: int) -> Load:
        """The last message is of now: a meter's time never lies ahead."""
        return cls(shape, count, FOUR if shape == "four" else ("temperature",), now_ms() - count)

    def arguments(self, port: int, *, first: int = 0, count: int | None = None) -> list[str]:
        """Of `tests.load.publisher`."""
        given = {"port": port, "shape": self.shape, "count": count or self.count, "devices": DEVICES}
        given |= {"first": first, "start": self.start}
        return [part for name, value in given.items() for part in (f"--{name}", str(value))]


def limit_id(number: int, metric: str) -> str:
    return str(uuid5(NAMESPACE_OID, f"{number}/{metric}"))


def limits(metrics: tuple[str, ...], thresholds: dict[str, float]) -> list[dict[str, object]]:
    """One for each point."""
    return [
        {"id": limit_id(number, metric), "version": 1, "current": True, "site_id": SITE,
         "device_id": device_id(number), "metric": metric, "kind": "high", "level": "permit", "priority": "high",
         "value": thresholds[metric], "deadband": 0.5, "message": "Look at it.", "created_by": "bench",
         "updated_at": now_ms()}
        for number in range(DEVICES) for metric in metrics
    ]  # fmt: skip


def make_plant(folder: Path, broker: Server, wanted: list[dict[str, object]]) -> World:
    """Before any collector has started."""
    world = World(folder, broker)
    world.seed()
    engine = make_engine(world.settings.site_database_url)
    meters = [
        {"id": device_id(number), "source_name": device(number), "name": device(number), "state": "active",
         "site_id": SITE, "stale_after_s": 300}
        for number in range(DEVICES)
    ]  # fmt: skip
    with begin_write(engine) as db:
        db.execute(insert(Device), meters)
        if wanted:
            db.execute(insert(ControlLimit), wanted)
    engine.dispose()
    return world


def collector_with_limits(world: World) -> Server:
    """A collector that is subscribed and judges by the plant's limits."""
    collector = world.collector()
    wait_for(lambda: world.count("config_snapshot") == 1, what="the configuration")
    return collector
