"""A store that refuses all it is given, at a plant that sends one line at a time: no good line is buried."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.stores import forwarder as module
from collector.stores import outbox
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.entries import Entry, Kind, NewEntry
from collector.stores.forwarder import Forwarder
from collector.stores.influx_answers import Generation, judge
from collector.stores.outbox import Outbox
from collector.stores.refused import RETRY_AFTER_MS

T0 = 1_795_521_600_000
MINUTE = 60_000
DAY = 86_400_000


class Store:
    """3 Core; while `refuses`, its disk is full."""

    name = "influx"
    version: str | None = None
    batch = 5_000
    kinds: frozenset[Kind] = frozenset({"lines"})
    lazy: frozenset[Kind] = frozenset()
    generation, status = Generation.V3, 400
    says = '{"error":"write buffer error: wal error: No space left on device"}'

    def __init__(self) -> None:
        self.refuses = True
        self.guilty: set[bytes] = set()
        self.taken: set[bytes] = set()

    def deliver(self, entries: list[Entry]) -> None:
        lines = [line for entry in entries for line in entry.body.split(b"\n")]
        if self.refuses or self.guilty & set(lines):
            raise judge(self.generation, self.status, self.says, {}, len(lines))
        self.taken |= set(lines)


class Plant:
    """Its forwarder is moved by hand, and all waiting takes no time."""

    def __init__(self, path: Path, patch: pytest.MonkeyPatch) -> None:
        self.path, self._patch = path, patch
        self.now = T0
        self.db = open_collector_db(path)
        self.store = Store()
        outbox.set_destinations(self.db, ["influx"], T0)
        patch.setattr(module.time, "monotonic", lambda: self.now / 1_000)
        self.sent: set[bytes] = set()
        self.restart()

    def restart(self) -> None:
        self._forwarder = Forwarder(self.path, self.store, lambda: self.now)
        self._patch.setattr(self._forwarder._stop_asked, "wait", lambda _: False)
        self._patch.setattr(self._forwarder._wake, "wait", lambda _: False)
        self._box = Outbox(self.db, "influx", self.store.kinds)
        self._failures = 0

    def send(self, *lines: bytes) -> None:
        with transaction(self.db):
            outbox.append(self.db, [NewEntry("lines", len(lines), b"\n".join(lines))], self.now)
        self.sent |= set(lines)

    def go(self, minutes: int, *, sending: bool) -> None:
        for _ in range(minutes):
            if sending:
                self.send(b"readings,device=d value=1.0 %d" % self.now)
            for _ in range(3):
                self._failures = self._forwarder._round(self.db, self._box, self._failures)
            self.now += MINUTE

    def letters(self) -> list[tuple[str, bytes]]:
        return self.db.execute("SELECT reason, payload FROM dead_letter").fetchall()

    def waiting(self) -> int:
        sql = "SELECT (SELECT count(*) FROM parked) + (SELECT count(*) FROM outbox WHERE kind='lines')"
        return int(self.db.execute(sql).fetchone()[0])


@pytest.fixture
def plant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plant]:
    found = Plant(tmp_path / "collector.db", monkeypatch)
    yield found
    found.db.close()


def mend(plant: Plant) -> None:
    plant.store.refuses = False
    plant.go(10, sending=False)
    plant.now += 2 * DAY
    plant.go(50, sending=False)


def test_a_full_disk_of_3_core_over_a_weekend_buries_nothing(plant: Plant) -> None:
    plant.go(62 * 60, sending=True)
    assert plant.letters() == []
    mend(plant)
    assert (plant.store.taken, plant.waiting(), plant.letters()) == (plant.sent, 0, [])


def test_a_few_lines_of_a_plant_that_sends_hardly_anything_wait_for_as_long_as_nothing_is_taken(plant: Plant) -> None:
    """Too few to raise a suspicion: each is tried for itself, for a week, and again after a restart."""
    plant.store.says = "invalid column type for column 'value'"
    for _ in range(14):
        plant.go(1, sending=True)
        plant.go(3, sending=False)
        plant.now += DAY // 2
        plant.restart()
    assert (plant.waiting(), plant.letters()) == (14, [])
    mend(plant)
    assert (plant.store.taken, plant.waiting(), plant.letters()) == (plant.sent, 0, [])


def test_of_good_lines_one_that_is_refused_for_certain_is_buried_at_once(plant: Plant) -> None:
    plant.store.refuses, plant.store.guilty = False, {b"bad"}
    plant.store.generation, plant.store.status = Generation.V2, 422
    plant.store.says = "field type conflict: already exists as type string dropped=1"
    plant.send(b"one", b"bad", b"two")
    plant.go(1, sending=False)
    assert plant.letters() == [("type_conflict", b"bad")]


def test_alone_in_its_batch_it_is_buried_when_others_were_taken(plant: Plant) -> None:
    plant.store.refuses, plant.store.guilty = False, {b"bad"}
    plant.store.generation, plant.store.status = Generation.V2, 422
    plant.store.says = "field type conflict: already exists as type string dropped=1"
    plant.send(b"bad")
    plant.go(1, sending=False)
    assert (plant.waiting(), plant.letters()) == (1, [])
    plant.go(1 + RETRY_AFTER_MS[0] // MINUTE, sending=True)
    assert (plant.waiting(), plant.letters()) == (0, [("type_conflict", b"bad")])
