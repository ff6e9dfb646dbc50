"""Rules of time with a real broker: retained publishes, zones from the site database, and our own clock being moved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import update

from collector.clock import now_ms
from collector.domain.times import FUTURE_TOLERANCE_MS
from collector.service import CollectorService
from collector.sitedb.engine import begin_write, make_engine
from collector.sitedb.tables import Config, Site
from tests.clocked import HOUR, MINUTE, SECOND
from tests.servers import Server, wait_for
from tests.world import World, publish
from webapp.migrate import migrate

pytestmark = pytest.mark.services

# A plug whose clock shows the local time of its site.
PLUG = """
schema: 1
id: plug
decoder: json
match: [{topic: "tele/{site}/{device}/SENSOR"}]
device_id: "{site}.{device}"
time: {path: [Time], unit: iso, zone: site}
metrics: [{name: active_power, path: [Power], unit: W}]
examples: [{description: one, topic: tele/a/b/SENSOR, payload: {Power: 7}, expect: {device: a.b, readings: {}}}]
"""


@pytest.fixture
def world(tmp_path: Path, broker: Server) -> World:
    world = World(tmp_path, broker)
    world.seed()
    return world


@dataclass
class Moved:
    """The wall clock, moved."""

    by_ms: int = 0

    def __call__(self) -> int:
        return now_ms() + self.by_ms


@dataclass
class Running:
    """A collector in a thread of this process, so that its clock can be moved."""

    world: World
    clock: Moved = field(default_factory=Moved)
    v5: bool = True
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def started(self) -> Iterator[CollectorService]:
        settings = self.world.settings
        service = CollectorService(
            settings, lambda: migrate(settings.site_database_url), durable_broker=self.v5, clock=self.clock
        )
        self._stop.clear()
        thread = threading.Thread(target=service.run, args=(self._stop,))
        thread.start()
        try:
            wait_for(lambda: service._sources[0].subscribed_at is not None, what="the subscription")
            yield service
        finally:
            self._stop.set()
            thread.join(30)


def values(world: World) -> list[float]:
    return [value for (value,) in world.query("SELECT value FROM reading ORDER BY received_at, observed_at")]


@pytest.mark.parametrize("v5", [True, False], ids=["v5", "v3.1.1"])
def test_what_a_device_publishes_as_retained_is_a_reading_and_the_brokers_copy_of_it_is_none(
    world: World, v5: bool
) -> None:
    """ESPHome retains all it publishes. On subscribing the broker sends its copy again: that is none."""
    publish(world.broker.port, [{"values": {"ph": 4.0}}], retain=True)
    running = Running(world, v5=v5)
    with running.started():
        for value in (7.1, 7.2):
            publish(world.broker.port, [{"values": {"ph": value}}], retain=True)
        wait_for(lambda: world.count("reading") == 2, what="two live readings")
    publish(world.broker.port, [{"values": {"ph": 7.3}}], retain=True)
    with running.started():
        wait_for(lambda: world.count("reading") == 3, what="the reading that was kept for us")
        publish(world.broker.port, [{"values": {"ph": 7.4}}])
        wait_for(lambda: world.count("reading") == 4, what="the last reading")
    assert values(world) == [7.1, 7.2, 7.3, 7.4]


def test_local_times_are_read_in_the_zone_of_the_site_and_in_its_new_one_when_it_is_changed(world: World) -> None:
    folder = world.folder / "own" / "profiles"
    folder.mkdir(parents=True)
    (folder / "plug.yaml").write_text(PLUG)
    world.extra["FIELDPROOF_DEVICES"] = str(folder.parent)
    move_site(world, "Asia/Kolkata")
    collector = world.collector()
    wait_for(lambda: world.query("SELECT version FROM config_snapshot") == [(2,)], what="the configuration")
    publish(world.broker.port, [{"Time": "2026-07-01T17:30:00", "Power": 1000}], "tele/plant/plug/SENSOR")
    wait_for(lambda: world.count("reading") == 1, what="the reading")
    move_site(world, "Australia/Lord_Howe")
    wait_for(lambda: world.query("SELECT version FROM config_snapshot") == [(3,)], what="the new configuration")
    publish(world.broker.port, [{"Time": "2026-07-01T22:30:01", "Power": 1001}], "tele/plant/plug/SENSOR")
    wait_for(lambda: world.count("reading") == 2, what="the second reading")
    collector.stop()
    noon = 1_782_907_200_000
    assert world.query("SELECT observed_at, quality FROM reading ORDER BY 1") == [(noon, 0), (noon + SECOND, 0)]


def move_site(world: World, zone: str) -> None:
    engine = make_engine(world.settings.site_database_url)
    with begin_write(engine) as db:
        db.execute(update(Site).values(timezone=zone))
        db.execute(update(Config).values(version=Config.version + 1))
    engine.dispose()


def test_readings_are_committed_shown_and_judged_at_once_whatever_happens_to_our_clock(world: World) -> None:
    """An hour ahead, back, an hour behind, and right again; a device with a clock of its own and one without."""
    running = Running(world)
    with running.started() as service:
        wait_for(lambda: world.count("config_snapshot") == 1, what="the configuration")
        for number, moved in enumerate((0, HOUR, 0, -HOUR, 0)):
            running.clock.by_ms = moved
            value = 7.0 + number / 10
            world.publish([{"time": now_ms(), "values": {"ph": value}}])
            world.publish([{"values": {"flow": value}}])
            shown = f"SELECT 1 FROM point WHERE value={value}"
            world.await_rows(shown, 2, seconds=10)
            wait_for(lambda: abs(last_seen(world) - running.clock()) < MINUTE, 15, "a heartbeat by this clock")
            # An on-delay of nothing, and the value back below it: an alarm and its end, now.
            world.publish([{"values": {"ph": 9.5}}])
            world.await_rows("SELECT 1 FROM alarm WHERE condition='active'", 1, seconds=10)
            world.publish([{"values": {"ph": 8.0}}])
            world.await_rows("SELECT 1 FROM alarm WHERE condition='cleared'", number + 1, seconds=10)
        assert service._committer.stats.commit_failures == 0
    assert world.count("reading") == 5 * 4
    assert world.count("conflict") == 0
    assert world.count("dead_letter") == 0


def last_seen(world: World) -> int:
    return max([at for (at,) in world.site_query("SELECT last_seen_at FROM collector")], default=0)


def test_a_delay_runs_out_on_time_when_our_clock_was_set_back_after_subscribing(tmp_path: Path, broker: Server) -> None:
    world = World(tmp_path, broker)
    world.seed(on_delay_s=2)
    running = Running(world, Moved(HOUR))
    with running.started():
        wait_for(lambda: world.count("config_snapshot") == 1, what="the configuration")
        running.clock.by_ms = 0
        world.publish([{"time": now_ms(), "values": {"ph": 9.5}}])
        ((raised,),) = world.await_rows("SELECT raised_at FROM alarm", 1, seconds=15)
        assert raised <= now_ms()


def test_a_device_that_is_ahead_is_believed_up_to_the_tolerance_and_no_further(world: World) -> None:
    clock = Moved()
    with Running(world, clock).started():
        ahead = now_ms() + FUTURE_TOLERANCE_MS
        world.publish([{"time": ahead - SECOND, "values": {"ph": 7.0}}, {"time": ahead + HOUR, "values": {"ph": 7.1}}])
        wait_for(lambda: world.count("reading") == 2, what="both readings")
    rows = world.query("SELECT value, observed_at - received_at, quality FROM reading ORDER BY value")
    assert [(value, quality) for value, _, quality in rows] == [(7.0, 0), (7.1, 1)]
    assert rows[0][1] > 0
    assert rows[1][1] == 0
