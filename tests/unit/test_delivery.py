"""Cutting a refused batch down to what is refused, without asking more often than it is worth."""

from __future__ import annotations

import pytest

from collector.errors import StoreRejected, StoreUnavailable
from collector.stores.delivery import SUSPICIOUS, Delivery, EverythingRefused
from collector.stores.entries import Entry, Kind


class Store:
    """Refuses the lines of a set, as InfluxDB does: a request with one of them in it."""

    name = "store"
    version: str | None = None
    kinds: frozenset[Kind] = frozenset({"lines"})
    lazy: frozenset[Kind] = frozenset()
    batch = 5_000

    def __init__(self, refused: set[int], *, wholesale: bool = True, tells_count: bool = False) -> None:
        self.refused = {b"%d" % number for number in refused}
        self.wholesale, self.tells_count = wholesale, tells_count
        self.taken: set[bytes] = set()
        self.requests = 0

    def deliver(self, entries: list[Entry]) -> None:
        self.requests += 1
        lines = [line for entry in entries for line in entry.body.split(b"\n")]
        guilty = [line for line in lines if line in self.refused]
        if guilty:
            every = self.tells_count and len(guilty) == len(lines)
            raise StoreRejected("no", wholesale=self.wholesale, every=every)
        self.taken |= set(lines)


def batch(*numbers: int, each: int = 1_000) -> list[Entry]:
    lines = [b"%d" % number for number in numbers]
    return [
        Entry(seq, "lines", b"\n".join(lines[begin : begin + each]))
        for seq, begin in enumerate(range(0, len(lines), each))
    ]


def numbers(store: Store) -> set[int]:
    return {int(line) for line in store.taken}


def send(store: Store, entries: list[Entry]) -> list[int]:
    return [int(one.entry.body) for one in Delivery(store, lambda: False).send(entries)]


def test_a_batch_that_is_taken_is_one_request() -> None:
    store = Store(set())
    assert send(store, batch(*range(5_000))) == []
    assert store.requests == 1


def test_one_guilty_line_of_5000_is_found_and_all_others_are_taken() -> None:
    store = Store({3_217})
    assert send(store, batch(*range(5_000))) == [3_217]
    assert numbers(store) == set(range(5_000)) - {3_217}
    assert store.requests < 40


def test_scattered_guilty_lines_are_each_found_across_entries() -> None:
    guilty = {0, 999, 1_000, 2_500, 4_999}
    store = Store(guilty)
    assert send(store, batch(*range(5_000))) == sorted(guilty)
    assert numbers(store) == set(range(5_000)) - guilty


def test_a_stretch_of_guilty_lines_is_refused_line_by_line_while_others_are_taken() -> None:
    """The store takes what else there is: then the fault is in the lines, however many they are."""
    guilty = set(range(100, 400))
    store = Store(guilty)
    assert send(store, batch(*range(2_000))) == sorted(guilty)
    assert numbers(store) == set(range(2_000)) - guilty


def test_when_nothing_of_a_batch_is_taken_no_line_is_blamed_and_few_requests_are_spent() -> None:
    store = Store(set(range(5_000)))
    with pytest.raises(EverythingRefused, match="refuses all that is sent: no"):
        send(store, batch(*range(5_000)))
    assert store.requests < 100


def test_where_a_batch_holds_few_lines_the_suspicion_grows_over_batches() -> None:
    store = Store(set(range(100)))
    delivery = Delivery(store, lambda: False)
    blamed = [delivery.send(batch(number)) for number in range(SUSPICIOUS - 1)]
    assert all(blamed)
    with pytest.raises(EverythingRefused):
        delivery.send(batch(SUSPICIOUS))


def test_lines_that_are_refused_at_a_fixed_distance_raise_no_alarm() -> None:
    """250 points a commit, of which the first 25 are refused, in 20 commits: every 250th line is such a one."""
    guilty = {number for number in range(5_000) if number % 250 < 25}
    store = Store(guilty, tells_count=True)
    assert send(store, batch(*range(5_000), each=250)) == sorted(guilty)
    assert numbers(store) == set(range(5_000)) - guilty


def test_a_refusal_is_proven_by_what_was_taken_beside_it_and_only_of_its_kind() -> None:
    delivery = Delivery(Store({1, 3}), lambda: False)
    assert [one.unproven for one in delivery.send(batch(1))] == [True]
    assert [one.unproven for one in delivery.send([*batch(1), Entry(2, "readings", b"7")])] == [True]
    assert [one.unproven for one in delivery.send(batch(1, 2))] == [False]
    assert [one.unproven for one in delivery.send_again(batch(1))] == [False]
    assert [one.unproven for one in delivery.send(batch(3))] == [True]
    assert [one.unproven for one in delivery.send_again(batch(1))] == [True]


@pytest.mark.parametrize("tells_count", [True, False])
def test_when_it_is_put_right_while_a_batch_is_under_way_no_line_of_it_is_blamed(tells_count: bool) -> None:
    class Mended(Store):
        def deliver(self, entries: list[Entry]) -> None:
            if self.requests == 8:
                self.refused = set()
            super().deliver(entries)

    delivery = Delivery(store := Mended(set(range(100)), tells_count=tells_count), lambda: False)
    # What was blamed before this batch raised the suspicion already.
    delivery.send(batch(*range(10)) if tells_count else batch(0))
    store.requests = 2
    with pytest.raises(StoreUnavailable, match="all is sent again"):
        delivery.send(batch(*range(60)))
    assert delivery.send(batch(*range(60))) == []


def test_a_line_that_is_taken_ends_the_suspicion() -> None:
    delivery = Delivery(Store(set(range(0, 200, 2))), lambda: False)
    refused = [one for number in range(200) for one in delivery.send(batch(number))]
    assert len(refused) == 100


def test_lines_that_the_store_is_right_to_drop_raise_no_suspicion_and_cost_one_request() -> None:
    """A device that sends a month it had kept to a bucket that keeps a week."""
    store = Store(set(range(5_000)), wholesale=False, tells_count=True)
    assert len(send(store, batch(*range(5_000)))) == 5_000
    assert store.requests == 1


def test_while_it_is_away_nothing_is_known_of_the_batch() -> None:
    class Away(Store):
        def deliver(self, entries: list[Entry]) -> None:
            if self.requests == 3:
                raise StoreUnavailable("away")
            super().deliver(entries)

    with pytest.raises(StoreUnavailable, match="away"):
        send(Away({7}), batch(*range(100)))


def test_a_stop_does_not_wait_for_a_batch_that_is_refused_line_by_line() -> None:
    store = Store(set(range(0, 5_000, 2)))
    with pytest.raises(StoreUnavailable, match="stopping"):
        Delivery(store, lambda: store.requests >= 10).send(batch(*range(5_000)))
    assert store.requests == 10
