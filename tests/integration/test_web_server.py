"""The application under granian, as it is run: many streams, several workers, and a stop."""

from __future__ import annotations

import http.client
import json
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.integration import web_world as world
from tests.servers import Server, free_port, wait_for
from webapp.live import BLOCKING_THREADS, SSE_CAP

AS_ADMIN = {"Authorization": f"Bearer {world.token_of('admin')}"}


def start(folder: Path, workers: int = 1) -> Server:
    port = free_port()
    options = ["--interface", "wsgi", "--factory", "--no-ws", "--port", str(port), "--workers", str(workers)]
    threads = ["--blocking-threads", str(BLOCKING_THREADS)]
    command = [sys.executable, "-m", "granian", *options, *threads, "webapp.wsgi:application"]
    # A signal that ends the tests leaves no server behind: it runs in their group.
    env = {"FIELDPROOF_DATA": str(folder)}
    return Server(command, port, env=env, log=folder / "web.log", ready=lambda: healthy(port)).start()


@pytest.fixture
def server(engine: Engine, tmp_path: Path) -> Iterator[Server]:
    started = start(tmp_path)
    yield started
    started.stop()


def healthy(port: int) -> bool:
    try:
        return ask(port, "/healthz")[0] == 200
    except OSError:
        return False


def ask(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers=AS_ADMIN)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class Stream:
    """A live stream held open."""

    def __init__(self, port: int, query: str = "") -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        self._connection.request("GET", f"/api/v1/live{query}", headers=AS_ADMIN)
        self.answer = self._connection.getresponse()

    def close(self) -> None:
        self.answer.close()
        self._connection.close()


def open_streams(port: int) -> int:
    found = re.search(rb"^fieldproof_live_streams (\d+)", ask(port, "/metrics")[1], re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_two_hundred_streams_leave_room_for_everything_else(server: Server) -> None:
    streams = [Stream(server.port) for _ in range(200)]
    try:
        assert Counter(stream.answer.status for stream in streams) == {200: SSE_CAP, 503: 200 - SSE_CAP}
        refused = next(stream for stream in streams if stream.answer.status == 503)
        assert json.loads(refused.answer.read())["code"] == "too_many_streams"
        began = time.monotonic()
        for path in ("/healthz", "/api/v1/points", "/api/v1/alarms"):
            assert ask(server.port, path)[0] == 200
        # Some milliseconds each; a starved server would not answer at all.
        assert time.monotonic() - began < 5
    finally:
        for stream in streams:
            stream.close()


def test_a_browser_that_goes_away_gives_its_place_back(server: Server) -> None:
    streams = [Stream(server.port) for _ in range(3)]
    assert open_streams(server.port) == 3
    for stream in streams:
        stream.close()
    # Noticed with the next thing that is sent: at the latest the heartbeat.
    wait_for(lambda: open_streams(server.port) == 0, 40, "the end of the streams")


def test_a_stop_ends_open_streams_instead_of_waiting_for_them(server: Server) -> None:
    stream = Stream(server.port)
    assert server.process is not None
    began = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    stream.answer.read()
    assert server.process.wait(timeout=30) == 0
    assert time.monotonic() - began < 10
    stream.close()


def test_two_workers_share_one_key_and_one_database(engine: Engine, tmp_path: Path) -> None:
    server = start(tmp_path, workers=2)
    try:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        body = json.dumps({"username": "manager", "password": world.PASSWORD})
        connection.request("POST", "/api/v1/session", body, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        answer.read()
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        connection.close()
        for _ in range(10):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
            connection.request("GET", "/api/v1/me", headers={"Cookie": cookie})
            assert connection.getresponse().status == 200
            connection.close()
    finally:
        server.stop()
