"""A mark of our own that a broker keeps for us: by it we know that it has gone back to an older state.

A broker that is killed and starts again from what it saved last has lost what came in between, and says nothing: our
session is there, only older. So a number that grows is published, retained, every few seconds, and counts once it came
back to us. After each connect we ask for it: an older number than the last that came back proves the loss.

QoS 0, because what paho holds back and repeats after a reconnect would hide the old number behind the new one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import Enum

import paho.mqtt.client as paho

from collector.ingest.message import Message

log = logging.getLogger(__name__)

EVERY_MS = 10_000
# How long a broker may take to answer; and after its answer to the subscription, to send what it kept, if anything.
_ANSWER_MS = 5_000
_KEPT_MS = 2_000
# A broker that forbids the topic drops the mark in silence, or hangs up (mosquitto 2.0.11, on MQTT v5: measured). Who
# hangs up on the first mark is not asked again; in silence one may have been lost.
_TRIES = 3
# Once it worked, only a broker that has come to forbid it ends so many connections in a row over it.
_HANG_UPS = 10


class _Phase(Enum):
    OFF = "not used on this connection"
    ASKED = "subscribed, waiting for the answer, however long: it may stand behind all that the broker kept for us"
    GRANTED = "waiting for the mark that the broker kept"
    SENT = "published, waiting for it to come back"
    REST = "until the next one is due"


class Mark:
    """`known`: the last number that came back from this broker. `rewound` is told the older one found."""

    def __init__(
        self,
        client_id: str,
        known: int | None,
        *,
        came_back: Callable[[int], None],
        rewound: Callable[[int], None],
    ) -> None:
        self.topic = f"fieldproof/_collectors/{client_id}/mark"
        self._known = known
        self._came_back = came_back
        self._rewound = rewound
        self._phase = _Phase.OFF
        self._mid: int | None = None
        self._until = 0
        self._sent = 0
        # The one sent last has not come back in time, and may yet: behind what the broker has to send first.
        self._late = False
        # Nothing of ours came on this connection yet: what the broker kept is judged also after we went on.
        self._unheard = False
        self._failures = 0
        self._hang_ups = 0
        self._worked = known is not None

    def connected(self, client: paho.Client, now: int) -> None:
        self._phase = _Phase.OFF
        self._late, self._unheard = False, True
        if self._failures < _TRIES:
            _, self._mid = client.subscribe(self.topic, 0)
            self._wait(_Phase.ASKED, now, 0)

    def leave(self) -> None:
        """We end the connection ourselves: it says nothing of the broker."""
        self._phase = _Phase.OFF

    def disconnected(self) -> None:
        phase, self._phase = self._phase, _Phase.OFF
        if phase in (_Phase.OFF, _Phase.REST):
            return
        self._hang_ups += 1
        if self._worked and self._hang_ups >= _HANG_UPS:
            self._worked = False
            self._failed(_TRIES)
        else:
            self._failed(_TRIES if phase is _Phase.SENT else 1)

    def subscribed(self, mid: int, now: int, *, refused: bool) -> bool:
        """Whether this answer is to our subscription."""
        if mid != self._mid:
            return False
        if refused:
            self._phase = _Phase.OFF
            self._failures = _TRIES
            log.info("the broker lets us leave no mark, its going back cannot be noticed: topic=%s", self.topic)
        elif self._phase is _Phase.ASKED:
            self._wait(_Phase.GRANTED, now, _KEPT_MS)
        return True

    def follow(self, client: paho.Client, received: list[Message], now: int) -> list[Message]:
        """What was received, without ours."""
        if self._phase is _Phase.OFF:
            return received
        if received and (self._phase is not _Phase.REST or self._late):
            ours = [message for message in received if message.topic == self.topic]
            if ours:
                received = [message for message in received if message.topic != self.topic]
                for message in ours:
                    self._take(message, now)
        # A clock that was set back must not hold it up.
        if self._phase is not _Phase.ASKED and not self._until - EVERY_MS <= now < self._until:
            self._go_on(client, now)
        return received

    def _take(self, message: Message, now: int) -> None:
        number = int(message.payload) if message.payload.isdigit() and len(message.payload) < 20 else None
        if number == self._sent and (self._phase is _Phase.SENT or self._late):
            self._known = number
            self._worked = True
            self._late = self._unheard = False
            self._failures = self._hang_ups = 0
            self._came_back(number)
            self._wait(_Phase.REST, now, EVERY_MS)
        elif message.retained and self._unheard:
            self._unheard = False
            if number is not None and self._known is not None and number < self._known:
                # Told once: the next one, larger than all before, may not come back before the connection ends.
                self._sent, self._known = max(self._sent, self._known), number
                self._rewound(number)
            if self._phase in (_Phase.ASKED, _Phase.GRANTED):
                self._wait(_Phase.REST, now, 0)

    def _go_on(self, client: paho.Client, now: int) -> None:
        if self._phase is _Phase.SENT:
            self._late = True
            self._failed()
            self._wait(_Phase.REST if self._failures < _TRIES else _Phase.OFF, now, EVERY_MS)
        else:
            self._sent = max(now, (self._known or 0) + 1, self._sent + 1)
            client.publish(self.topic, str(self._sent), 0, retain=True)
            self._wait(_Phase.SENT, now, _ANSWER_MS)

    def _failed(self, times: int = 1) -> None:
        if self._worked:
            return
        self._failures += times
        if self._failures >= _TRIES:
            log.info("the broker keeps no mark of ours, its going back cannot be noticed: topic=%s", self.topic)

    def _wait(self, phase: _Phase, now: int, for_ms: int) -> None:
        self._phase, self._until = phase, now + for_ms
