"""Trouble on the collector's own machine: a full disk, a locked site database, a clock that jumps."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from collector.clock import now_ms
from collector.domain.reading import Quality, Reason
from tests.conftest import need
from tests.faults.matrix import disk
from tests.faults.matrix.disk import Disk
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.plant import Plant
from tests.faults.matrix.stream import Numbered, Stream
from tests.servers import wait_for

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]
HOUR_S = 3_600
PRESENT = "fieldproof/plant/present/readings"


# -- a full disk -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(plant: Plant, readings: int) -> Iterator[Disk]:
    """Room for all that will be stored, until somebody else fills it."""
    if not disk.possible():
        pytest.skip("needs unshare -rm for a disk of its own")
    found = plant.disk = Disk(plant.data, megabytes=32 + readings // 500)
    yield found
    if plant.running is not None:
        plant.running.kill()
    found.close()


def until_nothing_is_stored(plant: Plant) -> None:
    wait_for(lambda: plant.said("cannot store") > 0, 60, "the collector's word that it cannot store")


def test_on_a_full_disk_nothing_is_acknowledged_and_it_goes_on_by_itself(
    plant: Plant, small_disk: Disk, ledger: Ledger, readings: int, rate: float
) -> None:
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    stream.reach(0.2)
    small_disk.fill()
    until_nothing_is_stored(plant)
    stream.finish()
    assert plant.stored_numbers() < readings
    assert plant.running is not None
    assert plant.running.process is not None
    assert plant.running.process.poll() is None
    small_disk.clear()
    ledger.settle()
    ledger.check(messages, stream)
    wait_for(lambda: plant.said("storing again") == 1, what="the collector's word that it is over")


def test_a_collector_killed_on_a_full_disk_had_acknowledged_only_what_is_stored(
    plant: Plant, small_disk: Disk, ledger: Ledger, readings: int, rate: float
) -> None:
    """What it held in memory is gone with it: had any of that been acknowledged, it would be lost."""
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    collector = plant.collector()
    stream.start()
    stream.reach(0.2)
    small_disk.fill()
    until_nothing_is_stored(plant)
    stream.reach(0.7)
    collector.kill()
    small_disk.clear()
    plant.collector()
    stream.finish()
    ledger.settle()
    ledger.check(messages, stream)


# -- the site database -------------------------------------------------------------------------------------------------


def test_a_locked_site_database_holds_up_neither_ingest_nor_alarms(
    plant: Plant, ledger: Ledger, readings: int, rate: float
) -> None:
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    wait_for(lambda: plant.said("configuration taken") == 1, what="the limits")
    with closing(sqlite3.connect(plant.data / "site.db", isolation_level=None)) as site:
        site.execute("BEGIN EXCLUSIVE")
        stream.start()
        stream.reach(0.5)
        plant.publish([{"values": {"ph": 9.9}}])
        wait_for(lambda: plant.count("alarm") == 1, what="the alarm in collector.db")
        stream.finish()
        wait_for(lambda: plant.stored_numbers() == readings, 30, "all readings in collector.db")
        plant.await_influx(readings)
        assert site.execute("SELECT count(*) FROM alarm").fetchone() == (0,)
        assert ledger.latest() == {}
        site.execute("ROLLBACK")
    ledger.settle(120)
    ledger.check(messages, stream)
    assert plant.site_query("SELECT condition, value FROM alarm") == [("active", 9.9)]


# -- the clock ---------------------------------------------------------------------------------------------------------


# faketime 0.9.10 refuses a sleep until a moment of the monotonic clock, and that is how Python sleeps.
SLEEPING_OTHERWISE = """
import runpy, select, time
time.sleep = lambda seconds: select.select([], [], [], seconds)
runpy.run_module("webapp.cli", run_name="__main__")
"""


class Clock:
    """The wall clock that the collector sees, as far from the right one as it is set. Needs Debian's faketime."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.set(0)

    @property
    def env(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self.library()),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            # What measures spans goes on as it does: only the time of day jumps.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @staticmethod
    def library() -> Path | None:
        return next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)

    def set(self, seconds: int) -> None:
        # A rename: the collector may read at any moment.
        new = self._file.with_suffix(".new")
        new.write_text(f"{seconds:+d}\n")
        new.rename(self._file)


@pytest.fixture
def clock(plant: Plant, tmp_path: Path) -> Clock:
    need("faketime", Clock.library() is not None)
    found = Clock(tmp_path / "clock")
    plant.extra |= found.env
    plant.program = ("-c", SLEEPING_OTHERWISE)
    return found


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["an hour ahead", "an hour back"])
def test_the_clock_jumps_and_later_jumps_back(
    plant: Plant, clock: Clock, ledger: Ledger, readings: int, rate: float, jump_s: int
) -> None:
    """Commits, acknowledgements, forwarding and reconnecting go on at once, and no reading goes astray."""
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    stream.reach(0.2)
    clock.set(jump_s)
    stream.reach(0.4)
    plant.mqtt.cut()
    present = now_ms()
    plant.publish([{"time": present, "values": {"ph": 7.0}}], PRESENT)
    wait_for(lambda: bool(plant.query(_OF_PRESENT)), 20, "a reading after the jump")
    stream.reach(0.7)
    clock.set(0)
    stream.reach(0.8)
    plant.mqtt.cut()
    stream.finish()
    ledger.settle(60)
    ledger.check(messages, stream)
    ((at, quality, reasons, received_at),) = plant.query(_OF_PRESENT)
    assert abs(received_at - present - 1000 * jump_s) < 60_000
    if jump_s > 0:
        assert (at, quality, reasons) == (present, Quality.GOOD, Reason.NONE)
    else:
        # By that clock it came from the future: kept at the time of receipt, and marked.
        assert (at, quality, reasons) == (received_at, Quality.UNCERTAIN, Reason.CLOCK)
    assert plant.losses() == []


_OF_PRESENT = (
    "SELECT observed_at, quality, reasons, received_at FROM reading JOIN series ON id=series_id"
    " WHERE device='plant.present'"
)
