"""The forwarder: what is refused, what is tried again later, what stands aside, and how often it writes."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.errors import StoreRejected, StoreUnavailable
from collector.stores import forwarder as module
from collector.stores import outbox
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.delivery import SUSPICIOUS
from collector.stores.entries import Entry, Kind, NewEntry
from collector.stores.forwarder import Forwarder
from collector.stores.refused import RETRY_AFTER_MS
from tests.servers import wait_for

T0 = 1_795_521_600_000


class Store:
    """Takes lines and records; refuses what `refuses` names, with the words it is told to use."""

    name = "store"
    version: str | None = None
    batch = 1_000
    kinds: frozenset[Kind] = frozenset({"lines", "latest", "event"})
    lazy: frozenset[Kind] = frozenset({"latest"})

    def __init__(self) -> None:
        self.refuses: set[bytes] = set()
        self.refusal = StoreRejected("400: no")
        self.unavailable: StoreUnavailable | None = None
        self.calls: list[list[Entry]] = []
        self.taken: list[bytes] = []
        self.called = threading.Event()

    def deliver(self, entries: list[Entry]) -> None:
        self.calls.append(entries)
        self.called.set()
        if self.unavailable is not None:
            raise self.unavailable
        lines = [line for entry in entries if entry.kind == "lines" for line in entry.body.split(b"\n")]
        if self.refuses & set(lines):
            raise self.refusal
        self.taken += lines


class World:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "collector.db"
        self.db = open_collector_db(self.path)
        outbox.set_destinations(self.db, ["store"], 0)
        self.store = Store()
        self.now = T0
        self.forwarder = Forwarder(self.path, self.store, lambda: self.now)

    def put(self, kind: Kind, *bodies: bytes) -> None:
        with transaction(self.db):
            outbox.append(self.db, [NewEntry(kind, 1 + body.count(b"\n"), body) for body in bodies], self.now)
        self.forwarder.wake()

    def drained(self) -> bool:
        return not self.db.execute("SELECT 1 FROM outbox WHERE kind<>'dead_letter'").fetchone()

    def letters(self) -> list[tuple[str, bytes]]:
        return self.db.execute("SELECT reason, payload FROM dead_letter ORDER BY payload").fetchall()

    def parked(self) -> list[tuple[int, int]]:
        return self.db.execute("SELECT tries, next_try_at FROM parked").fetchall()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    found = World(tmp_path)
    yield found
    found.forwarder.stop()
    if found.forwarder.ident is not None:
        found.forwarder.join(10)
    found.db.close()


def start(world: World) -> None:
    world.forwarder.start()
    wait_for(world.drained, what="a drained outbox")


LINE = b"readings,site=plant,device=d,metric=ph value=1.0 5"


def test_a_refused_line_is_a_dead_letter_with_its_site_and_reason(world: World) -> None:
    world.store.refuses = {LINE}
    world.store.refusal = StoreRejected("400: field type conflict", reason="type_conflict")
    world.put("lines", b"one\n" + LINE + b"\ntwo", b"three")
    start(world)
    assert sorted(world.store.taken) == [b"one", b"three", b"two"]
    rows = world.db.execute("SELECT topic, site, reason, detail, payload, count FROM dead_letter").fetchall()
    assert rows == [("outbox/store/lines", "plant", "type_conflict", "400: field type conflict", LINE, 1)]
    # The letter itself goes to the site database.
    (body,) = world.db.execute("SELECT body FROM outbox WHERE kind='dead_letter'").fetchone() or (b"{}",)
    assert json.loads(body).get("reason", "type_conflict") == "type_conflict"


def test_what_may_be_the_stores_own_trouble_is_tried_again_later_and_taken(world: World) -> None:
    world.store.refuses = {LINE}
    world.store.refusal = StoreRejected("400: write-ahead log", doubtful=True)
    world.put("lines", LINE + b"\nother")
    start(world)
    wait_for(lambda: world.parked() == [(0, T0 + RETRY_AFTER_MS[0])], what="a parked line")
    assert world.letters() == []
    world.store.refuses = set()
    world.now = T0 + RETRY_AFTER_MS[0]
    wait_for(lambda: world.parked() == [], what="the line gone from the parked")
    assert sorted(world.store.taken) == [b"other", LINE]
    assert world.letters() == []


def test_a_parked_line_waits_longer_each_time_and_then_becomes_a_dead_letter(world: World) -> None:
    world.store.refuses = {LINE}
    world.store.refusal = StoreRejected("400: write-ahead log", doubtful=True)
    world.put("lines", LINE)
    start(world)
    for tries, delay in enumerate(RETRY_AFTER_MS):
        due = world.now + delay
        wait_for(lambda expected=(tries, due): world.parked() == [expected], what=f"try {tries}")
        world.now = due
    wait_for(lambda: world.parked() == [], what="the end of patience")
    assert world.letters() == [("refused", LINE)]
    assert world.store.taken == []


def test_a_parked_line_that_is_now_refused_for_certain_is_buried_at_once(world: World) -> None:
    world.store.refuses = {LINE}
    world.store.refusal = StoreRejected("400: who knows", doubtful=True)
    world.put("lines", LINE)
    start(world)
    wait_for(lambda: len(world.parked()) == 1, what="a parked line")
    world.store.refusal = StoreRejected("422: out of retention", reason="out_of_retention")
    world.now += RETRY_AFTER_MS[0]
    wait_for(lambda: world.letters() == [("out_of_retention", LINE)], what="a dead letter")
    assert world.parked() == []


def test_when_all_is_refused_nothing_is_buried_and_all_is_delivered_once_it_is_put_right(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ASIDE_S", 0.05)
    world.forwarder = Forwarder(world.path, world.store, lambda: world.now)
    old = [b"old%d" % number for number in range(3 * SUSPICIOUS)]
    world.store.refuses = set(old)
    world.store.refusal = StoreRejected("400: field type conflict", reason="type_conflict", wholesale=True)
    world.put("lines", b"\n".join(old))
    world.forwarder.start()
    wait_for(lambda: world.forwarder.progress.error is not None, what="an error that a person sees")
    assert "refuses all that is sent" in str(world.forwarder.progress.error)
    # What is newer does not wait for it.
    world.put("lines", b"new")
    wait_for(lambda: world.store.taken == [b"new"], what="the new line")
    assert not world.drained()
    world.store.refuses = set()
    wait_for(world.drained, what="a drained outbox")
    assert sorted(world.store.taken) == sorted([b"new", *old])
    assert world.letters() == []
    wait_for(lambda: world.forwarder.progress.error is None, what="no error any more")


@pytest.mark.parametrize("kind", ["lines", "latest"])
def test_a_backlog_is_drained_while_the_present_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    """An answer takes 80 ms and something is new every 50 ms: the newest lane always has something."""
    backlog, live = 20_000, 100
    seen: dict[int, float] = {}
    made: dict[int, float] = {}

    def deliver(entries: list[Entry]) -> None:
        time.sleep(0.08)
        seen.update((entry.seq, time.monotonic()) for entry in entries)

    monkeypatch.setattr(world.store, "deliver", deliver)
    world.put(kind, *[b"1"] * backlog)
    world.forwarder.start()
    for number in range(live):
        world.put(kind, b"1")
        made[backlog + 1 + number] = time.monotonic()
        time.sleep(0.05)
    assert len(seen) > backlog * 0.8
    wait_for(world.drained, what="all of the backlog")
    assert set(seen) == set(range(1, backlog + live + 1))
    # What came before the first look at the outbox belongs to the backlog.
    waits = sorted(seen[seq] - made[seq] for seq in list(made)[20:])
    assert waits[-1] < 1.5


def test_of_a_backlog_that_is_refused_no_lane_without_an_end_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_ASIDE_S", 0.02)
    world.forwarder = Forwarder(world.path, world.store, lambda: world.now)
    old = [b"old%d" % number for number in range(3 * SUSPICIOUS)]
    world.store.refuses = set(old)
    world.store.refusal = StoreRejected("400: field type conflict", reason="type_conflict", wholesale=True)
    world.put("lines", *old)
    world.forwarder.start()
    wait_for(lambda: world.forwarder.progress.error is not None, what="a lane that stands aside")
    world.put("lines", b"new1", b"new2")
    wait_for(lambda: len(world.store.taken) == 2, what="what is newer")
    tries = len(world.store.calls)
    wait_for(lambda: len(world.store.calls) > tries + 100, what="another try of the backlog")
    lanes = world.db.execute("SELECT after_seq, until_seq FROM lane ORDER BY after_seq").fetchall()
    assert all(until is None or after < until for after, until in lanes)


def test_a_store_that_asks_for_time_is_given_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        world.store.unavailable = None
        return False

    monkeypatch.setattr(world.forwarder._stop_asked, "wait", wait)
    world.store.unavailable = StoreUnavailable("slow down", retry_after_s=37)
    world.put("lines", LINE)
    start(world)
    assert waits == [37]


def test_after_a_failure_batches_are_smaller_and_grow_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow line the same large body would run into the same time limit for ever."""
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 3:
            world.store.unavailable = None
        return False

    monkeypatch.setattr(world.forwarder._stop_asked, "wait", wait)
    world.store.unavailable = StoreUnavailable("timed out")
    world.put("lines", *(b"%d" % number for number in range(2_000)))
    start(world)
    sizes = [len(call) for call in world.store.calls]
    assert sizes[:7] == [1_000, 500, 250, 125, 250, 500, 1_000]


def test_a_store_that_is_away_for_long_is_asked_again_within_a_minute_and_never_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        # A year goes by: nothing in the outbox is ever too old.
        world.now += 365 * 86_400_000 // 200
        if len(waits) == 200:
            world.store.unavailable = None
        return False

    monkeypatch.setattr(world.forwarder._stop_asked, "wait", wait)
    world.store.unavailable = StoreUnavailable("no route to host")
    world.put("lines", LINE)
    start(world)
    assert len(waits) == 200
    assert 30 < max(waits) <= 60
    assert world.store.taken == [LINE]
    assert world.letters() == []


def test_a_fault_of_ours_in_one_round_does_not_end_the_forwarding(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "_AGAIN_S", 0.01)
    real, faults = world.store.deliver, [RuntimeError("a fault of ours"), KeyError("another")]

    def deliver(entries: list[Entry]) -> None:
        if faults:
            raise faults.pop()
        real(entries)

    monkeypatch.setattr(world.store, "deliver", deliver)
    world.put("lines", LINE)
    start(world)
    assert world.store.taken == [LINE]
    assert caplog.text.count("forwarder failed, beginning again") == 2


def test_latest_values_gather_but_an_event_goes_at_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LAZY_S", 30.0)
    monkeypatch.setattr(module, "_LAZY_MOST_S", 30.0)
    world.put("latest", b"[1]")
    start(world)
    world.put("latest", b"[2]")
    world.put("latest", b"[3]")
    world.store.called.clear()
    assert not world.store.called.wait(0.5), "latest values alone are not worth a transaction yet"
    world.put("event", b"{}")
    wait_for(world.drained, 5, "an event that does not wait")
    assert [[entry.body for entry in call] for call in world.store.calls] == [[[1]], [[2], [3], {}]]


def test_a_stop_is_heard_while_it_waits_for_a_store_that_is_away(world: World) -> None:
    world.store.unavailable = StoreUnavailable("away", retry_after_s=300)
    world.put("lines", LINE)
    world.forwarder.start()
    wait_for(lambda: world.forwarder.progress.error == "away", what="the error")
    world.forwarder.stop()
    world.forwarder.join(2)
    assert not world.forwarder.is_alive()


def test_how_far_it_is_and_what_was_refused_are_noted_in_one_transaction(world: World) -> None:
    """Else a kill between the two would count one refused line twice."""
    world.store.refuses = {LINE}
    world.put("lines", LINE)
    real = outbox.prune

    def fail(db: sqlite3.Connection) -> int:
        real(db)
        raise sqlite3.OperationalError("disk I/O error")

    box = outbox.Outbox(world.db, "store", world.store.kinds)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "prune", fail)
        with pytest.raises(sqlite3.OperationalError):
            world.forwarder._send_one(world.db, box)
    assert world.letters() == []
    assert world.forwarder._send_one(world.db, box) == 1
    assert world.db.execute("SELECT count FROM dead_letter").fetchall() == [(1,)]
