"""`fieldproof doctor` on a data folder that several collectors share."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from collector.clock import now_ms
from collector.doctor import clocks, database, disk, division, session
from collector.doctor.finding import State, amount
from collector.doctor.patient import Patient, messages_a_second
from collector.sharding import plan as plans
from collector.sharding.layout import PLAN, Shard, record
from collector.sitedb.tables import Collector
from collector.stores.collector_db import MIGRATIONS, open_collector_db, set_meta, transaction
from tests.integration.doctor_ward import BROKER, HOUR, damage, messages, only, readings, used, write
from webapp.db import Database


@pytest.fixture
def who(tmp_path: Path) -> Patient:
    return used(tmp_path)


def divided(who: Patient, count: int, *made: int) -> list[Path]:
    """The files of `count` collectors, or of those of them that have run."""
    shards = [Shard(index, count) for index in made or range(count)]
    for shard in shards:
        with closing(open_collector_db(shard.database(who.settings.data))) as db, transaction(db):
            record(db, shard, "abcd1234", {})
            set_meta(db, f"session.{BROKER}", "1")
            set_meta(db, f"last_received_at.{BROKER}", str(now_ms() - shard.index * HOUR))
    return [shard.database(who.settings.data) for shard in shards]


def reported(who: Patient, index: int, at: int, **stats: Any) -> None:
    report = Collector(
        id=f"fieldproof-abcd1234-{index}", started_at=0, last_seen_at=at, connected=True, broker=BROKER,
        config_version=1, stats={"brokers": {BROKER: True}, **stats},
    )  # fmt: skip
    with Database(who.engine).write() as db:
        db.add(report)


def test_of_several_files_the_damaged_one_is_named(who: Patient) -> None:
    first, second = divided(who, 2)
    damage(second)
    found = list(database.look(who))
    assert only(found, State.OK).what.startswith(f"{first} is whole")
    assert only(found, State.BAD).what.startswith(f"{second} is damaged")
    assert only(list(session.look(who)), State.UNKNOWN).what.startswith(f"not looked at: cannot read {second}")


def test_what_a_collector_reported_is_told_also_when_its_file_cannot_be_read(who: Patient) -> None:
    _, second = divided(who, 2)
    damage(second)
    trouble = {"kind": "corrupt", "detail": "file is not a database"}
    reported(who, 1, now_ms(), trouble=trouble)
    assert "fieldproof-abcd1234-1 cannot store (corrupt)" in only(list(session.look(who)), State.BAD).what


def test_what_is_wrong_with_one_of_several_files_bears_its_name(who: Patient) -> None:
    _, second = divided(who, 2)
    write(who, f"PRAGMA user_version={len(MIGRATIONS) + 1}", [()], second)
    assert only(list(database.look(who)), State.BAD).what.startswith(f"{second}: it was written by a newer version")


def test_what_a_reshard_left_is_not_called_damaged_and_what_is_damaged_outlives_its_collector(who: Patient) -> None:
    who.settings.data.joinpath("collector-2.db.retired-20261125").touch()
    who.settings.data.joinpath("collector-3.db.corrupt-20261125").touch()
    assert only(list(database.look(who)), State.WARN).what.endswith("set aside: collector-3.db.corrupt-20261125")


def test_each_collectors_session_is_told(who: Patient) -> None:
    divided(who, 3)
    assert [finding.what for finding in session.look(who)] == [
        f"{BROKER} holds a session for the collector fieldproof-abcd1234-0; the last message came just now",
        f"{BROKER} holds a session for the collector fieldproof-abcd1234-1; the last message came 60 min ago",
        f"{BROKER} holds a session for the collector fieldproof-abcd1234-2; the last message came 2 h ago",
    ]


def test_a_collector_at_work_whose_devices_have_long_been_silent_is_in_order(who: Patient) -> None:
    """A reshard may leave it no device at all."""
    divided(who, 2)
    later = now_ms() + 8 * 24 * HOUR
    reported(who, 1, later)
    who.clock = lambda: later
    found = list(session.look(who))
    assert only(found, State.BAD).what.startswith(
        f"nothing has come from {BROKER} to the collector fieldproof-abcd1234-0"
    )
    assert any("fieldproof-abcd1234-1; the last message came 8 days ago" in finding.what for finding in found)


def test_devices_messages_and_growth_of_all_files_count(who: Patient) -> None:
    now = now_ms()
    files = divided(who, 2)
    for file in files:
        readings(who, f"ahead-{file.stem}", -120, file=file)
        messages(who, 50, 100, file)
        write(who, "INSERT INTO device VALUES ('d', 'd', NULL, NULL, ?, ?)", [(now - 24 * HOUR, now)], file)
    told = only([finding for finding in clocks.look(who) if "devices" in finding.what], State.WARN).what
    assert "ahead-collector (2 min)" in told
    assert "ahead-collector-1 (2 min)" in told
    assert messages_a_second(who) == pytest.approx(100, rel=0.03)
    size = sum(file.stat().st_size for file in files)
    assert f"readings take {amount(size)} a day" in " ".join(finding.what for finding in disk.look(who))


def test_messages_that_came_before_a_reshard_are_not_counted_into_the_rate_of_now(who: Patient) -> None:
    first, second = divided(who, 2)
    messages(who, 50, 100, first)
    write(who, "UPDATE raw_block SET first_received_at=first_received_at-?, last_received_at=last_received_at-?",
          [(5 * HOUR, 5 * HOUR)], first)  # fmt: skip
    messages(who, 20, 100, second)
    assert messages_a_second(who) == pytest.approx(20, rel=0.03)


def test_a_reshard_that_was_interrupted_is_bad_and_says_how_to_go_on(who: Patient) -> None:
    divided(who, 2)
    plan = plans.Plan.new(2, 3)
    plans.save(who.settings.data, plan)
    found = only(list(division.look(who)), State.BAD)
    assert "'fieldproof reshard 3' was begun and not finished" in found.what
    assert "run 'fieldproof reshard 3' again, or take it back with 'fieldproof reshard 2'" in found.change
    plans.save(who.settings.data, replace(plan, phase="move"))
    assert "take it back" not in only(list(division.look(who)), State.BAD).change
    (who.settings.data / PLAN).write_text("not JSON")
    assert "run 'fieldproof reshard' again" in only(list(division.look(who)), State.BAD).change


def test_a_collector_that_never_ran_and_one_of_another_division_are_told(who: Patient) -> None:
    divided(who, 3, 0, 1)
    found = only(list(division.look(who)), State.BAD)
    assert found.what.startswith("collector 2/3 has never run here")
    assert found.change == "Start it: 'fieldproof collect --shard 2/3'."
    divided(who, 5, 2)
    assert "collector-2.db is of collector 2/5" in only(list(division.look(who)), State.BAD).what


def test_collectors_that_are_all_there_are_in_order_and_one_alone_is_not_spoken_of(who: Patient) -> None:
    assert list(division.look(who)) == []
    divided(who, 3)
    before = sorted(who.settings.data.iterdir())
    assert "3 collectors share the devices" in only(list(division.look(who)), State.OK).what
    assert sorted(who.settings.data.iterdir()) == before, "looking made something"
