"""Rows read around damage, wherever it is."""

from __future__ import annotations

import itertools
import sqlite3

from collector.stores.salvage import Damage, readable


def test_all_rows_around_bad_numbers_are_found() -> None:
    numbers = list(range(-50, 40_000, 3))
    bad = {*range(900, 1_400), *range(20_000, 20_001), *range(39_000, 39_500)}

    def read(first: int, most: int) -> list[tuple[int]]:
        found = [n for n in numbers if n >= first][:most]
        if any(n in bad for n in found):
            raise sqlite3.DatabaseError("malformed")
        return [(n,) for n in found]

    damage = Damage()
    found = [row[0] for part in readable(read, damage) for row in part]
    assert found == [n for n in numbers if n not in bad]
    assert damage.met


def test_a_table_whose_order_is_damaged_is_read_to_an_end() -> None:
    """SQLite may give what was not asked for, again and again."""
    damage = Damage()
    circle = [(9,), ("text",), (5,), (2,), (4,)]
    parts = list(itertools.islice(readable(lambda _first, _most: circle, damage, first=3), 10))
    assert parts == [[(9,), (5,), (4,)], [(9,), (5,)], [(9,)]]
    assert damage.met
