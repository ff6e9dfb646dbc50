"""Numbered messages, and a publisher that knows which of them the broker has taken."""

from __future__ import annotations

import threading
import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping

from collector.clock import now_ms
from tests.load.frames import encode
from tests.load.publisher import CutError, Publication
from tests.servers import wait_for

TIMED, STAMPED = "volume_total", "energy_import"
# So many that a burst of messages without a time does not run far ahead of the clock on any one point.
DEVICES = 20
# From so many messages on nobody waits for the result beside it.
BY_HAND = 50_000
_AGAIN_S = 0.1


class Numbered:
    """Messages 0 to `count`. A value is its number; every other one has a time of its own, the rest have none."""

    def __init__(self, count: int, start: int | None = None, elsewhen: Mapping[int, int] | None = None) -> None:
        """`elsewhen`: other times for some of those that have one."""
        self.count = count
        self._elsewhen = elsewhen or {}
        # In the past, so that a clock set back does not make them messages from the future.
        self.start = now_ms() - 2 * 3_600_000 - count if start is None else start

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        for number in range(self.count):
            topic = f"fieldproof/plant/{device(number)}/readings"
            if is_timed(number):
                yield topic, b'{"time":%d,"values":{"%s":%d}}' % (self.time(number), TIMED.encode(), number)
            else:
                yield topic, b'{"values":{"%s":%d}}' % (STAMPED.encode(), number)

    def time(self, number: int) -> int:
        return self._elsewhen.get(number, self.start + number)


def device(number: int) -> str:
    return f"meter-{number // 2 % DEVICES:02d}"


def is_timed(number: int) -> bool:
    return number % 2 == 1


class Stream(threading.Thread):
    """Publishes in the background, through whatever happens to the broker.

    What was under way when the connection ended is sent again. The broker may have taken it already: these numbers
    are `repeated`, and two messages with such a number may be in the world.
    """

    def __init__(self, port: int, messages: Iterable[tuple[str, bytes]], rate: float | None, window: int = 500) -> None:
        super().__init__(name="stream", daemon=True)
        self._publication = Publication(
            port, encode(messages), rate=rate, window=window, on_send=lambda sent, at: self._note(sent, at)
        )
        self._sent: list[int] = []
        self._sent_at: list[float] = []
        self.error: BaseException | None = None
        self.repeated: set[int] = set()
        # What was acknowledged each time the connection ended.
        self.acked_at_cuts: list[int] = []
        self._go = threading.Event()
        self._go.set()

    @property
    def acked(self) -> int:
        """The broker has taken the messages 0 to here, for sure."""
        return self._publication.acked

    @property
    def count(self) -> int:
        return len(self._publication.frames)

    def sent_at(self, number: int) -> int:
        """When a message went out for the first time, epoch ms."""
        return int(self._sent_at[bisect_right(self._sent, number)] * 1000)

    def _note(self, sent: int, at: float) -> None:
        if not self._sent or sent > self._sent[-1]:
            self._sent.append(sent)
            self._sent_at.append(at)

    def run(self) -> None:
        try:
            while not self._whole():
                time.sleep(_AGAIN_S)
                self._go.wait()
        except BaseException as error:
            self.error = error
            raise

    def _whole(self) -> bool:
        try:
            self._publication.run()
        except CutError as cut:
            self.repeated.update(range(cut.acked, cut.sent))
            if cut.acked not in self.acked_at_cuts:
                self.acked_at_cuts.append(cut.acked)
            return False
        return True

    def stay_away(self) -> None:
        """After the next cut it connects only when told to `return_now`."""
        self._go.clear()

    def return_now(self) -> None:
        self._go.set()

    def await_cut(self, count: int = 1) -> None:
        wait_for(lambda: len(self.acked_at_cuts) >= count, 30, "the end of the publisher's connection")

    def reach(self, share: float, seconds: float = 60) -> None:
        """Waits until the broker has taken that share of the messages."""
        goal = int(share * self.count)
        wait_for(lambda: self.acked >= goal or self.error is not None, seconds, f"{goal} messages taken by the broker")
        assert self.error is None

    def finish(self, seconds: float = 120) -> None:
        self.join(seconds)
        assert not self.is_alive()
        assert self.error is None
        assert self.acked == self.count
