"""Which collector owns what: alike everywhere, evenly, and with as little moving as there can be."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.sharding.owner import owner

GROUPS = [f"plant-{number % 7}.meter-{number:04d}" for number in range(3_000)]


@given(st.text(max_size=80), st.integers(1, 64))
def test_every_group_has_one_owner_whatever_it_is_called(group: str, count: int) -> None:
    assert owner(group, count) == owner(group, count)
    assert 0 <= owner(group, count) < count


@given(st.text(max_size=80), st.integers(1, 63))
def test_with_one_collector_more_a_group_stays_or_goes_to_the_new_one(group: str, count: int) -> None:
    assert owner(group, count + 1) in (owner(group, count), count)


@pytest.mark.parametrize("count", [2, 3, 4, 8])
def test_the_groups_are_spread_evenly(count: int) -> None:
    shares = Counter(owner(group, count) for group in GROUPS)
    assert len(shares) == count
    assert all(abs(share - len(GROUPS) / count) < 5 * (len(GROUPS) / count) ** 0.5 for share in shares.values())


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_with_one_collector_more_only_its_share_moves(count: int) -> None:
    moved = sum(owner(group, count) != owner(group, count + 1) for group in GROUPS)
    expected = len(GROUPS) / (count + 1)
    assert abs(moved - expected) < 5 * expected**0.5


def test_the_owners_of_today_are_those_of_tomorrow() -> None:
    """A change of the hash would move devices between files that nobody told of it."""
    groups = ("dairy.boiler", "dairy.effluent", "north.gateway-1", "")
    assert [owner(group, 8) for group in groups] == [4, 3, 1, 4]
