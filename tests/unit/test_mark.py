"""The number that we leave at a broker, and what it proves: what comes late or is lost, and who ended a connection."""

from __future__ import annotations

import logging
from typing import Any

import paho.mqtt.client as paho
import pytest

from collector.ingest.message import Message
from collector.ingest.mqtt.mark import EVERY_MS, Mark

MID = 7


class Line(paho.Client):
    """Notes what the mark sends."""

    def __init__(self) -> None:
        super().__init__(paho.CallbackAPIVersion.VERSION2)
        self.sent: list[int] = []
        self.asked = 0

    def subscribe(self, *_: Any, **__: Any) -> Any:
        self.asked += 1
        return paho.MQTT_ERR_SUCCESS, MID

    def publish(self, _topic: str, payload: Any = None, *_: Any, **__: Any) -> Any:
        self.sent.append(int(payload))


class Talk:
    """A mark, its line, and what it told."""

    def __init__(self, known: int | None) -> None:
        self.line = Line()
        self.back: list[int] = []
        self.rewound: list[int] = []
        self.mark = Mark("one", known, came_back=self.back.append, rewound=self.rewound.append)

    def granted(self, now: int) -> None:
        self.mark.connected(self.line, now)
        self.mark.subscribed(MID, now, refused=False)

    def time(self, now: int) -> None:
        self.mark.follow(self.line, [], now)

    def comes(self, number: int, now: int, *, retained: bool = False) -> None:
        message = Message(self.mark.topic, str(number).encode(), 0, 0, False, retained, 1, now)
        assert self.mark.follow(self.line, [message], now) == []

    def sends(self, now: int) -> int:
        """Granted, nothing kept: the number that was published."""
        self.granted(now)
        self.time(now + 2_001)
        return self.line.sent[-1]


@pytest.mark.parametrize("waits_ms", [6_000, 600_000])
def test_no_mark_hides_the_old_one_while_the_answer_stands_behind_a_backlog(waits_ms: int) -> None:
    talk = Talk(1_000)
    talk.mark.connected(talk.line, 100_000)
    for now in range(100_000, 100_000 + waits_ms, 1_000):
        talk.time(now)
    assert talk.line.sent == []
    talk.mark.subscribed(MID, 100_000 + waits_ms, refused=False)
    talk.comes(900, 100_000 + waits_ms + 1, retained=True)
    assert talk.rewound == [900]
    assert len(talk.line.sent) == 1


def test_what_the_broker_kept_is_judged_also_when_it_comes_after_the_next_mark_was_sent() -> None:
    talk = Talk(1_000)
    number = talk.sends(100_000)
    talk.comes(900, 103_000, retained=True)
    talk.comes(number, 103_001)
    assert (talk.rewound, talk.back) == ([900], [number])


def test_what_was_kept_proves_nothing_once_a_newer_mark_came_back() -> None:
    talk = Talk(1_000)
    talk.sends(100_000)
    talk.comes(talk.line.sent[-1], 102_100)
    talk.time(102_100 + EVERY_MS)
    talk.comes(1_000, 102_200 + EVERY_MS, retained=True)
    assert talk.rewound == []


def test_a_mark_that_comes_back_late_counts_until_the_next_is_sent() -> None:
    talk = Talk(None)
    number = talk.sends(100_000)
    talk.time(108_000)
    talk.comes(number, 109_000)
    assert talk.back == [number]


def test_a_broker_that_kept_our_mark_before_a_restart_is_asked_after_every_lost_connection() -> None:
    talk = Talk(1_000)
    talk.sends(0)
    talk.mark.disconnected()
    talk.granted(10_000)
    talk.comes(900, 10_001, retained=True)
    assert talk.rewound == [900]


def test_a_broker_that_never_kept_one_and_hangs_up_on_it_is_not_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    talk = Talk(None)
    with caplog.at_level(logging.INFO):
        talk.sends(0)
        talk.mark.disconnected()
        talk.mark.connected(talk.line, 10_000)
    assert talk.line.asked == 1
    assert "keeps no mark of ours" in caplog.text


@pytest.mark.parametrize("while_sent", [True, False])
@pytest.mark.parametrize("known", [None, 1_000])
def test_our_own_goodbye_is_no_failure_and_says_nothing(
    known: int | None, while_sent: bool, caplog: pytest.LogCaptureFixture
) -> None:
    talk = Talk(known)
    with caplog.at_level(logging.INFO):
        for now in range(0, 400_000, 20_000):
            talk.sends(now) if while_sent else talk.mark.connected(talk.line, now)
            talk.mark.leave()
            talk.mark.disconnected()
    assert talk.line.asked == 20
    assert caplog.text == ""


def test_a_broker_that_has_come_to_forbid_it_does_not_end_each_connection_for_ever() -> None:
    talk = Talk(1_000)
    for now in range(0, 400_000, 20_000):
        talk.granted(now)
        talk.time(now + 2_001)
        talk.mark.disconnected()
    assert talk.line.asked == 10


def test_connections_that_end_over_it_now_and_then_do_not_add_up() -> None:
    talk = Talk(1_000)
    for now in range(0, 400_000, 20_000):
        talk.sends(now)
        if now % 100_000 == 0:
            talk.comes(talk.line.sent[-1], now + 2_100)
            talk.time(now + 2_100 + EVERY_MS)
        talk.mark.disconnected()
    assert talk.line.asked == 20
