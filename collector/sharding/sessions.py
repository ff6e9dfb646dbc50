"""The sessions of all shards at all brokers: made, read up to a marker, ended. Only `reshard` comes here."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from collector.clock import Clock
from collector.errors import StoreUnavailable
from collector.ingest.mqtt.bulk import client_class
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.probe import UNSUPPORTED_VERSION, Probe
from collector.ingest.mqtt.source import Connected, wait
from collector.ingest.pipeline import OWN_TOPICS
from collector.settings import Settings
from collector.sharding.layout import client_id
from collector.sharding.marked import MarkedSource

# How long a broker may take to let us in and to take a marker, and to send anything while it is to send all it has.
ANSWER_S = 30.0
_POLL_S = 0.2


@dataclass(slots=True)
class Sessions:
    settings: Settings
    brokers: Sequence[Broker]
    installation: str
    filters: Sequence[str]
    clock: Clock
    answer_s: float
    # Brokers that turned out to speak 3.1.1 only, by name.
    _old: set[str] = field(default_factory=set)

    @property
    def topic(self) -> str:
        return f"{OWN_TOPICS}{self.installation}/reshard"

    @property
    def _no_marker(self) -> str:
        return f"did not send our marker (may our user read and write {self.topic}? was its queue full?)"

    @property
    def all_filters(self) -> list[str]:
        """With the marker's: from that a collector unsubscribes at its next start, as from any it has no use for."""
        return [*self.filters, self.topic]

    def sources(self, index: int, marker: bytes | None) -> list[MarkedSource]:
        """They unsubscribe from nothing: that is for the collector, which has its own settings."""
        return [
            MarkedSource(
                self.settings,
                broker,
                client_id(self.installation, index),
                self.all_filters,
                self.clock,
                v5=broker.name not in self._old,
                kind=client_class(),
                topic=self.topic,
                marker=marker,
            )
            for broker in self.brokers
        ]

    def subscribe(self, index: int) -> list[Connected]:
        """Let every broker keep for this shard what comes from now on; returns what the connections said."""
        sources = self.sources(index, None)

        def subscribed() -> bool:
            for source in sources:
                source.poll()
            return all(source.subscribed_at is not None for source in sources)

        try:
            self._until(
                subscribed,
                sources,
                f"did not let us in and confirm all subscriptions (may our user read {self.topic}?)",
            )
            self._old |= {source.broker.name for source in sources if not source.v5}
            return [event for source in sources for event in source.events]
        finally:
            for source in sources:
                source.close()

    def mark(self) -> bytes:
        """Publish a new marker at every broker: it takes one place in the order of what each session is sent."""
        marker = uuid.uuid4().hex.encode()
        for broker in self.brokers:
            with self._probe(broker, f"fieldproof-{self.installation}-reshard") as probe:
                try:
                    probe.connect()
                    refused = probe.publish(self.topic, [marker])
                except (OSError, TimeoutError) as error:
                    raise self._trouble([broker], f"did not take our marker: {error}") from error
            if refused:
                raise self._trouble(
                    [broker], f"refused our marker ({refused}): our user must be allowed to write {self.topic}"
                )
        return marker

    def discard(self, index: int, marker: bytes) -> int:
        """Of a shard that owns nothing yet: what was published before the marker goes to the owners of before."""
        sources = self.sources(index, marker)
        passed = 0

        def drop() -> bool:
            nonlocal passed
            for source in sources:
                messages = source.poll()
                source.acknowledge(messages)
                passed += len(messages)
            return all(source.done for source in sources)

        try:
            self._until(drop, sources, self._no_marker, lambda: passed)
        finally:
            for source in sources:
                source.close()
        return passed

    def end(self, index: int) -> None:
        """A clean start drops a session, and with no expiry none follows it. Raises StoreUnavailable."""
        for broker in self.brokers:
            try:
                self._end_at(broker, client_id(self.installation, index))
            except (OSError, TimeoutError) as error:
                raise self._trouble(
                    [broker], f"holds a session that is to be ended, and does not answer: {error}"
                ) from error

    def _end_at(self, broker: Broker, ident: str) -> None:
        for _ in range(2):
            with self._probe(broker, ident) as probe:
                try:
                    answer = probe.connect()
                except TimeoutError:
                    # One that speaks 3.1.1 only may say nothing at all to v5.
                    if broker.name in self._old:
                        raise
                    self._old.add(broker.name)
                    continue
            if answer.accepted:
                return
            if answer.code != UNSUPPORTED_VERSION or broker.name in self._old:
                raise OSError(answer.reason)
            self._old.add(broker.name)

    def _probe(self, broker: Broker, ident: str) -> Probe:
        return Probe(broker, self.settings, v5=broker.name not in self._old, client_id=ident)

    def _until(
        self,
        step: Callable[[], bool],
        sources: Sequence[MarkedSource],
        complaint: str,
        progress: Callable[[], int] = lambda: 0,
    ) -> None:
        """Raises StoreUnavailable when there was no progress for too long."""
        patience = Patience(self.answer_s)
        while not step():
            if not wait(sources, _POLL_S):
                time.sleep(_POLL_S)
            if patience.over(progress()):
                raise self._trouble(_late(sources), complaint)

    def no_marker(self, sources: Sequence[MarkedSource]) -> StoreUnavailable:
        return self._trouble(_late(sources), self._no_marker)

    @staticmethod
    def _trouble(brokers: Iterable[Broker], what: str) -> StoreUnavailable:
        names = ", ".join(broker.name for broker in brokers)
        return StoreUnavailable(f"the broker {names} {what}. Nothing is lost: set it right and run it again")


def _late(sources: Sequence[MarkedSource]) -> list[Broker]:
    """Those that are to blame, as far as that can be told."""
    away = [source.broker for source in sources if not source.connected]
    return away or [source.broker for source in sources if not source.done]


class Patience:
    """Is over when nothing has moved for so long."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: object = None
        self._since = time.monotonic()

    def over(self, progress: object) -> bool:
        now = time.monotonic()
        if progress != self._seen:
            self._seen, self._since = progress, now
        return now - self._since > self._seconds
