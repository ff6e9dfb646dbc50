"""When a collector is silent, and when it is back: decided from what is seen, whoever looks."""

from __future__ import annotations

from webapp.silence import SILENT_AFTER_MS, Clear, OpenAlarm, Raise, Seen, decide

T0 = 1_795_428_000_000
SEEN = Seen("c1", started_at=T0 - 3_600_000, last_seen_at=T0)


def raised(seen: Seen) -> Raise:
    (action,) = decide([seen], [], seen.last_seen_at + SILENT_AFTER_MS + 1)
    assert isinstance(action, Raise)
    return action


def open_alarm(action: Raise) -> OpenAlarm:
    return OpenAlarm(action.id, action.collector, action.at)


def test_without_a_collector_nothing_is_installed_yet() -> None:
    assert decide([], [], T0) == []


def test_a_collector_is_silent_after_a_minute_and_not_before() -> None:
    assert decide([SEEN], [], T0 + SILENT_AFTER_MS) == []
    action = raised(SEEN)
    assert (action.collector, action.at) == ("c1", T0 + SILENT_AFTER_MS)


def test_whoever_looks_whenever_names_the_same_alarm() -> None:
    late = decide([SEEN], [], T0 + 10 * SILENT_AFTER_MS)
    assert isinstance(late[0], Raise)
    assert late[0].id == raised(SEEN).id
    assert raised(Seen("c2", SEEN.started_at, T0)).id != raised(SEEN).id


def test_an_alarm_that_is_open_is_not_raised_again() -> None:
    assert decide([SEEN], [open_alarm(raised(SEEN))], T0 + 10 * SILENT_AFTER_MS) == []


def test_the_heartbeat_that_comes_back_clears_it_at_its_own_time() -> None:
    alarm = open_alarm(raised(SEEN))
    back = Seen("c1", SEEN.started_at, T0 + 5 * SILENT_AFTER_MS)
    assert decide([back], [alarm], back.last_seen_at + 1) == [Clear(alarm.id, back.last_seen_at)]


def test_a_restart_clears_it_at_the_time_of_the_restart() -> None:
    alarm = open_alarm(raised(SEEN))
    back = Seen("c1", T0 + 3 * SILENT_AFTER_MS, T0 + 5 * SILENT_AFTER_MS)
    assert decide([back], [alarm], back.last_seen_at + 1) == [Clear(alarm.id, T0 + 3 * SILENT_AFTER_MS)]


def test_back_and_silent_again_is_another_occurrence() -> None:
    alarm = open_alarm(raised(SEEN))
    back = Seen("c1", SEEN.started_at, T0 + 5 * SILENT_AFTER_MS)
    clear, again = decide([back], [alarm], T0 + 20 * SILENT_AFTER_MS)
    assert clear == Clear(alarm.id, back.last_seen_at)
    assert isinstance(again, Raise)
    assert again.id != alarm.id


def test_each_collector_has_its_own_alarm() -> None:
    alarm = open_alarm(raised(SEEN))
    other = Seen("c2", SEEN.started_at, T0)
    (action,) = decide([SEEN, other], [alarm], T0 + SILENT_AFTER_MS + 1)
    assert isinstance(action, Raise)
    assert action.collector == "c2"
