"""The broker restarted, killed, and out of reach."""

from __future__ import annotations

import time

import pytest

from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.plant import Plant
from tests.faults.matrix.stream import BY_HAND, Numbered, Stream

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]
# The longest pause before the collector tries the broker again, and time to catch up.
RECONNECT_S = 90
# What a message needs from the publisher's clock to the collector's: the two ends of a loss are seen there.
TRANSIT_MS = 1_000


def test_the_broker_restarts_with_its_persistence_while_the_collector_is_connected(
    plant: Plant, ledger: Ledger, readings: int, rate: float
) -> None:
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    for share in (0.3, 0.6):
        stream.reach(share)
        plant.broker.stop()
        plant.broker.start()
    stream.finish()
    ledger.settle(RECONNECT_S)
    ledger.check(messages, stream)
    assert plant.losses() == []


def test_the_broker_restarts_with_its_persistence_while_the_collector_is_away(
    plant: Plant, ledger: Ledger, readings: int, rate: float
) -> None:
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    collector = plant.collector()
    stream.start()
    stream.reach(0.3)
    collector.kill()
    stream.reach(0.5)
    plant.broker.stop()
    plant.broker.start()
    stream.reach(0.7)
    plant.collector()
    stream.finish()
    ledger.settle(RECONNECT_S)
    ledger.check(messages, stream)
    assert plant.losses() == []


def test_what_a_killed_broker_had_taken_and_not_delivered_is_lost_and_reported(
    plant: Plant, ledger: Ledger, readings: int, rate: float
) -> None:
    """Nobody can keep what a broker forgets. It must be exactly that, and it must be said."""
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    stream.reach(0.3)
    plant.mqtt.go_down()
    stream.reach(0.6)
    stream.stay_away()
    plant.broker.kill()
    stream.await_cut()
    gone = set(range(stream.acked)) - ledger.numbers()
    plant.broker.start()
    plant.mqtt.come_up()
    plant.await_subscription()
    stream.return_now()
    stream.finish()
    ledger.settle(RECONNECT_S)
    account = ledger.check(messages, stream, may_lose=gone)
    assert account.lost == len(gone) >= 0.25 * readings
    assert_reported(plant, stream, gone)


def test_a_broker_killed_while_it_delivers_loses_nothing_outside_the_times_that_are_reported(
    plant: Plant, ledger: Ledger, readings: int, rate: float
) -> None:
    """What was under way, and what came after its return and before ours: then nobody was subscribed."""
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    plant.collector()
    stream.start()
    for kills, share in enumerate((0.3, 0.6), 1):
        stream.reach(share)
        plant.broker.kill()
        stream.await_cut(kills)
        plant.broker.start()
    stream.finish()
    ledger.settle(RECONNECT_S)
    gone = set(range(messages.count)) - ledger.numbers()
    ledger.check(messages, stream, may_lose=gone)
    assert len(plant.losses()) == 2
    assert_reported(plant, stream, gone)


def assert_reported(plant: Plant, stream: Stream, gone: set[int]) -> None:
    losses = plant.losses()
    assert losses
    sent = [stream.sent_at(number) for number in sorted(gone)]
    outside = [at for at in sent if not any(start - TRANSIT_MS <= at <= end for start, end in losses)]
    assert outside == []


@pytest.mark.parametrize("way", ["reset", pytest.param("silent", marks=pytest.mark.slow)])
def test_the_network_to_the_broker_is_cut(plant: Plant, ledger: Ledger, readings: int, way: str) -> None:
    """Devices go on publishing; the broker keeps it all for us. Reset: connections break. Silent: nobody is told."""
    # A silence has to outlast the keep-alive to be noticed.
    seconds = 60 if way == "silent" or readings >= BY_HAND else 5
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, readings / (seconds * 1.2))
    plant.collector()
    stream.start()
    stream.reach(0.1)
    (plant.mqtt.go_down if way == "reset" else plant.mqtt.fall_silent)()
    time.sleep(seconds)
    assert plant.stored_numbers() < readings * 0.3
    plant.mqtt.heal()
    stream.finish()
    ledger.settle(RECONNECT_S)
    ledger.check(messages, stream)
    assert plant.losses() == []
