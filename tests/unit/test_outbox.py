"""The outbox: in order, in two lanes after an outage, and never forgetting what was not delivered."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from collector.errors import StoreRejected, StoreUnavailable
from collector.stores import outbox
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.entries import Entry, Kind, NewEntry
from collector.stores.forwarder import Forwarder
from collector.stores.outbox import SPLIT_BEHIND, Outbox
from tests.servers import wait_for

EVERY: frozenset[Kind] = frozenset({"event", "latest", "lines", "readings"})


@pytest.fixture
def db(tmp_path: Path) -> sqlite3.Connection:
    found = open_collector_db(tmp_path / "collector.db")
    outbox.set_destinations(found, ["site", "influx"], 0)
    return found


def put(db: sqlite3.Connection, *numbers: int) -> None:
    with transaction(db):
        outbox.append(db, [NewEntry("event", 1, str(number).encode()) for number in numbers], 0)


def drain(box: Outbox, most: int, batches: int = 10_000) -> list[int]:
    got = []
    for _ in range(batches):
        found = box.next_batch(most)
        if found is None:
            break
        got += [entry.body for entry in found.entries]
        box.done(found.lane, found.through_seq)
    return got


def test_entries_come_in_the_order_they_were_put(db: sqlite3.Connection) -> None:
    put(db, *range(10))
    assert drain(Outbox(db, "site", EVERY), 3) == list(range(10))


def test_what_was_not_reported_done_comes_again(db: sqlite3.Connection) -> None:
    put(db, 1, 2)
    box = Outbox(db, "site", EVERY)
    box.next_batch(10)
    assert drain(Outbox(db, "site", EVERY), 10) == [1, 2]


def test_a_batch_is_bounded_by_what_its_entries_hold_and_takes_at_least_one(db: sqlite3.Connection) -> None:
    with transaction(db):
        outbox.append(db, [NewEntry("event", 700, b"1"), NewEntry("event", 700, b"2")], 0)
    found = Outbox(db, "site", EVERY).next_batch(500)
    assert found is not None
    assert [entry.body for entry in found.entries] == [1]


def test_after_an_outage_the_present_is_sent_before_the_backlog_and_both_arrive_once(db: sqlite3.Connection) -> None:
    backlog = list(range(SPLIT_BEHIND + 100))
    put(db, *backlog)
    box = Outbox(db, "site", EVERY)
    first = drain(box, 50, batches=1)
    put(db, -1, -2)
    assert drain(box, 50, batches=1) == [-1, -2]
    assert first + drain(box, 50) == backlog
    assert box.depth() == 0


def test_the_present_and_the_backlog_take_turns_however_much_is_new(db: sqlite3.Connection) -> None:
    backlog = list(range(SPLIT_BEHIND + 100))
    put(db, *backlog)
    box = Outbox(db, "site", EVERY)
    box.split()
    got = []
    for number in range(20):
        put(db, -1 - number)
        got += drain(box, 50, batches=1)
    assert got == [-1, *range(50), *[number for turn in range(1, 10) for number in
                                     (-2 * turn, -2 * turn - 1, *range(50 * turn, 50 * turn + 50))]]  # fmt: skip


def test_a_lane_is_not_split_where_nothing_is_left_of_what_it_had(db: sqlite3.Connection) -> None:
    """A lane (35, 30] would have no end."""
    put(db, *range(30))
    site, influx = Outbox(db, "site", EVERY), Outbox(db, "influx", EVERY)
    influx.split()
    put(db, -1, -2)
    drain(site, 100)
    assert drain(influx, 100, batches=1) == [-1, -2]
    outbox.prune(db)
    influx.split()
    assert [(lane.after_seq, lane.until_seq) for lane in influx.lanes()] == [(0, 30), (32, None)]


def test_a_lane_without_an_end_that_an_earlier_version_left_goes(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO lane VALUES ('influx', 35, 30)")
    outbox.set_destinations(db, ["site", "influx"], 1)
    assert len(Outbox(db, "influx", EVERY).lanes()) == 1


def test_what_is_given_up_with_a_destination_is_told(db: sqlite3.Connection, caplog: pytest.LogCaptureFixture) -> None:
    put(db, 1, 2, 3)
    drain(Outbox(db, "site", EVERY), 2, batches=1)
    outbox.set_destinations(db, ["influx"], 1)
    assert "destination=site entries=1" in caplog.text


def test_two_destinations_drain_apart_and_only_what_both_have_is_pruned(db: sqlite3.Connection) -> None:
    put(db, 1, 2, 3)
    site, influx = Outbox(db, "site", EVERY), Outbox(db, "influx", EVERY)
    drain(site, 10)
    outbox.prune(db)
    assert influx.depth() == 3
    drain(influx, 10)
    assert outbox.prune(db) == 3


def test_a_destination_that_is_no_longer_configured_does_not_hold_the_outbox(db: sqlite3.Connection) -> None:
    put(db, 1)
    drain(Outbox(db, "site", EVERY), 10)
    assert outbox.prune(db) == 0
    outbox.set_destinations(db, ["site"], 1)
    assert outbox.prune(db) == 1
    assert outbox.forwarding_since(db, "influx") is None


def test_a_destination_is_given_only_what_it_takes_and_passes_over_the_rest(db: sqlite3.Connection) -> None:
    with transaction(db):
        kinds: list[Kind] = ["latest", "lines", "latest", "lines"]
        outbox.append(db, [NewEntry(kind, 1, b"1") for kind in kinds], 7)
        outbox.append(db, [NewEntry("device", 1, b"2")], 8)
    site = Outbox(db, "site", ["latest", "device"])
    influx = Outbox(db, "influx", ["lines"])
    assert (site.depth(), influx.depth()) == (3, 2)
    assert site.holds(["device"])
    assert not influx.holds(["alarm"])
    assert (drain(site, 10), drain(influx, 10)) == ([1, 1, 2], [b"1", b"1"])
    assert (influx.oldest_at(), influx.depth()) == (None, 0)
    assert outbox.prune(db) == 5


def test_entries_that_are_not_for_a_destination_do_not_pile_up_behind_it(db: sqlite3.Connection) -> None:
    put(db, *range(10))
    drain(Outbox(db, "site", EVERY), 100)
    assert drain(Outbox(db, "influx", ["lines"]), 100) == []
    assert db.execute("SELECT count(*) FROM outbox").fetchone() == (0,)


def test_the_oldest_entry_is_found_in_whichever_lane_it_stands(db: sqlite3.Connection) -> None:
    with transaction(db):
        outbox.append(db, [NewEntry("latest", 1, b"1")] * (SPLIT_BEHIND + 1), 5)
    influx = Outbox(db, "influx", ["lines"])
    influx.split()
    with transaction(db):
        outbox.append(db, [NewEntry("lines", 1, b"1")], 9)
    assert influx.oldest_at() == 9


def test_what_was_sent_ahead_of_a_backlog_does_not_wait_for_it_on_disk(db: sqlite3.Connection) -> None:
    put(db, *range(SPLIT_BEHIND + 100))
    influx, site = Outbox(db, "influx", EVERY), Outbox(db, "site", EVERY)
    influx.split()
    put(db, -1, -2, -3)
    assert drain(influx, 2, batches=1) == [-1, -2]
    drain(site, 1_000)
    assert outbox.prune(db) == 2
    assert drain(influx, 1_000) == [*range(SPLIT_BEHIND + 100), -3]


def test_nothing_is_pruned_that_stands_in_a_lane_however_the_lanes_overlap(db: sqlite3.Connection) -> None:
    put(db, *range(100))
    with transaction(db):
        db.execute("DELETE FROM lane")
        lanes = [("site", 10, 60), ("site", 80, None), ("influx", 20, 40), ("influx", 70, 75), ("influx", 90, None)]
        db.executemany("INSERT INTO lane VALUES (?, ?, ?)", lanes)
    assert outbox.prune(db) == 10 + 10 + 5
    kept = [seq for (seq,) in db.execute("SELECT seq FROM outbox ORDER BY seq")]
    assert kept == [*range(11, 61), *range(71, 76), *range(81, 101)]


def test_a_lane_that_stands_aside_is_passed_by_and_comes_back_unchanged(db: sqlite3.Connection) -> None:
    put(db, 1, 2)
    box = Outbox(db, "site", EVERY)
    box.split()
    (aside, _) = box.lanes()
    put(db, 3)
    newer = box.next_batch(10, without=aside)
    assert newer is not None
    assert [entry.body for entry in newer.entries] == [3]
    box.done(newer.lane, newer.through_seq)
    assert box.next_batch(10, without=aside) is None
    assert drain(box, 10) == [1, 2]


def test_lanes_do_not_grow_in_number_however_often_one_is_split_off(db: sqlite3.Connection) -> None:
    box = Outbox(db, "site", EVERY)
    for number in range(10):
        put(db, number)
        box.split()
    assert len(box.lanes()) == 3
    assert sorted(drain(box, 1)) == list(range(10))


def test_a_batch_is_bounded_in_bytes_too(db: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BATCH_BYTES", 250)
    with transaction(db):
        outbox.append(db, [NewEntry("lines", 1, b"x" * 100)] * 3 + [NewEntry("lines", 1, b"y" * 1_000)], 0)
    box = Outbox(db, "influx", ["lines"])
    sizes = []
    while (batch := box.next_batch(100)) is not None:
        sizes.append([len(entry.body) for entry in batch.entries])
        box.done(batch.lane, batch.through_seq)
    assert sizes == [[100, 100], [100], [1_000]]


class Picky:
    """A destination that is away at first, and refuses odd numbers."""

    name = "picky"
    version: str | None = None
    batch = 100
    kinds = EVERY
    lazy: frozenset[Kind] = frozenset()

    def __init__(self) -> None:
        self.away = 2
        self.taken: list[int] = []

    def deliver(self, entries: list[Entry]) -> None:
        if self.away:
            self.away -= 1
            raise StoreUnavailable("away")
        numbers = [number for entry in entries if entry.kind == "readings" for number in entry.body]
        if any(number % 2 for number in numbers):
            raise StoreRejected("odd")
        self.taken += numbers


def test_a_refused_reading_alone_becomes_a_dead_letter_and_the_rest_arrive(tmp_path: Path) -> None:
    path = tmp_path / "collector.db"
    db = open_collector_db(path)
    outbox.set_destinations(db, ["picky"], 0)
    with transaction(db):
        outbox.append(db, [NewEntry("readings", 3, b"[2,4,5]"), NewEntry("readings", 2, b"[6,7]")], 0)
    picky = Picky()
    forwarder = Forwarder(path, picky, lambda: 1_000)
    forwarder.start()
    wait_for(lambda: db.execute("SELECT count(*) FROM outbox").fetchone() == (0,), what="an empty outbox")
    forwarder.stop()
    forwarder.join(10)
    assert picky.taken == [2, 4, 6]
    letters = db.execute("SELECT reason, detail, payload FROM dead_letter ORDER BY payload").fetchall()
    assert letters == [("refused", "odd", b"[5]"), ("refused", "odd", b"[7]")]
    db.close()


def test_after_a_restart_it_goes_on_where_it_was(db: sqlite3.Connection, tmp_path: Path) -> None:
    put(db, *range(10))
    first = drain(Outbox(db, "site", EVERY), 1, batches=4)
    db.close()
    with closing(open_collector_db(tmp_path / "collector.db")) as again:
        outbox.set_destinations(again, ["site", "influx"], 1)
        assert first + drain(Outbox(again, "site", EVERY), 1) == list(range(10))


def test_a_second_outage_takes_the_room_that_the_first_one_left(db: sqlite3.Connection) -> None:
    """The file is as large as the longest outage, not as all of them together."""
    sizes = []
    for _ in range(5):
        with transaction(db):
            outbox.append(db, [NewEntry("lines", 1_000, bytes(100_000))] * 100, 0)
        sizes.append(db.execute("PRAGMA page_count").fetchone()[0])
        for destination in ("site", "influx"):
            drain(Outbox(db, destination, EVERY), 10_000)
        assert outbox.prune(db) == 100
    assert sizes[4] <= sizes[0] * 1.01
