"""Real servers for the tests, each on a free loopback port with a folder and configuration of its own."""

from __future__ import annotations

import atexit
import getpass
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Every process that a test started, so that none outlives a test that failed.
STARTED: list[subprocess.Popen[Any]] = []

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin"


def find(program: str) -> str | None:
    return shutil.which(program, path=PATH)


def find_postgres() -> Path | None:
    """Debian keeps PostgreSQL's programs off the PATH, by version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return found[-1].parent if found else None


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float = 20, what: str = "the condition") -> None:
    """Polls until the condition holds; for things outside this process that announce themselves in no other way."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come about within {seconds:.0f} s")
        time.sleep(0.02)


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Server:
    """A child process that can be killed and started again on the same port and data."""

    command: list[str]
    port: int
    env: dict[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] | None = None
    log: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> Server:
        out = self.log.open("ab") if self.log else subprocess.DEVNULL
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={**os.environ, **self.env}
        )
        STARTED.append(self.process)
        if self.log and not isinstance(out, int):
            out.close()
        wait_for(self._up, 30, f"{self.command[0]} on port {self.port}")
        return self

    def _up(self) -> bool:
        if self.process is not None and self.process.poll() is not None:
            text = self.log.read_text(errors="replace")[-2000:] if self.log else ""
            raise AssertionError(f"{self.command[0]} ended with {self.process.returncode}\n{text}")
        return self.ready() if self.ready else answers(self.port)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(self.stop_signal)

    def _end(self, number: signal.Signals) -> None:
        if self.process is not None:
            end(self.process, number)


def end(process: subprocess.Popen[Any], number: signal.Signals = signal.SIGTERM) -> None:
    """Ends a process and waits for it; kills it when it does not listen."""
    if process.poll() is not None:
        return
    process.send_signal(number)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def mosquitto(folder: Path, extra: str = "") -> Server:
    """A broker that loses nothing while a subscriber is away."""
    program = find("mosquitto")
    assert program is not None
    port = free_port()
    config = folder / "mosquitto.conf"
    config.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nuser {getpass.getuser()}\n"
        f"persistence true\npersistence_location {folder}/\nmax_inflight_messages 2000\n"
        f"max_queued_messages 0\nmax_queued_bytes 0\nlog_type error\nlog_type warning\n{extra}"
    )
    return Server([program, "-c", str(config)], port, log=folder / "mosquitto.log").start()


def influxdb(folder: Path) -> Server:
    """Debian's InfluxDB 1.6.7, with an empty data folder."""
    program = find("influxd")
    assert program is not None
    port, rpc = free_port(), free_port()
    config = folder / "influxdb.conf"
    config.write_text(
        f'reporting-disabled = true\nbind-address = "127.0.0.1:{rpc}"\n'
        f'[meta]\n  dir = "{folder}/meta"\n'
        f'[data]\n  dir = "{folder}/data"\n  wal-dir = "{folder}/wal"\n  query-log-enabled = false\n'
        f'[http]\n  bind-address = "127.0.0.1:{port}"\n  log-enabled = false\n'
        "[monitor]\n  store-enabled = false\n"
    )

    def ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False

    return Server([program, "-config", str(config)], port, ready=ready, log=folder / "influxdb.log").start()


def postgres() -> Server:
    """A cluster of its own. PostgreSQL refuses to run as root: then it runs as the package's user."""
    programs = find_postgres()
    assert programs is not None
    port = free_port()
    # Not below pytest's folders: those are closed to other users.
    folder = Path(tempfile.mkdtemp(prefix="fieldproof-postgres-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    data = folder / "pg"
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    if as_user:
        shutil.chown(folder, "postgres")
    initdb = [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "fieldproof", "-A", "trust", "-E", "UTF8"]
    subprocess.run([*initdb, "--no-sync"], check=True, capture_output=True, cwd=folder)
    command = [
        *as_user, str(programs / "postgres"), "-D", str(data), "-p", str(port),
        "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off",
    ]  # fmt: skip

    def ready() -> bool:
        probe = [str(programs / "pg_isready"), "-q", "-U", "fieldproof", "-h", "127.0.0.1", "-p", str(port)]
        return subprocess.run(probe, check=False).returncode == 0

    # SIGINT: PostgreSQL's fast shutdown, which does not wait for its clients to leave.
    return Server(command, port, ready=ready, log=Path(f"{folder}.log"), stop_signal=signal.SIGINT).start()
