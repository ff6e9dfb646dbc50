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

from collector.devices.examples import RECEIVED_AT
from collector.domain.times import EARLIEST_MS, FUTURE_TOLERANCE_MS
from collector.ingest.pipeline import Processed
from collector.profiles.profile import MAX_NAME
from tests.fuzz.subjects import subject

# Processor time for one message of at most 20 kB, many times what any takes.
SLOWEST_MS = 250.0
_DEVICE = re.compile(r"[a-z0-9._-]{1,128}")
_METRIC = re.compile(r"[a-z0-9._-]{1,64}")
_LONGEST_DETAIL = 2_000


@dataclass
class Outcome:
    """What came of the messages of one subject. `faults`: what must never be, each with how to see it again."""

    name: str
    messages: int = 0
    readings: int = 0
    with_readings: int = 0
    passed_over: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    slowest_ms: float = 0.0
    slowest: int = 0
    faults: list[str] = field(default_factory=list)


def campaign(name: str, count: int, seed: int, first: int = 0) -> Iterator[Outcome]:
    """The same outcome after every message, filled on."""
    tried, outcome = subject(name), Outcome(name)
    for number in range(first, first + count):
        sent = tried.sent(seed, number)
        began = time.thread_time()
        results = tried.take(sent, number)
        took = (time.thread_time() - began) * 1000
        _count(outcome, results, number, took)
        faults = [fault for result in results for fault in _faults(result)]
        if took > SLOWEST_MS:
            faults.append(f"{took:.0f} ms for {len(sent.payload)} bytes")
        for fault in faults:
            outcome.faults.append(f"{name}, seed {seed}, number {number}: {fault}; {sent.topic} {sent.payload[:300]!r}")
        yield outcome


def _count(outcome: Outcome, results: list[Processed], number: int, took: float) -> None:
    outcome.messages += 1
    outcome.readings += sum(len(result.readings) for result in results)
    outcome.with_readings += any(result.readings for result in results)
    outcome.refused.update(result.refused.reason for result in results if result.refused is not None)
    outcome.passed_over += not any(result.refused or result.readings for result in results)
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
