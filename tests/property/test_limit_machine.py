"""No sequence of readings and passing time makes a limit skip a transition or chatter inside its deadband."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from collector.domain.limits import Change, Limit, LimitState, judge, tick

Steps = list[tuple[int, float | None]]

values = st.floats(0, 20, allow_nan=False)
events = st.lists(st.tuples(st.integers(0, 120), st.one_of(st.none(), values)), max_size=60)


@st.composite
def limits(draw: st.DrawFn) -> Limit:
    return Limit(
        "l", 1, "d", "m", draw(st.sampled_from(["high", "low"])), "action", "high", draw(values),
        deadband=draw(st.floats(0, 3)),
        on_delay_ms=draw(st.integers(0, 90)) * 1000,
        off_delay_ms=draw(st.integers(0, 90)) * 1000,
    )  # fmt: skip


def play(limit: Limit, steps: Steps) -> tuple[list[Change], int]:
    """Each step lets some seconds pass, with a reading at the end of them or with none."""
    state, at, changes = LimitState(), 1_000_000, []
    for seconds, value in steps:
        at += seconds * 1000
        state, new = tick(limit, state, at) if value is None else judge(limit, state, at, value)
        changes += new
    return changes, at


@settings(max_examples=1500)
@given(limits(), events)
def test_raised_and_cleared_alternate_and_never_go_back_in_time(limit: Limit, steps: Steps) -> None:
    changes, end = play(limit, steps)
    assert [change.kind for change in changes] == (["raised", "cleared"] * len(changes))[: len(changes)]
    times = [change.at for change in changes]
    assert times == sorted(times)
    assert all(at <= end for at in times)


@settings(max_examples=1500)
@given(limits(), events)
def test_ticks_between_readings_change_nothing_about_what_is_raised_and_when(
    limit: Limit, steps: list[tuple[int, float | None]]
) -> None:
    merged: list[tuple[int, float | None]] = []
    passed = 0
    for seconds, value in steps:
        passed += seconds
        if value is not None:
            merged.append((passed, value))
            passed = 0
    merged.append((passed, None))
    assert play(limit, steps)[0] == play(limit, merged)[0]


@settings(max_examples=1000)
@given(limits(), st.lists(st.floats(0, 1), max_size=40))
def test_a_value_that_stays_inside_the_deadband_never_clears_an_alarm(limit: Limit, inside: list[float]) -> None:
    over = limit.value + 1 if limit.kind == "high" else limit.value - 1
    sign = -1 if limit.kind == "high" else 1
    steps: list[tuple[int, float | None]] = [(1, over), (91, over)]
    # Strictly inside: a value on the far edge has returned.
    steps += [(100, limit.value + sign * limit.deadband * share * 0.999) for share in inside if limit.deadband > 0.01]
    assert [change.kind for change in play(limit, steps)[0]] == ["raised"]
