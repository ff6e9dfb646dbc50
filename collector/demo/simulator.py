"""`fieldproof simulate`: the demo's devices publish over real MQTT, at QoS 1."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass

from collector.clock import Clock, now_ms
from collector.demo.messages import Messages, Outgoing
from collector.demo.records import DemoSite
from collector.demo.signals import Plant
from collector.ingest.mqtt.publisher import Publisher
from collector.profiles.vocabulary import Vocabulary

log = logging.getLogger(__name__)

CLIENT_ID = "fieldproof-demo"
# Between two attempts to reach a broker that is not there (yet).
_RETRY_S = 2.0

Publish = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True)
class Pace:
    """Every `interval_s` a round of messages. With `since_s` the stream begins that long ago and catches up with the
    present at `speed` times its pace; it never runs ahead of it, because nobody measures the future.
    """

    interval_s: float = 5.0
    since_s: float = 0.0
    speed: float = 1.0

    def __post_init__(self) -> None:
        if self.interval_s <= 0 or self.since_s < 0 or self.speed < 1:
            raise ValueError("the interval must be above 0 s, the beginning not in the future, the speed at least 1")


class Timetable:
    """The moments of the rounds: whole multiples of the interval, so that a restart meets the same ones."""

    def __init__(self, pace: Pace, started_at: int) -> None:
        self._speed = pace.speed
        self._started_at = started_at
        self._step = max(1, round(pace.interval_s * 1000))
        self._origin = started_at - round(pace.since_s * 1000)
        self.next = -(-self._origin // self._step) * self._step

    def advance(self) -> None:
        self.next += self._step

    def wait_ms(self, now: int) -> float:
        """How long until the next round is due; 0 or less when it is."""
        simulated = self._origin + (now - self._started_at) * self._speed
        return max(self.next - now, (self.next - min(simulated, now)) / self._speed)


def simulate(
    site: DemoSite,
    vocabulary: Vocabulary,
    publish: Publish,
    stop: threading.Event,
    pace: Pace | None = None,
    clock: Clock = now_ms,
) -> int:
    """Publishes round after round until `stop` is set; returns the number of messages that were taken."""
    messages = Messages(Plant(site), vocabulary)
    timetable = Timetable(pace or Pace(), clock())
    sent = 0
    unsent: list[Outgoing] = []
    while not stop.is_set():
        wait = timetable.wait_ms(clock())
        if wait > 0:
            stop.wait(wait / 1000)
            continue
        unsent += messages.at(timetable.next)
        timetable.advance()
        sent += _send(unsent, publish, stop)
    return sent


def _send(unsent: list[Outgoing], publish: Publish, stop: threading.Event) -> int:
    """Sends in order, and keeps trying while the broker is away: a gateway has a memory too."""
    sent = 0
    failed = False
    while unsent and not stop.is_set():
        try:
            publish(*unsent[0])
        except OSError as error:
            if not failed:
                log.warning("broker does not take messages: error=%s", error)
            failed = True
            stop.wait(_RETRY_S)
            continue
        del unsent[0]
        sent += 1
    if failed and sent:
        log.info("broker takes messages again: sent=%d", sent)
    return sent


def run(site: DemoSite, vocabulary: Vocabulary, url: str, stop: threading.Event, pace: Pace | None = None) -> int:
    """`simulate` over MQTT at `url`; waits for the broker when it is not there yet."""
    publisher = Publisher(url, CLIENT_ID)
    while not stop.is_set():
        try:
            publisher.connect()
            break
        except OSError as error:
            log.warning("broker not reachable: error=%s", error)
            stop.wait(_RETRY_S)
    try:
        return simulate(site, vocabulary, publisher.publish, stop, pace)
    finally:
        publisher.close()
