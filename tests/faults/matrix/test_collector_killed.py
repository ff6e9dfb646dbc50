"""`kill -9` of the collector while messages stream in."""

from __future__ import annotations

import random

import pytest

from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.plant import Plant
from tests.faults.matrix.stream import Numbered, Stream

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(600)]
SEED = 4
KILLS = 4


def test_kill_9_of_the_collector_four_times_loses_and_doubles_nothing(
    plant: Plant, ledger: Ledger, readings: int, rate: float
) -> None:
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    moments = sorted(random.Random(SEED).uniform(0.05, 0.95) for _ in range(KILLS))
    collector = plant.collector()
    stream.start()
    for moment in moments:
        stream.reach(moment)
        collector.kill()
        collector = plant.collector()
    stream.finish()
    ledger.settle()
    ledger.check(messages, stream)
