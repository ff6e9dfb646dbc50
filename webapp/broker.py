"""The broker that `fieldproof up` brings: Debian's mosquitto when it is installed, else amqtt in a child process."""

from __future__ import annotations

import getpass
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

# A user's PATH has no sbin on Debian, where mosquitto lives.
_SBIN = "/usr/sbin:/usr/local/sbin"
_USUAL_PORT = 1883


@dataclass(frozen=True, slots=True)
class DemoBroker:
    """`durable`: keeps what it holds for the collector over a restart of either."""

    command: list[str]
    port: int
    durable: bool
    label: str

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"


def find_mosquitto() -> str | None:
    return shutil.which("mosquitto") or shutil.which("mosquitto", path=_SBIN)


def demo_broker(folder: Path) -> DemoBroker:
    """The broker for this machine, on loopback only. Its files are in `folder`."""
    port = _free_port()
    mosquitto = find_mosquitto()
    if mosquitto is None:
        command = [sys.executable, "-m", "webapp.amqtt_broker", str(port)]
        return DemoBroker(command, port, durable=False, label="amqtt (demo broker, not durable)")
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "mosquitto.conf"
    config.write_text(_mosquitto_config(folder, port), encoding="utf-8")
    return DemoBroker([mosquitto, "-c", str(config)], port, durable=True, label="mosquitto")


def _mosquitto_config(folder: Path, port: int) -> str:
    return f"""# Written by `fieldproof up` at each start; for an installation of your own see deploy/mosquitto/.
listener {port} 127.0.0.1
allow_anonymous true
# Started as root, mosquitto would change to a user that cannot write here.
user {getpass.getuser()}
persistence true
persistence_location {folder.resolve()}/
autosave_interval 60
# The defaults (20 in flight, 1000 queued, the rest dropped) lose messages while the collector restarts.
max_inflight_messages 2000
max_queued_messages 1000000
log_type error
log_type warning
log_type notice
connection_messages false
"""


def _free_port() -> int:
    """The usual MQTT port, so that a person's own device finds it; else any that is free."""
    for port in (_USUAL_PORT, 0):
        with socket.socket() as probe:
            # As a broker binds: a port whose last connections are still closing counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
