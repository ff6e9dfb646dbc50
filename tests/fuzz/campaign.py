"""Sends spoilt messages through the pipeline and counts what comes of them.

What must hold, whatever comes: readings that can be stored, or a refusal with reason and sentence; never an exception,
never a stall.
"""

from __future__ import annotations

import math
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import NamedTuple

from collector.devices.examples import RECEIVED_AT, example_payload
from collector.domain.times import EARLIEST_MS, FUTURE_TOLERANCE_MS
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.decoders import DECODERS
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.profile import MAX_NAME
from collector.profiles.vocabulary import Vocabulary, load_vocabulary
from tests.fuzz.mutate import mutated, spoilt_topic

# Processor time for one message of at most 20 kB, many times what any takes.
SLOWEST_MS = 250.0
_DEVICE = re.compile(r"[a-z0-9._-]{1,128}")
_METRIC = re.compile(r"[a-z0-9._-]{1,64}")
_LONGEST_DETAIL = 2_000


class Sent(NamedTuple):
    topic: str
    payload: bytes


@dataclass
class Outcome:
    """What came of the messages of one decoder. `faults`: what must never be, each with how to see it again."""

    decoder: str
    messages: int = 0
    readings: int = 0
    with_readings: int = 0
    passed_over: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    slowest_ms: float = 0.0
    slowest: int = 0
    faults: list[str] = field(default_factory=list)


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


def spoilt(decoder: str, seed: int, number: int) -> Sent:
    """The message of this number: always the same one."""
    chance = Random(f"{seed} {decoder} {number}")
    real = originals(decoder)
    topic, payload = chance.choice(real)
    payload = mutated(chance, payload, [one.payload for one in real])
    # With a check sum that fits: without it nearly nothing would be read.
    if chance.random() < 0.7:
        payload = DECODERS[decoder].sealed(payload)
    return Sent(spoilt_topic(chance, topic) if chance.random() < 0.1 else topic, payload)


def campaign(decoder: str, count: int, seed: int, first: int = 0) -> Iterator[Outcome]:
    """The same outcome after every message, filled on."""
    library, vocabulary = _all()
    alone = Pipeline(Library(tuple(p for p in library.profiles if p.decoder == decoder)), vocabulary)
    among_all = Pipeline(library, vocabulary)
    outcome = Outcome(decoder)
    for number in range(first, first + count):
        sent = spoilt(decoder, seed, number)
        pipeline = among_all if number % 4 == 3 else alone
        began = time.thread_time()
        result = pipeline.process(Message(sent.topic, sent.payload, 1, 1, False, False, 1, RECEIVED_AT))
        took = (time.thread_time() - began) * 1000
        _count(outcome, result, number, took)
        for fault in (
            *_faults(result),
            *([f"{took:.0f} ms for {len(sent.payload)} bytes"] if took > SLOWEST_MS else []),
        ):
            outcome.faults.append(
                f"{decoder}, seed {seed}, number {number}: {fault}; {sent.topic} {sent.payload[:300]!r}"
            )
        yield outcome


def _count(outcome: Outcome, result: Processed, number: int, took: float) -> None:
    outcome.messages += 1
    outcome.readings += len(result.readings)
    outcome.with_readings += bool(result.readings)
    if result.refused is not None:
        outcome.refused[result.refused.reason] += 1
    elif not result.readings:
        outcome.passed_over += 1
    if took > outcome.slowest_ms:
        outcome.slowest_ms, outcome.slowest = took, number


def _faults(result: Processed) -> Iterator[str]:
    refused = result.refused
    if refused is not None:
        if refused.reason == "internal":
            yield f"a decoder failed: {refused.detail}"
        if not refused.reason or not refused.detail:
            yield f"refused as {refused.reason!r}: {refused.detail!r}"
        if fault := _no_text(refused.detail, _LONGEST_DETAIL):
            yield f"a refusal with {fault}"
    for reading in result.readings:
        if not _DEVICE.fullmatch(reading.device) or not _METRIC.fullmatch(reading.metric):
            yield f"a reading of {reading.device!r}, {reading.metric!r}"
        if reading.value is not None and not (isinstance(reading.value, float) and math.isfinite(reading.value)):
            yield f"the value {reading.value!r}"
        if not EARLIEST_MS <= reading.observed_at <= RECEIVED_AT + FUTURE_TOLERANCE_MS:
            yield f"the time {reading.observed_at}"
    for device in result.devices:
        if fault := _no_text(device.source_name, MAX_NAME):
            yield f"a device's name with {fault}"


def _no_text(text: str, longest: int) -> str | None:
    """What keeps a text out of one of our databases: PostgreSQL takes no NUL, SQLite no half of a surrogate pair."""
    if len(text) > longest:
        return f"{len(text)} characters"
    return (
        "a NUL" if "\0" in text else "half a character" if any("\ud800" <= mark <= "\udfff" for mark in text) else None
    )
