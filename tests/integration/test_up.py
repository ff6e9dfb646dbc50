"""`fieldproof up --demo`: everything starts, everything stops, and the next start carries on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from collector.clock import now_ms
from collector.domain.times import parse_time
from tests.servers import STARTED, free_port, wait_for

PASSWORD = "demo-password-1"


class Up:
    """One run of `fieldproof up --demo` on a folder."""

    def __init__(self, data: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "webapp.cli", "up", "--demo", "--port", str(port), "--data", str(data)]
        env = {**os.environ, "FIELDPROOF_DEMO_PASSWORD": PASSWORD}
        self.process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        STARTED.append(self.process)
        self.started_at = now_ms()
        self.cookie = ""

    def call(self, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"Content-Type": "application/json", "X-Fieldproof": "1", "Cookie": self.cookie}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers), timeout=10) as answer:
            self.cookie = (answer.headers.get("Set-Cookie") or self.cookie).split(";")[0]
            return json.load(answer)

    def wait_until_live(self) -> dict[str, Any]:
        """Signed in as inspector, with a reading that is younger than the start."""

        def answers() -> bool:
            try:
                self.call("/api/v1/session", {"username": "inspector", "password": PASSWORD})
            except OSError:
                assert self.process.poll() is None, self.process.stdout.read() if self.process.stdout else ""
                return False
            return True

        wait_for(answers, 90, "sign-in")
        wait_for(self.is_live, 60, "a live reading")
        return self.ph()

    def is_live(self) -> bool:
        observed = self.ph()["observed_at"]
        return observed is not None and parse_time(observed)[0] > self.started_at

    def ph(self) -> dict[str, Any]:
        points = self.call("/api/v1/points?device=dairy.effluent")["items"]
        return next((point for point in points if point["metric"] == "ph"), {"observed_at": None})

    def children(self) -> list[int]:
        return children_of(self.process.pid)

    def end(self, number: signal.Signals) -> str:
        self.process.send_signal(number)
        return self.process.communicate(timeout=60)[0]


def children_of(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in listed.stdout.split()]


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids)


@pytest.mark.timeout(300)
def test_it_shows_live_readings_stops_on_ctrl_c_and_carries_on_at_the_next_start(tmp_path: Path) -> None:
    first = Up(tmp_path / "data", free_port())
    point = first.wait_until_live()
    assert point["aspect"]["name"]
    assert {limit["level"] for limit in point["limits"]} >= {"warning", "permit"}
    pids = first.children()
    assert len(pids) >= 4
    before = first.call("/api/v1/devices/dairy.effluent/points/ph/readings?buckets=30&start=0")["count"]
    output = first.end(signal.SIGINT)
    assert first.process.returncode == 0
    for told in (first.url, "inspector", "auditor", PASSWORD, "Ctrl-C"):
        assert told in output
    assert gone(pids), "a child outlived its parent"

    second = Up(tmp_path / "data", free_port())
    second.wait_until_live()
    after = second.call("/api/v1/devices/dairy.effluent/points/ph/readings?buckets=30&start=0")["count"]
    assert sum(after) > sum(before)
    pids = second.children()
    second.end(signal.SIGTERM)
    assert gone(pids)


@pytest.mark.timeout(180)
@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_killed_web_process_takes_its_workers_with_it_and_is_started_again(tmp_path: Path) -> None:
    up = Up(tmp_path / "data", free_port())
    up.wait_until_live()
    (web,) = [pid for pid in up.children() if b"serve" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    workers = children_of(web)
    assert workers
    os.kill(web, signal.SIGKILL)
    wait_for(lambda: gone(workers), 30, "the workers' end")
    up.wait_until_live()
    up.end(signal.SIGTERM)


@pytest.mark.timeout(120)
@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")
def test_a_killed_up_leaves_no_children_behind(tmp_path: Path) -> None:
    up = Up(tmp_path / "data", free_port())
    up.wait_until_live()
    pids = up.children()
    up.end(signal.SIGKILL)
    wait_for(lambda: gone(pids), 30, "the children's end")


def test_a_port_in_use_is_told_with_what_to_do(tmp_path: Path) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        up = Up(tmp_path / "data", taken.getsockname()[1])
        output = up.process.communicate(timeout=30)[0]
    assert up.process.returncode == 78
    assert "choose another --port" in output
