"""The collector as a real process against a real mosquitto: what is stored, what is refused, what is forwarded."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from collector.clock import now_ms
from collector.ingest.raw import unpack
from collector.service import CollectorService
from collector.sitedb.engine import begin_write, make_engine
from collector.sitedb.tables import Command
from tests.servers import Server, wait_for
from tests.world import PH_LIMIT, TOPIC, World, publish

pytestmark = pytest.mark.services


@pytest.fixture
def world(tmp_path: Path, broker: Server) -> World:
    world = World(tmp_path, broker)
    world.seed()
    return world


@pytest.fixture
def collector(world: World) -> Iterator[Server]:
    server = world.collector()
    wait_for(lambda: world.query("SELECT version FROM config_snapshot") == [(1,)], what="the configuration")
    yield server
    server.stop()


def test_a_reading_is_converted_stored_and_shown_as_the_latest_value(world: World, collector: Server) -> None:
    at = now_ms() - 5_000
    world.publish([{"time": at, "values": {"ph": 7.1, "flow": 2}, "units": {"flow": "L/s"}}])
    points = world.await_rows("SELECT metric, value, quality, observed_at FROM point ORDER BY metric", 2)
    assert points == [("flow", pytest.approx(7.2), "good", at), ("ph", 7.1, "good", at)]


def test_the_same_reading_again_is_stored_once_and_another_value_is_kept_beside_it(
    world: World, collector: Server
) -> None:
    at = now_ms() - 5_000
    world.publish([{"time": at, "values": {"ph": value}} for value in (7.1, 7.1, 7.3, 7.3)])
    wait_for(lambda: world.count("conflict") == 1, what="the conflict")
    assert world.query("SELECT value FROM reading") == [(7.1,)]
    assert world.query("SELECT value FROM conflict") == [(7.3,)]


def test_messages_without_a_time_never_hide_one_another(world: World, collector: Server) -> None:
    world.publish([{"values": {"ph": 7.0}}] * 300)
    wait_for(lambda: world.count("reading") == 300, what="300 readings")


def test_what_cannot_be_read_becomes_a_dead_letter_with_its_reason_and_is_counted(
    world: World, collector: Server
) -> None:
    world.publish([b"garbage", b"garbage", b'{"values": {}}', {"values": {"ph": 7.0}}])
    letters = world.await_rows("SELECT reason, count FROM dead_letter ORDER BY reason", 2)
    wait_for(lambda: world.count("reading") == 1, what="the good reading after them")
    assert letters == [("bad_format", 1), ("not_json", 2)]


def test_messages_are_kept_as_they_came(world: World, collector: Server) -> None:
    world.publish([b"garbage", b'{"values": {"ph": 7}}'])
    wait_for(lambda: sum(row[0] for row in world.query("SELECT count FROM raw_block")) == 2, what="two raw messages")
    kept = [message for (body,) in world.query("SELECT body FROM raw_block") for message in unpack(body)]
    assert [(topic, payload) for _, topic, payload in kept] == [(TOPIC, b"garbage"), (TOPIC, b'{"values": {"ph": 7}}')]


def test_a_retained_message_is_no_new_reading(world: World) -> None:
    publish(world.broker.port, [{"values": {"ph": 4.0}}], retain=True)
    collector = world.collector()
    world.publish([{"values": {"ph": 7.0}}])
    wait_for(lambda: world.count("reading") == 1, what="the live reading")
    assert world.query("SELECT value FROM reading") == [(7.0,)]
    collector.stop()


def test_a_clock_far_ahead_is_replaced_by_the_time_of_receipt_and_flagged(world: World, collector: Server) -> None:
    world.publish([{"time": "2099-01-01T00:00:00Z", "values": {"ph": 7.0}}])
    ((quality, reasons, observed, received),) = world.await_rows(
        "SELECT quality, reasons, observed_at, received_at FROM point", 1
    )
    assert (quality, reasons, observed) == ("uncertain", '["clock"]', received)


def test_commits_are_durable_before_they_are_acknowledged(world: World, collector: Server) -> None:
    """Read on the collector's own connection, in a service made as the process makes it."""
    collector.stop()
    service = CollectorService(world.settings, lambda: None)
    assert service.durability() == ("wal", 2)
    service.close()


def test_a_new_device_appears_unassigned_for_a_manager_to_adopt(world: World, collector: Server) -> None:
    publish(world.broker.port, [{"values": {"ph": 7.0}}], "fieldproof/elsewhere/probe-7/readings")
    rows = world.await_rows("SELECT id, state, site_id FROM device WHERE state='unassigned'", 1)
    assert rows == [("elsewhere.probe-7", "unassigned", None)]


def test_an_alarm_is_raised_acknowledged_by_command_and_cleared(world: World, collector: Server) -> None:
    world.publish([{"values": {"ph": 9.4}}])
    ((alarm, condition),) = world.await_rows("SELECT id, condition FROM alarm", 1)
    assert condition == "active"
    command(world, alarm, "acknowledge", "dosing pump restarted")
    world.await_rows("SELECT id FROM alarm WHERE acknowledged_by='ann'", 1)
    world.publish([{"values": {"ph": 8.0}}])
    world.await_rows("SELECT id FROM alarm WHERE condition='cleared'", 1)
    kinds = world.site_query('SELECT kind, "by", note FROM alarm_transition ORDER BY recorded_at, at')
    assert kinds == [("raised", None, None), ("acknowledged", "ann", "dosing pump restarted"), ("cleared", None, None)]
    assert world.query("SELECT limit_id, revision FROM alarm") == [(PH_LIMIT, 3)]


def test_a_bad_reading_is_stored_and_shown_and_raises_no_alarm(world: World, collector: Server) -> None:
    world.publish([{"values": {"ph": 9.9}, "quality": {"ph": "calibration"}}])
    assert world.await_rows("SELECT quality, reasons FROM point", 1) == [("bad", '["calibration"]')]
    assert world.count("alarm") == 0


def test_a_delay_runs_out_with_no_message_coming(tmp_path: Path, broker: Server) -> None:
    world = World(tmp_path, broker)
    world.seed(on_delay_s=1)
    collector = world.collector()
    wait_for(lambda: world.count("config_snapshot") == 1, what="the configuration")
    at = now_ms()
    world.publish([{"time": at, "values": {"ph": 9.4}}])
    assert world.await_rows("SELECT raised_at FROM alarm", 1) == [(at + 1000,)]
    collector.stop()


def test_alarms_go_on_with_the_site_database_away_and_arrive_when_it_is_back(
    tmp_path: Path, broker: Server, own_postgres: Server
) -> None:
    url = f"postgresql+psycopg://fieldproof@127.0.0.1:{own_postgres.port}/postgres"
    world = World(tmp_path, broker, {"FIELDPROOF_DATABASE_URL": url})
    world.seed()
    collector = world.collector()
    wait_for(lambda: world.count("config_snapshot") == 1, what="the configuration")
    own_postgres.stop()
    world.publish([{"values": {"ph": 9.4}}])
    wait_for(lambda: world.count("alarm") == 1, what="the alarm in collector.db")
    assert world.count("outbox") > 0
    own_postgres.start()
    world.await_rows("SELECT id FROM alarm", 1, seconds=60)
    assert world.site_query("SELECT value FROM point") == [(9.4,)]
    collector.stop()


def test_an_excursion_that_was_over_before_we_came_back_is_no_alarm(tmp_path: Path, broker: Server) -> None:
    """The return to normal waits in the broker: time must not pass for the limit before it was read."""
    world = World(tmp_path, broker)
    world.seed(on_delay_s=300)
    collector = world.collector()
    wait_for(lambda: world.count("config_snapshot") == 1, what="the configuration")
    hour_ago = now_ms() - 3_600_000
    world.publish([{"time": hour_ago, "values": {"ph": 9.4}}])
    wait_for(lambda: world.query("SELECT phase FROM limit_state") == [("pending",)], what="the pending state")
    collector.kill()
    world.publish([{"time": hour_ago + 10_000 + i, "values": {"ph": 8.0}} for i in range(3_000)])
    collector = world.collector()
    wait_for(lambda: world.count("reading") == 3_001, what="all readings")
    assert world.count("alarm") == 0
    collector.stop()


def test_a_second_collector_on_the_same_folder_is_refused(world: World, collector: Server) -> None:
    command = [sys.executable, "-m", "webapp.cli", "collect"]
    env = {**os.environ, **world.env}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 78
    assert "runs on this data folder already" in done.stderr


def test_commands_of_a_new_site_database_are_carried_out_although_its_numbers_begin_again(
    world: World, collector: Server
) -> None:
    world.publish([{"values": {"ph": 9.4}}])
    ((alarm,),) = world.await_rows("SELECT id FROM alarm", 1)
    collector.stop()
    db = sqlite3.connect(world.data / "collector.db")
    db.execute("INSERT INTO applied_command VALUES ('of-the-old-database', 5000, ?)", (now_ms(),))
    db.commit()
    db.close()
    again = world.collector()
    command(world, alarm, "acknowledge", "done")
    world.await_rows("SELECT id FROM alarm WHERE acknowledged_by='ann'", 1)
    again.stop()


def test_a_collector_started_while_the_site_database_is_away_collects_at_once(
    tmp_path: Path, broker: Server, own_postgres: Server
) -> None:
    url = f"postgresql+psycopg://fieldproof@127.0.0.1:{own_postgres.port}/postgres"
    world = World(tmp_path, broker, {"FIELDPROOF_DATABASE_URL": url})
    own_postgres.stop()
    collector = world.collector()
    world.publish([{"values": {"ph": 7.4}}])
    wait_for(lambda: world.count("reading") == 1, what="the reading")
    own_postgres.start()
    wait_for(lambda: has_point(world), 60, "the reading in the site database, migrated by then")
    collector.stop()


def has_point(world: World) -> bool:
    try:
        return world.site_query("SELECT value FROM point") == [(7.4,)]
    except DBAPIError:
        return False


def command(world: World, alarm: str, op: str, note: str) -> str:
    ident = str(uuid.uuid4())
    engine = make_engine(world.settings.site_database_url)
    with begin_write(engine) as db:
        body = {"op": op, "note": note, "done_at": now_ms(), "by": "ann"}
        db.execute(
            Command.__table__.insert(),
            [{"id": ident, "kind": "alarm", "target": alarm, "body": body, "digest": "", "author": "ann",
              "created_at": now_ms()}],
        )  # fmt: skip
    engine.dispose()
    return ident
