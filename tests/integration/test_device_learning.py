"""`devices learn` and `devices try --live` at a real broker, as somebody with a new device runs them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from collector.clock import now_ms
from tests import servers
from tests.conftest import need
from tests.servers import Server, free_port, wait_for
from tests.world import publish

pytestmark = pytest.mark.services


@contextmanager
def device(broker: Server, *topics: str) -> Iterator[None]:
    """A meter that speaks ten times a second on each topic, until the test is over."""
    over = threading.Event()

    def speak() -> None:
        energy = 3500
        while not over.wait(0.1):
            energy += 1
            for topic in topics:
                message = {"ts": now_ms(), "power": 2500.5, "energy_kwh": energy, "odd": 1, "id": "x-1"}
                publish(broker.port, [message], topic)

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def devices(broker: Server, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200", "FIELDPROOF_MQTT_URL": f"mqtt://127.0.0.1:{broker.port}"}
    return subprocess.run(
        [sys.executable, "-m", "webapp.cli", "devices", *arguments],
        env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_a_device_that_nobody_knows_is_learnt_checked_and_read(broker: Server, tmp_path: Path) -> None:
    with device(broker, "works/meter-1/state", "works/meter-2/state"):
        learnt = devices(broker, tmp_path, "learn", "works/#", "--vendor", "Acme", "--model", "M1")
        file = tmp_path / "device_configs/profiles/acme/m1.yaml"
        assert learnt.returncode == 0, learnt.stdout + learnt.stderr
        assert "acme-m1" in learnt.stdout
        assert "all is well" in learnt.stdout
        assert "units: guessed for active_power" in learnt.stdout
        text = file.read_text()
        assert "topic: 'works/{device}/state'" in text
        assert "time: {path: [ts], unit: ms}" in text
        assert "{name: energy_import, path: [energy_kwh], unit: kWh}" in text
        assert "# - {name: …, path: [odd], unit: …}" in text
        # What was written reads what comes.
        found = devices(
            broker, tmp_path, "try", "--live", "works/+/state", "--count", "1", "--json", "--profile", str(file)
        )
    assert found.returncode == 0, found.stderr
    (moment,) = json.loads(found.stdout)["moments"]
    assert moment["readings"]["active_power"] == {"value": 2.5005, "unit": "kW", "quality": "good", "reasons": []}
    assert moment["time_is"] == "from the message at [ts], milliseconds since 1970"


def test_what_a_known_profile_reads_is_told_and_nothing_is_written(broker: Server, tmp_path: Path) -> None:
    topic = "fieldproof/plant/et1/readings"
    publish(broker.port, [{"values": {"ph": 7.1}}], topic, retain=True)
    learnt = devices(broker, tmp_path, "learn", "#", "--timeout", "1")
    live = devices(broker, tmp_path, "try", "--live", "#", "--count", "1")
    assert learnt.returncode == 0
    assert f"fieldproof-plain reads ph from {topic}" in learnt.stdout
    assert "Nothing needs to be written" in learnt.stdout
    assert not (tmp_path / "device_configs").exists()
    assert "retained: the collector takes no reading from it" in live.stdout


@pytest.fixture
def telling_broker(tmp_path: Path) -> Iterator[Server]:
    """Its log says what it sends."""
    need("mosquitto", servers.find("mosquitto") is not None)
    (tmp_path / "telling").mkdir()
    server = servers.mosquitto(tmp_path / "telling", "log_type debug\n")
    yield server
    server.stop()


def test_what_collectors_tell_one_another_is_passed_over(broker: Server, tmp_path: Path) -> None:
    with device(broker, "fieldproof/_collectors/one-0/mark", "fieldproof/_doctor/one", "works/meter-1/state"):
        found = devices(broker, tmp_path, "try", "--live", "#", "--count", "4", "--json")
    assert {json.loads(line)["topic"] for line in found.stdout.splitlines()} == {"works/meter-1/state"}


def test_an_interrupted_listening_keeps_what_came(telling_broker: Server, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "webapp.cli", "devices", "learn", "works/#", "--count", "100000"]
    with (
        device(telling_broker, "works/meter-1/state"),
        subprocess.Popen(
            [*command, "--mqtt", f"mqtt://127.0.0.1:{telling_broker.port}"],
            cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        ) as process,
    ):  # fmt: skip
        try:
            wait_for(lambda: _has_heard(telling_broker), 30, "a message for the listener")
        finally:
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=30)
    assert process.returncode == 0, out
    assert "Written:" in out
    assert (tmp_path / "device_configs/profiles/own/device.yaml").exists()


def _has_heard(broker: Server) -> bool:
    """The listener has acknowledged a message."""
    assert broker.log is not None
    return "Received PUBACK from fieldproof-devices-" in broker.log.read_text()


def test_silence_and_a_broker_that_is_not_there_are_told(broker: Server, tmp_path: Path) -> None:
    silent = devices(broker, tmp_path, "learn", "nobody/#", "--timeout", "0.5")
    assert silent.returncode == 1
    assert "Nothing arrived on nobody/#" in silent.stderr
    gone = devices(broker, tmp_path, "try", "--live", "a/#", "--mqtt", f"mqtt://127.0.0.1:{free_port()}")
    assert gone.returncode == 1
    assert "nothing listens at 127.0.0.1" in gone.stderr
    wrong = devices(broker, tmp_path, "learn", "a/#/b")
    assert wrong.returncode == 1
    assert "a/#/b" in wrong.stderr
    assert "Traceback" not in silent.stderr + gone.stderr + wrong.stderr
