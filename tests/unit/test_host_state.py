"""What a Sparkplug host says of itself: edge nodes pass over whatever is older than the newest they heard."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from collector.ingest.mqtt.host_state import CONTRADICT_S, HostState, Todo

NOON = 1_795_521_600_000
TOPIC = "spBv1.0/STATE/fieldproof"


def said(online: bool, timestamp: Any) -> bytes:
    return orjson.dumps({"online": online, "timestamp": timestamp})


@pytest.fixture
def state() -> HostState:
    state = HostState(TOPIC)
    assert orjson.loads(state.begin(NOON)) == {"online": False, "timestamp": NOON}
    assert orjson.loads(state.birth(100.0)) == {"online": True, "timestamp": NOON}
    return state


def test_a_word_against_us_that_comes_right_after_our_birth_is_answered_a_moment_later(state: HostState) -> None:
    state.hear(said(False, 1), 101.0, retained=False)
    assert state.todo(101.0) is Todo.NOTHING
    assert state.todo(100.0 + CONTRADICT_S) is Todo.ANNOUNCE
    assert state.todo(200.0) is Todo.NOTHING


@pytest.mark.parametrize("payload", [b"", b"OFFLINE", b"[1]", said(False, "x"), said(False, 2**60), said(False, -1)])
def test_what_is_no_state_is_put_right_too(state: HostState, payload: bytes) -> None:
    state.hear(payload, 150.0, retained=False)
    assert state.todo(150.0) is Todo.ANNOUNCE


@pytest.mark.parametrize("retained", [True, False])
def test_what_is_newer_than_our_birth_needs_a_connection_with_a_newer_one(state: HostState, retained: bool) -> None:
    """Our clock was set back, or that of another host with our id is ahead: edge nodes would not hear our birth."""
    state.hear(said(retained, NOON + 3_600_000), 110.0, retained=retained)
    assert state.todo(110.0) is Todo.CONNECT_ANEW
    assert orjson.loads(state.begin(NOON + 1))["timestamp"] == NOON + 3_600_001


def test_what_was_retained_of_an_earlier_session_is_no_contradiction(state: HostState) -> None:
    state.hear(said(False, NOON - 1), 110.0, retained=True)
    assert state.todo(110.0) is Todo.NOTHING


def test_another_host_with_our_id_is_told_of_and_not_fought_with(
    state: HostState, caplog: pytest.LogCaptureFixture
) -> None:
    for at in range(110, 210):
        state.hear(said(True, NOON + at), float(at), retained=False)
        assert state.todo(float(at)) is Todo.NOTHING
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    state.hear(said(True, NOON), 300.0, retained=False)
    # When it leaves edge nodes take us for offline.
    state.hear(said(False, NOON + 209), 301.0, retained=False)
    assert state.todo(301.0) is Todo.CONNECT_ANEW


def test_a_goodbye_and_the_next_birth_are_newer_than_what_was_said_although_our_clock_was_set_back(
    state: HostState,
) -> None:
    assert orjson.loads(state.goodbye(NOON - 3_600_000)) == {"online": False, "timestamp": NOON}
    assert orjson.loads(state.begin(NOON - 3_600_000))["timestamp"] == NOON + 1
    state.goodbye(NOON + 50)
    assert orjson.loads(state.begin(NOON - 3_600_000))["timestamp"] == NOON + 51
