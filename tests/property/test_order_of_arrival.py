"""However readings are ordered on their way and cut into batches, the same stands at the end (docs/time.md)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.clocked import LIMIT, NOON, SECOND, Clocked

# Around the limit of 9.0, so that order decides whether there is an alarm.
VALUES = st.sampled_from([7.0, 8.5, 8.9, 9.1, 9.5])
METRICS = st.sampled_from(["ph", "flow"])
seconds = st.integers(-30, 30)


class Sent(NamedTuple):
    metric: str
    second: int
    value: float


sent = st.builds(Sent, METRICS, seconds, VALUES)
distinct = st.lists(sent, max_size=25, unique_by=lambda one: (one.metric, one.second))
cuts = st.lists(st.integers(1, 8), min_size=1, max_size=25)


@contextmanager
def plant() -> Iterator[Clocked]:
    with tempfile.TemporaryDirectory() as folder:
        found = Clocked(Path(folder) / "collector.db", [LIMIT], site=True)
        # Losing power is not what is tried here, and each example commits many times.
        found.db.execute("PRAGMA synchronous=OFF")
        yield found
        found.close()


def deliver(plant: Clocked, messages: Sequence[Sent], sizes: Sequence[int], *, restarting: bool = False) -> None:
    """In batches of these sizes, over and over."""
    rest, turn = list(messages), 0
    while rest:
        size = sizes[turn % len(sizes)]
        turn += 1
        batch, rest = rest[:size], rest[size:]
        plant.commit(*(plant.message(m.value, NOON + m.second * SECOND, metric=m.metric) for m in batch))
        plant.forward()
        if restarting:
            plant.restart()


def end_state(plant: Clocked) -> tuple[Any, ...]:
    columns = "device, metric, observed_at, value, quality, reasons"
    return (
        plant.db.execute(f"SELECT {columns} FROM reading JOIN series ON id=series_id ORDER BY 1, 2, 3").fetchall(),
        plant.lines(),
        plant.all_latest(),
    )


@settings(settings.get_profile("plant"))
@given(distinct.flatmap(lambda all_: st.tuples(st.just(all_), st.permutations(all_))), cuts, cuts)
def test_order_and_batches_change_nothing_of_what_is_stored_shown_and_sent(
    orders: tuple[list[Sent], list[Sent]], sizes: list[int], others: list[int]
) -> None:
    with plant() as one, plant() as other:
        deliver(one, orders[0], sizes)
        deliver(other, orders[1], others, restarting=True)
        assert end_state(one) == end_state(other)
        assert len(end_state(one)[0]) == len(orders[0])


@settings(settings.get_profile("plant"))
@given(st.lists(sent, max_size=25), cuts, cuts)
def test_with_repetitions_and_conflicts_batches_change_nothing(
    messages: list[Sent], sizes: list[int], others: list[int]
) -> None:
    with plant() as one, plant() as other:
        deliver(one, messages, sizes)
        deliver(other, messages, others, restarting=True)
        assert end_state(one) == end_state(other)
        assert one.rows("conflict", "observed_at, value") == other.rows("conflict", "observed_at, value")
        stats = one.committer.stats
        assert stats.duplicates + stats.conflicts == len(messages) - stats.stored


@settings(settings.get_profile("plant"))
@given(st.lists(st.tuples(VALUES, st.none() | st.integers(NOON, NOON + 4)), max_size=25), cuts, cuts)
def test_among_readings_without_a_time_batches_and_restarts_change_nothing(
    messages: list[tuple[float, int | None]], sizes: list[int], others: list[int]
) -> None:
    """All come in one millisecond, in which others with a time of their own were observed."""
    with plant() as one, plant() as other:
        for found, cut, restarting in ((one, sizes, False), (other, others, True)):
            rest, turn = list(messages), 0
            while rest:
                size = cut[turn % len(cut)]
                found.commit(*(found.message(value, time) for value, time in rest[:size]))
                rest, turn = rest[size:], turn + 1
                if restarting:
                    found.restart()
        assert one.rows() == other.rows()
        assert one.lines() == other.lines()
        assert one.rows("conflict", "observed_at, value") == other.rows("conflict", "observed_at, value")


@settings(settings.get_profile("plant"))
@given(distinct, st.randoms(use_true_random=False), cuts)
def test_the_first_value_of_a_moment_stands_and_every_other_is_kept(
    messages: list[Sent], chance: Any, sizes: list[int]
) -> None:
    doubled = [*messages, *(m._replace(value=m.value + 0.01) for m in messages), *messages]
    chance.shuffle(doubled)
    with plant() as one:
        deliver(one, doubled, sizes)
        first: dict[tuple[str, int], float] = {}
        for m in doubled:
            first.setdefault((m.metric, NOON + m.second * SECOND), m.value)
        stored = one.db.execute("SELECT metric, observed_at, value FROM reading JOIN series ON id=series_id")
        assert {(metric, at): value for metric, at, value in stored} == first
        assert len(one.rows("conflict", "observed_at, value")) == len(messages)


@settings(settings.get_profile("plant"))
@given(distinct, cuts, cuts)
def test_in_the_order_of_their_times_batches_change_no_alarm(
    messages: list[Sent], sizes: list[int], others: list[int]
) -> None:
    ordered = sorted(messages, key=lambda one: one.second)
    with plant() as one, plant() as other:
        deliver(one, ordered, sizes)
        deliver(other, ordered, others, restarting=True)
        assert one.alarms() == other.alarms()


@settings(settings.get_profile("plant"))
@given(st.lists(sent, max_size=25), cuts)
def test_in_any_order_alarms_follow_one_another_and_agree_with_the_latest_value(
    messages: list[Sent], sizes: list[int]
) -> None:
    with plant() as one:
        deliver(one, messages, sizes)
        alarms = one.alarms()
        assert all(cleared is not None and raised <= cleared for raised, cleared in alarms[:-1])
        assert all(before[1] <= after[0] for before, after in pairwise(alarms))
        value = one.all_latest().get("ph", (0, 0.0))[1]
        active = bool(alarms) and alarms[-1][1] is None
        assert not (active and value <= LIMIT.value - LIMIT.deadband)
        assert active or value <= LIMIT.value
