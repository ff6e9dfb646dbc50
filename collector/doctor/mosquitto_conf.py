"""Mosquitto's own settings, where it runs on this machine and its files may be read."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from collector.ingest.mqtt.client import Broker

_USUAL = Path("/etc/mosquitto/mosquitto.conf")
_DEFAULT_PORT = "1883"


def find(broker: Broker, own: Path) -> tuple[Path, dict[str, str]] | None:
    """The file of the Mosquitto that listens on this port, and its settings. `own`: the folder of `fieldproof up`'s."""
    if not _is_here(broker.host):
        return None
    for file in dict.fromkeys([*_running(), own / "mosquitto.conf", _USUAL]):
        try:
            settings, ports = read(file)
        except (OSError, UnicodeDecodeError):
            continue
        if str(broker.port) in ports:
            return file, settings
    return None


def read(file: Path) -> tuple[dict[str, str], set[str]]:
    """The last value of each setting, and the ports it listens on. Follows `include_dir`."""
    settings: dict[str, str] = {}
    ports: set[str] = set()
    for key, value in _lines(file):
        settings[key] = value
        if key in ("listener", "port") and value:
            ports.add(value.split()[0])
    return settings, ports or {_DEFAULT_PORT}


def _lines(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        key, _, value = line.strip().partition(" ")
        if not key or key.startswith("#"):
            continue
        if key == "include_dir":
            for included in sorted(Path(value.strip()).glob("*.conf")):
                yield from _lines(included)
        else:
            yield key, value.strip()


def _is_here(host: str) -> bool:
    """Whether an address of this machine is meant: binding to it works for no other."""
    try:
        found = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)
    except OSError:
        return False
    for family, kind, protocol, _, address in found:
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.bind((address[0], 0))
        except OSError:
            continue
        return True
    return False


def _running() -> Iterator[Path]:
    """The files that running Mosquittos were started with."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
            if not words[0].endswith("mosquitto"):
                continue
            for option, value in pairwise(words):
                if option in ("-c", "--config-file"):
                    yield (folder / "cwd").readlink() / value
        except OSError:
            continue
