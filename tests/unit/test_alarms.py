"""An alarm is one occurrence, and people's operations on it."""

from __future__ import annotations

from collector.domain.alarms import Operation, alarm_id, clear_alarm, operate, raise_alarm
from collector.domain.limits import Change
from tests.unit.test_limits import HIGH

ACK = Operation("op-1", "a", "acknowledge", "ann", 2_000, "on my way")
RAISED, _ = raise_alarm(HIGH, Change("raised", 1_000, 9.4, 9.6), now=1_500)


def test_the_same_readings_judged_again_name_the_same_occurrence() -> None:
    again, _ = raise_alarm(HIGH, Change("raised", 1_000, 9.4, 9.6), now=99_000)
    assert again.id == RAISED.id == alarm_id("l1", "dairy.effluent/ph", 1_000)


def test_it_walks_through_the_states_of_isa_18_2() -> None:
    acked, _ = operate(RAISED, ACK, 2_100)
    cleared, _ = clear_alarm(RAISED, Change("cleared", 3_000, 8.0), 3_100)
    assert [RAISED.state, acked.state, cleared.state] == ["active_unacked", "active_acked", "cleared_unacked"]
    assert clear_alarm(acked, Change("cleared", 3_000, 8.0), 3_100)[0].state == "normal"
    assert operate(cleared, ACK, 4_000)[0].state == "normal"


def test_an_acknowledgement_keeps_the_persons_own_time_and_note() -> None:
    acked, transition = operate(RAISED, ACK, 9_999)
    assert (acked.acknowledged_at, acked.acknowledged_by) == (2_000, "ann")
    assert (transition.id, transition.at, transition.recorded_at) == ("op-1", 2_000, 9_999)
    assert transition.note == "on my way"


def test_a_second_acknowledgement_is_recorded_and_does_not_replace_the_first() -> None:
    acked, _ = operate(RAISED, ACK, 2_100)
    again, transition = operate(acked, Operation("op-2", "a", "acknowledge", "bob", 5_000), 5_100)
    assert again == acked
    assert (transition.kind, transition.by) == ("acknowledged", "bob")


def test_a_comment_changes_no_state() -> None:
    commented, transition = operate(RAISED, Operation("op-3", "a", "comment", "bob", 5_000, "seen"), 5_100)
    assert commented == RAISED
    assert transition.kind == "commented"


def test_it_never_clears_before_it_was_raised() -> None:
    assert clear_alarm(RAISED, Change("cleared", 500, 8.0), 3_100)[0].cleared_at == 1_000
