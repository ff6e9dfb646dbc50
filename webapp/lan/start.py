"""What `fieldproof up --lan` does besides `fieldproof up`: HTTPS on every address, and the page for phones."""

from __future__ import annotations

import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path

import click
from cryptography import x509
from rich.console import Console
from rich.markup import escape

from collector.errors import ConfigError
from collector.settings import Settings
from webapp.children import Child, Children
from webapp.lan.addresses import in_url, outward_address, reachable
from webapp.lan.authority import fingerprint, subjects_of
from webapp.lan.files import REPLACE, Files, Kept, keep, own_subjects

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - every network is what --lan is for
# An address that changes under a running server is in the certificate after this.
_LOOK_EVERY_S = 10.0
_PORTS_TRIED = 20


def listen(settings: Settings, host: str | None) -> Settings:
    """Settings for every address of the machine, unless one was chosen. `host` is what the option said."""
    if host and _is_loopback(host):
        text = f"--lan is for phones on the network, and --host {host} is this computer alone: leave out one of the two"
        raise click.UsageError(text)
    return replace(settings, host=_everywhere()) if _is_loopback(settings.host) else settings


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _everywhere() -> str:
    """IPv6 and IPv4 by one socket, where the system has both: phones take what a .local name gives them first."""
    if socket.has_dualstack_ipv6() and can_listen("::", 0):
        return "::"
    return EVERYWHERE[0]


def can_listen(host: str, port: int) -> bool:
    try:
        try_listening(host, port)
    except OSError:
        return False
    return True


def try_listening(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


@dataclass
class Lan:
    """A running `up --lan` with our own authority."""

    settings: Settings
    ca: x509.Certificate
    server: x509.Certificate
    trust_port: int
    console: Console
    looked_at: float = field(default_factory=time.monotonic)
    fault: str = ""

    @property
    def trust_url(self) -> str:
        return f"http://{self._host()}:{self.trust_port}/"

    def _host(self) -> str:
        everywhere = self.settings.host in EVERYWHERE
        return in_url(str(outward_address()) if everywhere else self.settings.host)

    def start(self, children: Children, logs: Path, env: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", "webapp.cli", "tls", "page", "--port", str(self.trust_port)]
        children.start(Child("trust page", command, logs / "trust-page.log", env))

    def lines(self) -> list[str]:
        """For the greeting."""
        # IPv6 addresses stand in brackets, which rich would take for its own.
        others = [escape(f"https://{host}:{self.settings.port}") for host in self._other_hosts()]
        mark = fingerprint(self.ca)
        return [
            *([f"Also: {' · '.join(others)}", ""] if others else []),
            f"[bold]Phones, once each:[/] {escape(self.trust_url)}",
            "That page shows how a phone comes to trust this installation.",
            "The fingerprint (SHA-256) of its authority, to compare:",
            f"  {mark[:47]}",
            f"  {mark[48:]}",
            "",
        ]

    def _other_hosts(self) -> list[str]:
        if self.settings.host not in EVERYWHERE:
            return []
        subjects = subjects_of(self.server)
        shown = str(outward_address())
        addresses = [in_url(str(address)) for address in reachable(list(subjects.addresses)) if str(address) != shown]
        return [*(name for name in subjects.names if name != "localhost"), *addresses]

    def watch(self, web: Child) -> None:
        """Renew what is due while we run, and have the web server take it up without an interruption."""
        if time.monotonic() - self.looked_at < _LOOK_EVERY_S:
            return
        self.looked_at = time.monotonic()
        try:
            kept = keep(Files.of(self.settings.data), own_subjects())
        except ConfigError as error:
            self._tell(str(error))
            return
        self.fault = ""
        if kept.server.serial_number == self.server.serial_number:
            return
        self.ca, self.server = kept.ca, kept.server
        if web.process is not None and web.running:
            # granian begins new workers, which read the files again, before it ends the old ones.
            web.process.send_signal(signal.SIGHUP)
        self.console.print(f"The certificate was renewed. Phones: {self.trust_url}", markup=False, soft_wrap=True)

    def _tell(self, fault: str) -> None:
        """Once, not every ten seconds."""
        if fault != self.fault:
            self.console.print(f"[yellow]The certificate cannot be renewed:[/] {escape(fault)}", soft_wrap=True)
        self.fault = fault


def prepare(settings: Settings, console: Console) -> tuple[Settings, Lan | None]:
    """Settings with the certificate. No page when the certificate is one of the plant's own: phones know its maker."""
    if settings.tls_cert:
        return settings, None
    files = Files.of(settings.data)
    kept = keep(files, own_subjects())
    _say(console, files, kept)
    _warn(console, kept)
    settings = replace(settings, tls_cert=files.server, tls_key=files.server_key)
    return settings, Lan(settings, kept.ca, kept.server, _trust_port(settings), console)


def _say(console: Console, files: Files, kept: Kept) -> None:
    if kept.made_ca:
        done = "Made a certificate authority for this network and a certificate for this machine"
    elif kept.made_server:
        done = "Renewed this machine's certificate; the authority that phones trust is the same"
    else:
        return
    console.print(f"{done}: {files.folder}", markup=False, soft_wrap=True)


def _warn(console: Console, kept: Kept) -> None:
    """An address outside the private ranges that came after the authority: browsers would refuse it."""
    outward = str(outward_address())
    if outward in kept.left_out:
        console.print(
            f"[yellow]Phones cannot trust https://{outward}:[/] the authority was made when this machine had another"
            f" address. Use another one below, or {REPLACE}.",
            soft_wrap=True,
        )


def _trust_port(settings: Settings) -> int:
    """The next port, or the first free one after it: the address is printed, and its QR code is what phones use."""
    tried = range(settings.port + 1, min(settings.port + 1 + _PORTS_TRIED, 65536))
    for port in tried:
        if can_listen(settings.host, port):
            return port
    fault = f"--port: the page for phones needs a free port above {settings.port}, and the next {len(tried)} are in use"
    raise ConfigError([f"{fault}; choose another --port (make run PORT=8100)"])
