"""The collector's own disk and file fail under it: it says so, acknowledges nothing, and goes on by itself."""

from __future__ import annotations

import json
import random
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from collector.clock import now_ms
from collector.errors import StoreUnavailable
from collector.ingest.mqtt.source import RECEIVE_MAXIMUM
from collector.ingest.pipeline import Processed
from collector.service import CollectorService
from collector.stores.set_aside import set_aside_files
from collector.stores.sqlite_readings import SqliteReadingStore
from tests.faults.matrix import disk as disks
from tests.faults.matrix.disk import Disk
from tests.servers import Server, free_port, wait_for
from tests.world import World

pytestmark = [pytest.mark.services, pytest.mark.timeout(120)]
PAGE = 4096
DEVICE = "fieldproof/plant/meter/readings"
READINGS = "SELECT value FROM reading JOIN series ON id=series_id WHERE device='plant.meter' ORDER BY value"
EVENTS = "SELECT kind, detail, started_at, ended_at FROM collector_event ORDER BY ended_at"


@pytest.fixture
def world(tmp_path: Path, broker: Server) -> World:
    """The site database stands elsewhere: it hears of the trouble."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    world = World(tmp_path, broker, {"FIELDPROOF_DATABASE_URL": f"sqlite:///{folder / 'site.db'}"})
    world.seed()
    return world


@pytest.fixture
def small_disk(world: World) -> Iterator[Disk]:
    if not disks.possible():
        pytest.skip("needs unshare -rm for a disk of its own")
    found = Disk(world.data, megabytes=8)
    yield found
    found.close()


def launch(world: World, disk: Disk | None = None) -> Server:
    """Without waiting for it to connect: it may have to wait for its disk."""
    launcher = disk.launcher if disk else []
    log = world.folder / "collector.log"
    command = [*launcher, sys.executable, "-m", "webapp.cli", "collect"]
    return Server(command, 0, env=world.env, ready=lambda: True, log=log).start()


def said(world: World, phrase: str) -> int:
    log = world.folder / "collector.log"
    return sum(phrase in line for line in log.read_text(errors="replace").splitlines())


def trouble(world: World) -> str | None:
    """As the last heartbeat tells it."""
    rows = world.site_query("SELECT stats FROM collector ORDER BY last_seen_at DESC")
    found = json.loads(rows[0][0])["trouble"] if rows else None
    return found["kind"] if found else None


def publish(world: World, first: int, last: int) -> None:
    world.publish([{"values": {"energy_import": n}} for n in range(first, last)], DEVICE)


def numbers(first: int, last: int) -> list[tuple[float]]:
    return [(float(n),) for n in range(first, last)]


@pytest.mark.parametrize("broken", ["full", "read-only"])
def test_started_on_a_disk_that_cannot_be_written_it_waits_and_says_what_to_do(
    world: World, small_disk: Disk, broken: str
) -> None:
    remount = [*small_disk.launcher, "mount", "-o"]
    if broken == "full":
        small_disk.fill()
    else:
        subprocess.run([*remount, "remount,ro", str(world.data)], check=True)
    collector = launch(world, small_disk)
    wait_for(lambda: said(world, "cannot store") > 0, what="the word that it cannot store")
    assert said(world, f"trouble={'disk_full' if broken == 'full' else 'read_only'}") == 1
    assert said(world, "Traceback") == 0
    if broken == "full":
        small_disk.clear()
    else:
        subprocess.run([*remount, "remount,rw", str(world.data)], check=True)
    wait_for(lambda: said(world, "storing again") == 1, what="the collector")
    wait_for(lambda: said(world, "connected to the broker") == 1, what="the connection")
    publish(world, 0, 10)
    wait_for(lambda: small_disk.query("collector.db", READINGS) == numbers(0, 10), what="the readings")
    collector.stop()
    ((kind, detail, start, end),) = world.site_query(EVENTS)
    assert (kind, detail.split(":")[0]) == ("storage_trouble", "disk_full" if broken == "full" else "read_only")
    assert start < end


def test_a_full_disk_is_told_by_the_heartbeat_and_in_one_line_and_the_connection_stays(
    world: World, small_disk: Disk
) -> None:
    collector = launch(world, small_disk)
    wait_for(lambda: said(world, "connected to the broker") == 1, what="the connection")
    publish(world, 0, 10)
    wait_for(lambda: small_disk.query("collector.db", READINGS) == numbers(0, 10), what="the first readings")
    small_disk.fill()
    publish(world, 10, 2_000)
    wait_for(lambda: trouble(world) == "disk_full", what="the heartbeat's word")
    assert said(world, "cannot store") == 1
    small_disk.clear()
    wait_for(lambda: small_disk.query("collector.db", READINGS) == numbers(0, 2_000), what="all readings")
    wait_for(lambda: trouble(world) is None, what="the heartbeat's word that it is over")
    assert said(world, "connected to the broker") == 1
    collector.stop()
    assert [kind for kind, *_ in world.site_query(EVENTS)] == ["storage_trouble"]


def test_a_disk_that_takes_no_more_writes_for_a_while(world: World) -> None:
    """Its own limit of file sizes does to a process what a failing disk does: writes end with an error."""
    collector = world.collector()
    publish(world, 0, 10)
    wait_for(lambda: world.count("reading") == 10, what="the first readings")
    assert collector.process is not None
    # The write-ahead log cannot grow any more, and the collector's own log still can.
    size = (world.data / "collector.db-wal").stat().st_size
    pid, limit = collector.process.pid, resource.RLIMIT_FSIZE
    before = resource.prlimit(pid, limit)
    resource.prlimit(pid, limit, (size, before[1]))
    publish(world, 10, 500)
    wait_for(lambda: said(world, "trouble=unwritable") == 1, what="the word that it cannot store")
    assert world.query(READINGS) == numbers(0, 10)
    resource.prlimit(pid, limit, before)
    wait_for(lambda: world.query(READINGS) == numbers(0, 500), what="all readings")
    wait_for(lambda: len(world.site_query(EVENTS)) == 1, what="the event")
    collector.stop()


def damage(file: Path) -> None:
    """Every page but the first, where SQLite will have to read it."""
    with closing(sqlite3.connect(file, timeout=10)) as db:
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    content = bytearray(file.read_bytes())
    for start in range(PAGE, len(content), PAGE):
        content[start : start + 50] = random.Random(start).randbytes(50)
    file.write_bytes(content)


def test_a_file_damaged_under_a_running_collector_is_set_aside_and_nothing_acknowledged_later_is_lost(
    world: World,
) -> None:
    file = world.data / "collector.db"
    collector = world.collector()
    wait_for(lambda: world.query("SELECT version FROM config_snapshot") == [(1,)], what="the configuration")
    publish(world, 0, 100)
    wait_for(lambda: world.count("reading") == 100, what="the first readings")
    client = world.query("SELECT value FROM meta WHERE key='installation'")
    damage(file)
    publish(world, 100, 1_000)
    wait_for(lambda: len(set_aside_files(file)) == 1, what="the file to be set aside")
    wait_for(lambda: set(numbers(100, 1_000)) <= set(stored(file)), 30, "what came after the damage")
    publish(world, 1_000, 1_010)
    wait_for(lambda: set(numbers(1_000, 1_010)) <= set(stored(file)), what="what came afterwards")
    assert len(stored(file)) == len(set(stored(file)))
    assert world.query("SELECT value FROM meta WHERE key='installation'") == client
    assert said(world, "session_present=False") == 1
    wait_for(lambda: events(world) >= {"database_set_aside", "database_salvaged"}, what="the events")
    assert SqliteReadingStore(file).raw("plant.meter", "energy_import", 0, now_ms() + 60_000, 10_000).t
    assert said(world, "Traceback") == 0
    collector.stop()


def events(world: World) -> set[str]:
    return {kind for kind, *_ in world.site_query(EVENTS)}


def stored(file: Path) -> list[tuple[float]]:
    """What is there, also in the moment when one file takes the place of the other."""
    try:
        found = SqliteReadingStore(file).raw("plant.meter", "energy_import", 0, now_ms() + 60_000, 10_000)
    except StoreUnavailable:
        return []
    return [(value,) for value in found.value if value is not None]


def test_a_file_damaged_while_the_collector_was_away_keeps_alarms_and_what_waits(world: World) -> None:
    collector = world.collector()
    wait_for(lambda: world.query("SELECT version FROM config_snapshot") == [(1,)], what="the configuration")
    world.publish([{"values": {"ph": 9.9}}])
    ((alarm,),) = world.await_rows("SELECT id FROM alarm WHERE condition='active'", 1)
    publish(world, 0, 3_000)
    wait_for(lambda: world.query(READINGS) == numbers(0, 3_000), what="the readings")
    collector.stop()
    file = world.data / "collector.db"
    with closing(sqlite3.connect(file)) as db:
        (page,) = db.execute("SELECT max(pageno) FROM dbstat WHERE name='reading' AND pagetype='leaf'").fetchone()
    content = bytearray(file.read_bytes())
    content[(page - 1) * PAGE : (page - 1) * PAGE + 200] = b"\xff" * 200
    file.write_bytes(content)
    publish(world, 3_000, 3_100)
    collector = world.collector()
    wait_for(lambda: set(numbers(3_000, 3_100)) <= set(stored(file)), what="what the broker kept")
    wait_for(lambda: len(stored(file)) >= 2_500, what="most of the readings")
    assert world.query("SELECT id FROM alarm JOIN limit_state ON alarm_id=id WHERE cleared_at IS NULL") == [(alarm,)]
    world.publish([{"values": {"ph": 8.0}}])
    world.await_rows("SELECT id FROM alarm WHERE condition='cleared'", 1)
    assert world.site_query("SELECT count(*) FROM alarm") == [(1,)]
    collector.stop()


def test_a_folder_in_the_place_of_the_file_is_waited_for(world: World) -> None:
    file = world.data / "collector.db"
    file.mkdir()
    collector = launch(world)
    wait_for(lambda: said(world, "cannot store") > 0, what="the word that it cannot store")
    file.rmdir()
    wait_for(lambda: said(world, "storing again") == 1, what="the collector")
    assert said(world, "Traceback") == 0
    collector.stop()


def test_what_is_held_is_bounded_by_what_the_broker_may_send_unacknowledged(world: World) -> None:
    """And the broker is answered meanwhile: it keeps the connection, and sends nothing twice."""
    service = CollectorService(world.settings, lambda: None)
    commit, failing = service._committer.commit, threading.Event()

    def maybe(batch: Sequence[Processed], tick_to: int | None = None) -> None:
        if failing.is_set():
            raise sqlite3.OperationalError("made up by a test")
        commit(batch, tick_to)

    service._committer.commit = maybe  # type: ignore[method-assign]
    stop = threading.Event()
    running = threading.Thread(target=service.run, args=(stop,))
    running.start()
    wait_for(lambda: service._sources[0].subscribed_at is not None, what="the subscription")
    failing.set()
    publish(world, 0, RECEIVE_MAXIMUM + 2_000)
    wait_for(lambda: len(service._loop._batch) == RECEIVE_MAXIMUM, what="a full window")
    failing.clear()
    wait_for(lambda: world.count("reading") == RECEIVE_MAXIMUM + 2_000, 30, "all readings")
    stop.set()
    running.join(30)
    assert service._committer.stats.redelivered == 0
    assert service._committer.stats.received == RECEIVE_MAXIMUM + 2_000


@pytest.mark.parametrize("broken", ["full", "read-only"])
@pytest.mark.parametrize("command", [["up", "--demo"], ["serve"]])
def test_started_by_hand_on_such_a_disk_a_command_says_what_to_do(
    world: World, small_disk: Disk, broken: str, command: list[str]
) -> None:
    remount = [*small_disk.launcher, "mount", "-o", "remount,ro", str(world.data)]
    small_disk.fill() if broken == "full" else subprocess.run(remount, check=True)
    run = [*small_disk.launcher, sys.executable, "-m", "webapp.cli", *command, "--data", str(world.data)]
    done = subprocess.run([*run, "--port", str(free_port())], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout.count("Traceback") + done.stderr.count("Traceback")) == (1, 0)
    assert "Failed: " in done.stderr
