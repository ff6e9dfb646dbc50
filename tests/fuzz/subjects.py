"""What is tried: each decoder in the pipeline, and the Sparkplug host, which knows what came before."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import NamedTuple, Protocol

import orjson

from collector.devices.examples import RECEIVED_AT, example_payload
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.ingest.sparkplug.host import Host
from collector.profiles.decoders import DECODERS
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import Vocabulary, load_vocabulary
from tests.edge_node import T0, Edge, metric
from tests.fuzz.mutate import mutated, spoilt_topic

# Not a decoder: it makes of what edge nodes send what the decoder `sparkplug` reads.
SPARKPLUG_HOST = "sparkplug_host"


class Sent(NamedTuple):
    topic: str
    payload: bytes


class Subject(Protocol):
    def sent(self, seed: int, number: int) -> Sent:
        """The message of this number: always the same one."""

    def take(self, sent: Sent, number: int) -> list[Processed]:
        """What comes of it."""


def subject(name: str) -> Subject:
    return _Host() if name == SPARKPLUG_HOST else _Decoder(name)


def subjects() -> list[str]:
    """A decoder that no profile uses yet is found by tests/contract/test_device_formats.py."""
    return [*(name for name in sorted(DECODERS) if originals(name)), SPARKPLUG_HOST]


@cache
def _all() -> tuple[Library, Vocabulary]:
    vocabulary = load_vocabulary(device_configs())
    return load_library((device_configs(),), vocabulary), vocabulary


@cache
def originals(decoder: str) -> tuple[Sent, ...]:
    """The examples of all profiles of the decoder: real messages."""
    profiles = [profile for profile in _all()[0].profiles if profile.decoder == decoder]
    return tuple(
        Sent(example["topic"], example_payload(example)) for profile in profiles for example in profile.examples
    )


def _pipelines(decoder: str) -> tuple[Pipeline, Pipeline]:
    """With the profiles of the decoder alone, and with all."""
    library, vocabulary = _all()
    own = Library(tuple(profile for profile in library.profiles if profile.decoder == decoder))
    return Pipeline(own, vocabulary), Pipeline(library, vocabulary)


class _Decoder:
    def __init__(self, name: str) -> None:
        self._name = name
        self._alone, self._among_all = _pipelines(name)

    def sent(self, seed: int, number: int) -> Sent:
        chance = Random(f"{seed} {self._name} {number}")
        real = originals(self._name)
        topic, payload = chance.choice(real)
        payload = mutated(chance, payload, [one.payload for one in real])
        # With a check sum that fits: without it nearly nothing would be read.
        if chance.random() < 0.7:
            payload = DECODERS[self._name].sealed(payload)
        return Sent(spoilt_topic(chance, topic) if chance.random() < 0.1 else topic, payload)

    def take(self, sent: Sent, number: int) -> list[Processed]:
        pipeline = self._among_all if number % 4 == 3 else self._alone
        return [pipeline.process(Message(sent.topic, sent.payload, 1, 1, False, False, 1, RECEIVED_AT))]


class _Host:
    """An edge node's sessions, one message in seven spoilt: what is right must go on being read between."""

    def __init__(self) -> None:
        self._host = Host()
        self._session = _sessions()
        self._pipeline, _ = _pipelines("sparkplug")

    def sent(self, seed: int, number: int) -> Sent:
        chance = Random(f"{seed} host {number}")
        topic, payload = self._session[number % len(self._session)]
        if chance.random() < 0.15:
            payload = mutated(chance, payload, [one.payload for one in self._session])
        return Sent(spoilt_topic(chance, topic) if chance.random() < 0.05 else topic, payload)

    def take(self, sent: Sent, number: int) -> list[Processed]:
        now = number * 50
        told = self._host.take(sent.topic, sent.payload, RECEIVED_AT, now, retained=number % 100 == 99)
        if number % 10 == 0:
            told = told + self._host.tick(now)
        self._host.requests()
        return [
            self._pipeline.process(
                Message(
                    *(one.topic, sent.payload if one.content is None else orjson.dumps(one.content)),
                    *(0, 0, False, False, 1, one.received_at),
                )
            )
            for one in told
        ]


def _sessions() -> list[Sent]:
    """Twenty, each with births, data by alias, history, a lost message, and deaths."""
    edge, sent = Edge(), []
    for session in range(20):
        edge.bd_seq = session
        ph, flow = {"name": "ph", "alias": 1}, {"name": "flow", "alias": 2, "properties": {"engUnit": "L/s"}}
        sent += [edge.birth(metric(21.5, name="temperature", alias=9))]
        sent += [edge.device_birth("effluent", metric(7.0, **ph), metric(2.0, **flow))]
        for count in range(15):
            at = T0 + 60_000 * (session * 20 + count)
            sent += [edge.data(metric(20.0 + count, None, alias=9, at=at, field="double_value"))]
            late = metric(6.5, None, alias=1, at=at - 3_600_000, field="double_value", is_historical=True)
            sent += [edge.device_data("effluent", metric(7.0, None, alias=1, at=at, field="double_value"), late)]
        edge.lose()
        sent += [edge.data(metric(19.0, None, alias=9, field="double_value")), edge.device_death("effluent")]
        sent += [edge.death()]
    return [Sent(*one) for one in sent]
