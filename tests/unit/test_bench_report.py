"""The bench's rows: medians, ratios taken round by round, goals in both directions, and the contract's keys."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from tests.bench.report import Goal, row

CONTRACT = {"name", "value", "unit", "ratio", "against", "goal", "ok", "runs", "min", "max"}


def test_value_and_ratio_are_medians_and_the_ratio_is_taken_round_by_round() -> None:
    found = row("ingest", [10, 30, 90], "msg/s", [10, 60, 100], "minimal")
    assert (found.value, found.ratio, found.min, found.max, found.runs) == (30, 0.9, 10, 90, 3)
    assert (found.goal, found.ok) == (None, None)
    assert set(asdict(found)) >= CONTRACT


@pytest.mark.parametrize(
    ("goal", "ok"),
    [
        (Goal(0.5), True),
        (Goal(0.6), False),
        (Goal(0.5, at="most"), True),
        (Goal(0.4, at="most"), False),
        (Goal(10, "value"), True),
        (Goal(10, "value", "most"), True),
        (Goal(9, "value", "most"), False),
    ],
)
def test_a_goal_is_for_the_ratio_or_the_value_and_the_least_or_the_most(goal: Goal, ok: bool) -> None:
    found = row("latency", [10], "ms", [20], "before", goal)
    assert (found.goal, found.ok) == (goal.number, ok)
    assert (found.goal_of, found.goal_at) == (goal.of, goal.at)


def test_a_goal_for_a_ratio_that_was_not_taken_is_neither_met_nor_missed() -> None:
    assert row("ingest", [10], "msg/s", goal=Goal(0.9)).ok is None
