"""Listening to a broker beside everybody else: a connection of its own that keeps nothing there and answers nobody."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.probe import UNSUPPORTED_VERSION, Arrived, Probe
from collector.ingest.mqtt.unreachable import refused_us, unreachable
from collector.settings import Settings

# How often a listener is asked whether it has heard enough.
_TURN_S = 0.2
# What may wait to be looked at: more than that a flood brings is let go.
_MOST_WAITING = 5_000


class CannotListenError(Exception):
    """Says what is in the way, and what to do."""


def listen(broker: Broker, settings: Settings, topic_filter: str, seconds: float) -> Iterator[list[Arrived]]:
    """What arrives on the filter, several times a second, an empty list too; until the caller stops or time is over.

    What the broker had retained comes first. Raises CannotListenError.
    """
    with _connected(broker, settings) as probe:
        try:
            refused = probe.subscribe_with_retained(topic_filter)
        except (TimeoutError, ValueError) as error:
            raise CannotListenError(f"{broker.name}: {topic_filter}: {error}") from error
        if refused:
            raise CannotListenError(
                f"{broker.name} does not let us read {topic_filter}: give this user the right to do so"
                " (Mosquitto: 'topic read …' in its acl file)"
            )
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            yield probe.take(min(_TURN_S, left))
            if not probe.connected:
                raise CannotListenError(f"{broker.name} has ended the connection; is it running?")


def _connected(broker: Broker, settings: Settings) -> Probe:
    """By MQTT 5, or by 3.1.1 where the broker speaks no other. Raises CannotListenError."""
    for v5 in (True, False):
        probe = _probe(broker, settings, v5=v5)
        try:
            answer = probe.connect()
        except OSError as error:
            probe.close()
            # An older broker may close the connection without a word; what is none does so both times.
            if probe.reached:
                continue
            what, change = unreachable(broker, error)
            raise CannotListenError(f"{what}. {change}") from error
        if answer.accepted:
            return probe
        probe.close()
        if not (v5 and answer.code == UNSUPPORTED_VERSION):
            what, change = refused_us(broker, answer.reason)
            raise CannotListenError(f"{what}. {change}")
    raise CannotListenError(f"{broker.name} takes the connection and does not answer in MQTT; is this its MQTT port?")


def _probe(broker: Broker, settings: Settings, *, v5: bool) -> Probe:
    name = f"fieldproof-devices-{secrets.token_hex(4)}"
    return Probe(broker, settings, v5=v5, client_id=name, most_waiting=_MOST_WAITING)
