"""InfluxDB killed, refusing, hanging and cut off in the middle. Ingest goes on, and afterwards everything is there."""

from __future__ import annotations

import re

import pytest

from collector.clock import now_ms
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.plant import WRITES, Plant
from tests.faults.matrix.stream import Numbered, Stream
from tests.servers import wait_for

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]
# How long the outbox may take after the last fault: the longest pause of its back-off, and the work itself.
DRAIN_S = 180


def buried(plant: Plant) -> list[int]:
    """The numbers in the dead letters: of the refused lines alone, and not of their neighbours."""
    letters = plant.query("SELECT payload FROM dead_letter")
    return sorted(int(found) for (payload,) in letters for found in re.findall(rb"value=(\d+)", payload))


def test_kill_9_of_influxdb_twice_loses_and_doubles_nothing(
    plant: Plant, ledger: Ledger, readings: int, rate: float
) -> None:
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    for down, up in ((0.2, 0.35), (0.55, 0.7)):
        stream.reach(down)
        plant.influx.kill()
        stream.reach(up)
        plant.influx.start()
    stream.finish()
    ledger.settle(DRAIN_S)
    ledger.check(messages, stream)


@pytest.mark.parametrize("status", [401, 429, 500, 503])
def test_influxdb_answers_with_trouble_of_its_own_for_a_while(
    plant: Plant, ledger: Ledger, readings: int, rate: float, status: int
) -> None:
    """None of these says that a line is wrong: all is kept, and delivered when it is over."""
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    for faults, share in ((2, 0.2), (4, 0.5)):
        stream.reach(share)
        plant.break_writes(status, times=2, headers={"Retry-After": "1"})
        plant.await_faults(faults)
    stream.finish()
    ledger.settle(DRAIN_S)
    ledger.check(messages, stream)


@pytest.mark.parametrize(("status", "version"), [(400, "1.6.7"), (422, "v2.7.11")])
def test_influxdb_refuses_whole_batches_for_a_few_of_their_lines(
    plant: Plant, ledger: Ledger, readings: int, rate: float, status: int, version: str
) -> None:
    """Cut in halves down to those lines: they are dead letters, and everything around them is delivered."""
    messages = Numbered(readings)
    refused = {readings // 10, readings // 2, readings // 2 + 1, readings - 1}
    plant.http.answer("GET /ping", 204, times=None, headers={"X-Influxdb-Version": version})
    words = b'{"error":"partial write: points beyond retention policy dropped=1"}'
    for number in refused:
        plant.break_writes(status, times=None, body=words, holding=b" value=%d.0 " % number)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    stream.finish()
    ledger.settle(DRAIN_S)
    ledger.check(messages, stream, not_in_influx=refused, dead_letters={"out_of_retention": len(refused)})
    assert buried(plant) == sorted(refused)


@pytest.mark.parametrize("status", [400, 422])
def test_lines_refused_in_words_that_no_influxdb_uses_are_tried_again_later(
    plant: Plant, ledger: Ledger, readings: int, rate: float, status: int
) -> None:
    """Something before InfluxDB may have said no: they are put aside, then delivered, and none is a dead letter."""
    messages = Numbered(readings)
    doubtful = {readings // 10, readings // 2, readings // 2 + 1, readings - 1}
    for number in doubtful:
        plant.break_writes(status, times=None, holding=b" value=%d.0 " % number)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    stream.finish()
    wait_for(lambda: plant.count("parked") == len(doubtful), 60, "lines that are put aside")
    wait_for(lambda: plant.waiting() == len(doubtful), 60, "all others delivered")
    plant.http.heal()
    # What a minute would do.
    plant.change("UPDATE parked SET next_try_at=0")
    ledger.settle(DRAIN_S)
    ledger.check(messages, stream)


def test_influxdb_itself_refuses_a_field_of_another_type(
    plant: Plant, ledger: Ledger, readings: int, rate: float
) -> None:
    """A real 400, with a real partial write: in the shard of one week `value` is a text already."""
    # Within the days for which collector.db keeps what went to InfluxDB.
    ten_days_ago = now_ms() - 10 * 86_400_000
    plant.write(f'readings,site=plant,device=plant.other,metric=text value="text" {ten_days_ago}')
    refused = {number | 1: ten_days_ago + number for number in range(10, readings, readings // 20)}
    messages = Numbered(readings, elsewhen=refused)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    stream.finish()
    ledger.settle(DRAIN_S)
    ledger.check(messages, stream, not_in_influx=refused, dead_letters={"type_conflict": len(refused)})
    assert buried(plant) == sorted(refused)


def test_influxdb_takes_writes_and_never_answers(plant: Plant, ledger: Ledger, readings: int, rate: float) -> None:
    """Ingest is not held up while the forwarder waits in vain."""
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    plant.http.hang(WRITES, times=None)
    stream.start()
    stream.finish()
    wait_for(lambda: plant.stored_numbers() == readings, 30, "all readings in collector.db")
    assert ledger.in_influx() == {}
    plant.http.heal()
    ledger.settle(DRAIN_S)
    ledger.check(messages, stream)


@pytest.mark.parametrize("after", [0, 60])
def test_the_answer_of_influxdb_is_cut_off(
    plant: Plant, ledger: Ledger, readings: int, rate: float, after: int
) -> None:
    """What InfluxDB had carried out is written again, on top of itself."""
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    for faults, share in enumerate((0.1, 0.4, 0.7), 1):
        stream.reach(share)
        plant.http.halve(WRITES, after)
        plant.await_faults(faults)
    stream.finish()
    ledger.settle(DRAIN_S)
    ledger.check(messages, stream)
