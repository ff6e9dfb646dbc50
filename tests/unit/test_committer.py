"""One transaction for everything a batch brings, and memory that never runs ahead of the disk."""

from __future__ import annotations

import sqlite3
from base64 import b64decode
from pathlib import Path

import orjson
import pytest

from collector.alarms.evaluator import Evaluator
from collector.domain.limits import Limit
from collector.domain.reading import Quality, Reading, Reason
from collector.ingest.committer import Committer
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.reading_table import ReadingTable

VOCABULARY = load_vocabulary(device_configs())
PIPELINE = Pipeline(load_library((device_configs(),), VOCABULARY), VOCABULARY)
NOW = 1_795_521_600_000
LIMIT = Limit("l", 1, "dairy.effluent", "ph", "high", "permit", "high", 9.0, 0.2)


class Plant:
    def __init__(self, path: Path, receive_maximum: int = 100) -> None:
        self.db = open_collector_db(path)
        self.evaluator = Evaluator(self.db)
        with transaction(self.db):
            self.evaluator.configure([LIMIT], NOW)
        self.committer = Committer(self.db, self.evaluator, receive_maximum, lambda: NOW)

    def count(self, table: str) -> int:
        return int(self.db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path / "collector.db")


def message(value: float, packet: int, *, duplicate: bool = False, time: int | None = None) -> Processed:
    content = {"values": {"ph": value}} | ({"time": time} if time else {})
    topic = "fieldproof/dairy/effluent/readings"
    return PIPELINE.process(Message(topic, orjson.dumps(content), 1, packet, duplicate, False, 1, NOW))


def test_a_redelivery_without_a_time_of_its_own_is_dropped_also_after_a_restart(tmp_path: Path) -> None:
    first = Plant(tmp_path / "collector.db")
    first.committer.commit([message(7.0, 1), message(7.0, 2)])
    first.db.close()
    second = Plant(tmp_path / "collector.db")
    second.committer.commit([message(7.0, 2, duplicate=True)])
    assert second.count("reading") == 2
    assert second.committer.stats.redelivered == 1


def test_the_same_packet_id_with_another_content_is_a_new_message(plant: Plant) -> None:
    plant.committer.commit([message(7.0, 1)])
    plant.committer.commit([message(7.1, 1, duplicate=True)])
    assert plant.count("reading") == 2


def test_a_duplicate_flag_on_a_message_we_never_stored_is_no_reason_to_drop_it(plant: Plant) -> None:
    plant.committer.commit([message(7.0, 9, duplicate=True)])
    assert plant.count("reading") == 1


def test_when_our_clock_is_set_back_readings_take_its_time_and_are_marked(tmp_path: Path) -> None:
    db = open_collector_db(tmp_path / "collector.db")
    table = ReadingTable(db)
    hour = 3_600_000
    with transaction(db):
        for received in (NOW, NOW, NOW - hour, NOW - hour):
            table.store([Reading("d", "ph", received, 7.0, Quality.GOOD, Reason.NONE, received, stamped=True)])
    rows = db.execute("SELECT observed_at - ?, quality FROM reading ORDER BY observed_at", (NOW,)).fetchall()
    assert rows == [(-hour, 1), (-hour + 1, 0), (0, 0), (1, 0)]


def test_after_a_new_session_the_packet_ids_of_the_old_one_mean_nothing(plant: Plant) -> None:
    plant.committer.commit([message(7.0, 1)])
    with transaction(plant.db):
        plant.committer.forget_deliveries("")
    plant.committer.commit([message(7.0, 1, duplicate=True)])
    assert plant.count("reading") == 2


def test_only_the_last_deliveries_are_remembered(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "collector.db", receive_maximum=3)
    for packet in range(1, 10):
        plant.committer.commit([message(7.0, packet)])
    assert plant.count("delivery") == 3


@pytest.mark.parametrize("restarted", [False, True])
def test_deliveries_that_need_no_pair_make_those_that_do_older(tmp_path: Path, restarted: bool) -> None:
    """The broker has gone round its packet ids: what comes now with DUP was cut off before it ever reached us."""
    plant = Plant(tmp_path / "collector.db", receive_maximum=3)
    plant.committer.commit([message(7.0, 1)])
    plant.committer.commit([message(7.0, packet, time=NOW + packet) for packet in (2, 3)])
    assert plant.count("delivery") == 1
    if restarted:
        plant.db.close()
        plant = Plant(tmp_path / "collector.db", receive_maximum=3)
    plant.committer.commit([message(7.0, 4, time=NOW + 4)])
    assert plant.count("delivery") == 0
    before = plant.count("reading")
    plant.committer.commit([message(7.0, 1, duplicate=True)])
    assert plant.count("reading") == before + 1


def test_what_comes_again_never_pushes_out_what_tells_it(tmp_path: Path) -> None:
    """A connection that is cut over and over: the same comes each time, and none of it is stored twice."""
    plant = Plant(tmp_path / "collector.db", receive_maximum=4)
    plant.committer.commit([message(7.0, 1), message(7.0, 2), *(message(7.0, n, time=NOW + n) for n in (3, 4))])
    before = plant.count("reading")
    for _ in range(5):
        for packet in (1, 2):
            plant.committer.commit([message(7.0, packet, duplicate=True)])
        plant.committer.commit([message(7.0, n, duplicate=True, time=NOW + n) for n in (3, 4)])
    assert plant.count("reading") == before
    assert plant.committer.stats.redelivered == 10


def test_what_is_known_of_deliveries_stays_bounded_when_packet_ids_are_used_again(tmp_path: Path) -> None:
    """A broker that gives the lowest free packet id, and a sensor that says the same all day."""
    plant = Plant(tmp_path / "collector.db", receive_maximum=10)
    for _ in range(20):
        plant.committer.commit([message(7.0, packet) for packet in (1, 2, 3, 4, 5)])
    assert plant.count("delivery") == 10
    plant.committer.commit([message(7.0, 5, duplicate=True)])
    assert plant.committer.stats.redelivered == 1


def test_each_broker_has_deliveries_of_its_own(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "collector.db", receive_maximum=3)

    def of(broker: str, packet: int, *, again: bool = False) -> Processed:
        item = message(7.0, packet, duplicate=again)
        return item._replace(message=item.message._replace(broker=broker))

    plant.committer.commit([of("quiet", 1)])
    for packet in range(1, 10):
        plant.committer.commit([of("busy", packet)])
    plant.committer.commit([of("quiet", 1, again=True), of("busy", 1, again=True)])
    assert plant.committer.stats.redelivered == 1
    assert plant.count("reading") == 11


@pytest.mark.parametrize("others", [3, 2_000])
def test_deliveries_for_other_collectors_count_also_when_nothing_else_comes(tmp_path: Path, others: int) -> None:
    plant = Plant(tmp_path / "collector.db", receive_maximum=3)
    plant.committer.commit([message(7.0, 1)])
    foreign = [message(7.0, packet).message for packet in range(2, 2 + others)]
    plant.committer.pass_over([*foreign], [])
    plant.committer.commit([] if others > 1_000 else [message(7.0, 9_000, time=NOW)])
    assert plant.committer.stats.foreign == others
    assert Plant(tmp_path / "collector.db").count("delivery") == 0


def test_a_failed_commit_leaves_nothing_behind_and_the_same_batch_can_be_stored_later(plant: Plant) -> None:
    batch = [message(9.5, 1, time=NOW - 1000), message(7.0, 2), message(9.9, 3, time=NOW + 1000)]
    (size,) = plant.db.execute("PRAGMA page_count").fetchone()
    plant.db.execute(f"PRAGMA max_page_count={size}")
    big = [message(7.0, packet) for packet in range(4, 3_000)]
    with pytest.raises(sqlite3.OperationalError, match="full"):
        plant.committer.commit(batch + big)
    assert [plant.count(table) for table in ("reading", "alarm", "outbox", "delivery", "series")] == [0] * 5
    plant.db.execute("PRAGMA max_page_count=1073741823")
    plant.committer.commit(batch)
    assert plant.count("reading") == 3
    assert plant.count("alarm") == 2
    assert plant.committer.stats.received == 3


def test_an_open_alarm_is_found_again_after_a_restart(tmp_path: Path) -> None:
    first = Plant(tmp_path / "collector.db")
    first.committer.commit([message(9.5, 1, time=NOW - 2000)])
    first.db.close()
    second = Plant(tmp_path / "collector.db")
    second.committer.commit([message(8.0, 2, time=NOW - 1000)])
    assert second.db.execute("SELECT raised_at, cleared_at FROM alarm").fetchall() == [(NOW - 2000, NOW - 1000)]


def test_a_changed_limit_clears_its_open_alarm_and_judges_afresh(plant: Plant) -> None:
    plant.committer.commit([message(9.5, 1, time=NOW - 2000)])
    with transaction(plant.db):
        plant.evaluator.configure([Limit("l", 2, "dairy.effluent", "ph", "high", "permit", "high", 9.4, 0.2)], NOW)
    plant.committer.commit([message(9.6, 2, time=NOW - 1000)])
    rows = plant.db.execute("SELECT cleared_at IS NULL FROM alarm ORDER BY raised_at").fetchall()
    assert rows == [(0,), (1,)]
    versions = plant.db.execute("SELECT kind, limit_version FROM alarm_transition ORDER BY at, kind DESC").fetchall()
    assert versions == [("raised", 1), ("cleared", 1), ("raised", 2)]


def device_entries(plant: Plant) -> list[dict[str, object]]:
    return [orjson.loads(body) for (body,) in plant.db.execute("SELECT body FROM outbox WHERE kind='device'")]


def test_a_device_is_told_of_with_the_last_of_its_messages_in_the_batch_cut_to_four_kilobytes(plant: Plant) -> None:
    long = PIPELINE.process(
        Message(
            "fieldproof/dairy/effluent/readings", b'{"values": {"ph": 7}}' + b" " * 5000, 1, 2, False, False, 1, NOW
        )
    )
    plant.committer.commit([message(7.0, 1), long])
    (entry,) = device_entries(plant)
    assert entry["last_topic"] == "fieldproof/dairy/effluent/readings"
    kept = b64decode(str(entry["last_payload"]))
    assert (kept[:21], len(kept), entry["last_payload_size"]) == (b'{"values": {"ph": 7}}', 4096, 5021)
    assert entry["last_message_at"] == NOW


def test_a_device_that_speaks_all_the_time_is_told_of_every_fifteen_seconds(tmp_path: Path) -> None:
    plant, now = Plant(tmp_path / "collector.db"), NOW
    committer = Committer(plant.db, plant.evaluator, 100, lambda: now)
    for packet in range(31):
        committer.commit([message(7.0, packet)])
        now += 1_000
    assert len(device_entries(plant)) == 3


def test_of_a_device_that_is_no_longer_new_a_message_goes_along_every_five_minutes(tmp_path: Path) -> None:
    plant, now = Plant(tmp_path / "collector.db"), NOW
    committer = Committer(plant.db, plant.evaluator, 100, lambda: now)
    for packet in range(80):
        committer.commit([message(7.0, packet)])
        now += 15_000
    told = ["last_topic" in entry for entry in device_entries(plant)]
    # With a message in the first 15 minutes, and then 5 minutes after the last of these.
    assert (len(told), sum(told[:60]), sum(told[60:])) == (80, 60, 1)
