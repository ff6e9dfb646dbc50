"""`fieldproof doctor` as a person runs it: with nothing there yet, and beside a collector at work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.clock import now_ms
from tests.servers import Server, free_port, wait_for
from tests.world import World


def doctor(folder: Path, *options: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "webapp.cli", "doctor", "--listen", "1", *options],
        env={**os.environ, "COLUMNS": "200", **(env or {})}, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_newcomer_with_nothing_running_is_told_what_to_start(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--mqtt", f"mqtt://127.0.0.1:{free_port()}")
    assert done.returncode == 1
    assert "nothing listens at 127.0.0.1" in done.stdout
    assert "fieldproof up --demo" in done.stdout
    assert "1 bad" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == [], "looking made something"


def test_a_configuration_that_cannot_be_used_is_told_as_everywhere(tmp_path: Path) -> None:
    done = doctor(tmp_path, "--mqtt", "http://broker")
    assert done.returncode == 78
    assert "--mqtt-url: 'http://broker' is not of the form" in done.stderr


@pytest.fixture
def at_work(tmp_path: Path, broker: Server) -> Iterator[World]:
    world = World(tmp_path, broker)
    world.seed()
    collector = world.collector()
    yield world
    collector.stop()


@pytest.mark.services
def test_beside_a_collector_at_work_it_finds_all_in_order_and_disturbs_nothing(at_work: World, tmp_path: Path) -> None:
    """No address is given: it looks at the broker of the collector that runs on this folder."""
    # One look at the clock: were it read for each, two could come to the same millisecond, and one be known again.
    before = now_ms()
    at_work.publish([{"time": before - n, "values": {"ph": 7.0}} for n in range(50)])
    at_work.await_rows("SELECT id FROM collector", 1)
    done = doctor(tmp_path, "--json", env={"FIELDPROOF_DATA": str(at_work.data)})
    found: list[dict[str, Any]] = json.loads(done.stdout)
    assert done.returncode == 0, [finding for finding in found if finding["state"] == "bad"]
    assert {"broker", "persistence", "queue", "publishers", "session", "disk", "clock"} <= {f["check"] for f in found}
    assert f"Broker 127.0.0.1:{at_work.broker.port}" in {finding["group"] for finding in found}
    assert any("runs, connected and subscribed" in finding["what"] for finding in found)
    assert done.stderr == ""
    after = now_ms()
    at_work.publish([{"time": after + n, "values": {"ph": 7.0}} for n in range(50)])
    wait_for(lambda: at_work.count("reading") == 100, what="100 readings")
    assert "disconnected" not in (tmp_path / "collector.log").read_text()


@pytest.mark.services
@pytest.mark.parametrize(
    ("options", "measured"), [((), False), (("--measure-queue",), True), (("--waiting", "200"), True)]
)
def test_the_queue_is_measured_only_when_asked(
    tmp_path: Path, broker: Server, options: tuple[str, ...], measured: bool
) -> None:
    done = doctor(tmp_path, "--json", "--mqtt", f"mqtt://127.0.0.1:{broker.port}", *options)
    told = [finding["what"] for finding in json.loads(done.stdout) if finding["check"] == "queue"]
    assert any("without a limit of their number" in what for what in told)
    assert any("unacknowledged messages" in what for what in told) is measured
