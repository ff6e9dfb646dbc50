"""Too much at once, and what should never have been sent."""

from __future__ import annotations

import threading

import pytest

from collector.domain.reading import Reason
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.plant import Plant
from tests.faults.matrix.poison import KINDS, Mixed
from tests.faults.matrix.stream import Numbered, Stream
from tests.hostile import resident_kib
from tests.servers import Server

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]
MEMORY_KIB = 200 * 1024


class Memory(threading.Thread):
    """The most that a process had in use while it was watched."""

    def __init__(self, server: Server) -> None:
        super().__init__(name="memory", daemon=True)
        assert server.process is not None
        self._pid = server.process.pid
        self._ended = threading.Event()
        self.most_kib = 0

    def run(self) -> None:
        while not self._ended.wait(0.05):
            self.most_kib = max(self.most_kib, resident_kib(self._pid))

    def end(self) -> int:
        self._ended.set()
        self.join(10)
        return self.most_kib


def test_a_burst_as_fast_as_the_broker_takes_it_is_all_stored_in_bounded_memory(
    plant: Plant, ledger: Ledger, readings: int
) -> None:
    """Four times what the other faults have; the collector is connected, and not through a proxy."""
    plant.extra["FIELDPROOF_MQTT_URL"] = f"mqtt://127.0.0.1:{plant.broker.port}"
    messages = Numbered(4 * readings)
    memory = Memory(plant.collector())
    stream = Stream(plant.broker.port, messages, rate=None, window=20_000)
    memory.start()
    stream.start()
    stream.finish()
    ledger.settle(120)
    assert memory.end() < MEMORY_KIB
    ledger.check(messages, stream)


def test_one_in_twenty_is_poison_of_twenty_kinds_and_each_is_a_dead_letter_or_a_marked_reading(
    plant: Plant, ledger: Ledger, readings: int, rate: float
) -> None:
    messages = Numbered(readings)
    mixed = Mixed(messages, every=19)
    stream = Stream(plant.broker.port, mixed, rate)
    plant.collector()
    stream.start()
    stream.finish()
    ledger.settle()
    ledger.check(messages, stream, dead_letters=mixed.reasons)
    assert set(mixed.kinds) == {kind.name for kind in KINDS}
    of_it = "reading JOIN series ON id=series_id WHERE device='plant.hostile'"
    assert dict(plant.query(f"SELECT reasons, count(*) FROM {of_it} GROUP BY reasons")) == dict(mixed.flags)
    marked = plant.influxql("SELECT count(quality) FROM readings WHERE device='plant.hostile'")[0]["values"][0][1]
    assert marked == mixed.flags.total() - mixed.flags[int(Reason.NONE)]
    assert plant.said("decoder failed") == 0
