"""What the connection to InfluxDB makes of its address."""

from __future__ import annotations

from contextlib import closing

import pytest

from collector.settings import Settings
from collector.stores.influx import Influx


@pytest.mark.parametrize(
    ("host", "compressed"),
    [("localhost", False), ("127.0.0.1", False), ("[::1]", False), ("10.0.0.7", True), ("influx.plant.example", True)],
)
def test_bodies_are_compressed_for_a_network_and_not_for_the_loopback(host: str, compressed: bool) -> None:
    with closing(Influx(Settings(influx_url=f"http://{host}:8086", influx_bucket="plant"))) as influx:
        assert influx._compress is compressed
