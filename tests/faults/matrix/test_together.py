"""Faults do not wait for one another: a seeded mixture of them while one stream runs."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.plant import WRITES, Plant
from tests.faults.matrix.stream import Numbered, Stream

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.timeout(900)]
FAULTS = 12
SETTLE_S = 180


def kill_the_collector(plant: Plant) -> None:
    assert plant.running is not None
    plant.running.kill()
    plant.collector()


def kill_influxdb(plant: Plant) -> None:
    plant.influx.kill()
    plant.influx.start()


def restart_the_broker(plant: Plant) -> None:
    plant.broker.stop()
    plant.broker.start()


def cut_the_connection_to_the_broker(plant: Plant) -> None:
    plant.mqtt.cut()


def make_influxdb_busy(plant: Plant) -> None:
    plant.break_writes(503, times=2)


def lose_answers_of_influxdb(plant: Plant) -> None:
    plant.http.lose(WRITES, times=2)


def lock_the_site_database(plant: Plant) -> None:
    """For half a second, beside whatever comes next."""

    def hold() -> None:
        with closing(sqlite3.connect(plant.data / "site.db", isolation_level=None, timeout=30)) as site:
            site.execute("BEGIN EXCLUSIVE")
            threading.Event().wait(0.5)
            site.execute("ROLLBACK")

    threading.Thread(target=hold, daemon=True).start()


ALL: tuple[Callable[[Plant], None], ...] = (
    kill_the_collector,
    kill_influxdb,
    restart_the_broker,
    cut_the_connection_to_the_broker,
    make_influxdb_busy,
    lose_answers_of_influxdb,
    lock_the_site_database,
)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_twelve_faults_in_one_stream_lose_and_double_nothing(
    plant: Plant, ledger: Ledger, readings: int, rate: float, seed: int
) -> None:
    messages = Numbered(readings)
    stream = Stream(plant.broker.port, messages, rate)
    chance = random.Random(seed)
    chosen = chance.sample(ALL, len(ALL)) + chance.choices(ALL, k=FAULTS - len(ALL))
    plant.collector()
    stream.start()
    for number, fault in enumerate(chosen, 1):
        stream.reach(number / (FAULTS + 1))
        fault(plant)
    stream.finish()
    ledger.settle(SETTLE_S)
    ledger.check(messages, stream)
    assert plant.losses() == []
