"""InfluxDB is replaced by another version under a running collector, between two writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.stores import influx as influx_module
from collector.stores.influx_answers import Generation
from tests.faultproxy import FaultProxy
from tests.integration.influx_drain import Drain, ask, holding
from tests.servers import Server

pytestmark = [pytest.mark.services, pytest.mark.timeout(180)]

N = 3_000
CONFLICT = b"invalid column type for column 'value', expected iox::column_type::field::string"


@pytest.fixture
def drain(tmp_path: Path, influx: Server) -> Iterator[Drain]:
    ask(influx, "CREATE DATABASE plant", "POST")
    with FaultProxy(influx.port) as proxy:
        found = Drain(tmp_path, influx, proxy)
        yield found
        found.close()


def test_an_upgrade_from_1_6_to_2x_under_a_running_collector_is_told_by_the_old_path(drain: Drain) -> None:
    """Nothing was written while it was away: 2.x answers 404 on /write for a bucket without a mapping."""
    drain.speak("1.6.7", v2_path=False)
    drain.put(range(10))
    drain.settle()
    drain.proxy.heal()
    drain.speak("v2.7.11", v2_path=True)
    drain.proxy.answer("POST /write", 404, b'{"code":"not found","message":"unable to find DBRP"}', times=None)
    drain.put(range(10, N))
    drain.settle()
    assert drain.influx.generation is Generation.V2
    assert (drain.stored(), drain.letters()) == (list(range(N)), {})


def test_before_a_line_is_buried_the_server_is_asked_again_who_it_is(
    drain: Drain, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What 1.8 refuses is buried; 3 Core, which has taken its place between two writes, may have a full disk."""
    monkeypatch.setattr(influx_module, "_BELIEVED_S", 0.0)
    drain.speak("1.8.10", v2_path=True)
    drain.put(range(10))
    drain.settle()
    drain.proxy.heal()
    drain.speak("3.4.1", v2_path=True)
    drain.proxy.answer("POST /api/v2/write", 400, CONFLICT, times=None, holding=holding(1_234))
    drain.put(range(10, N))
    drain.settle()
    assert (drain.letters(), drain.parked()) == ({}, [1_234])
