"""How often a broker that is away is asked: soon at first, twice a minute at the least, whatever the clock does."""

from __future__ import annotations

from typing import Any

import pytest

from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.source import MqttSource
from collector.settings import Settings
from tests.servers import free_port

T0 = 1_795_521_600_000
STEP_MS = 100


class Away:
    """A source whose broker refuses connections, and the times at which it tried."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = T0
        self.tried: list[int] = []
        broker = Broker.parse(f"mqtt://127.0.0.1:{free_port()}")
        self.source = MqttSource(Settings(), broker, "away", ["t/#"], lambda: self.now)
        connect = self.source.client.connect

        def try_it(*args: Any, **options: Any) -> Any:
            self.tried.append(self.now)
            return connect(*args, **options)

        monkeypatch.setattr(self.source.client, "connect", try_it)

    def poll_for(self, seconds: int) -> None:
        for _ in range(seconds * 1_000 // STEP_MS):
            assert self.source.poll() == []
            self.now += STEP_MS


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> Away:
    return Away(monkeypatch)


def test_a_broker_that_is_away_for_hours_is_asked_twice_a_minute(away: Away) -> None:
    away.poll_for(3 * 3_600)
    gaps = [after - before for before, after in zip(away.tried, away.tried[1:], strict=False)]
    assert gaps[:7] == [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]
    assert set(gaps[6:]) == {30_000}


def test_a_clock_that_is_set_back_by_an_hour_does_not_keep_us_from_asking(away: Away) -> None:
    away.poll_for(120)
    away.now -= 3_600_000
    set_back_at, before = away.now, len(away.tried)
    away.poll_for(31)
    assert len(away.tried) > before
    assert away.tried[before] - set_back_at <= 30_000
