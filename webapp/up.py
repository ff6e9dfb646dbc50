"""`fieldproof up`: everything on embedded parts in one command."""

from __future__ import annotations

import os
import secrets
import signal
import ssl
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import segno
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from collector.clock import now_ms
from collector.demo.history import seed_history
from collector.demo.site import load_demo_site
from collector.errors import ConfigError, StoreUnavailable
from collector.ingest.mqtt.client import DEFAULT_BROKER, Broker
from collector.lock import hold
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.settings import Settings
from collector.sharding.layout import ALONE, shards
from collector.sitedb.engine import make_engine
from collector.stores.set_aside import open_whole
from collector.trouble import REMEDY, kind_of
from webapp.auth import ROLES
from webapp.broker import demo_broker
from webapp.children import Child, Children
from webapp.demo_seed import seed_demo
from webapp.lan import start
from webapp.lan.addresses import in_url, outward_address
from webapp.migrate import migrate
from webapp.users import list_users

_READY_S = 60.0


def run(settings: Settings, console: Console, *, demo: bool, lan: bool = False) -> int:
    """Until Ctrl-C or SIGTERM. Returns the exit code."""
    _check_port(settings)
    logs = settings.data / "log"
    lock = _take_folder(settings.data, logs)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    children = Children(lambda child: _report_death(console, child, stop))
    try:
        settings, phones = start.prepare(settings, console) if lan else (settings, None)
        settings, durable, label = _start_broker(settings, children, logs)
        passwords = _prepare(settings, console, demo=demo)
        env = as_environment(settings)
        command = [sys.executable, "-m", "webapp.cli"]
        collect = [*command, "collect"] if durable else [*command, "collect", "--demo-broker"]
        for shard in shards(settings.data):
            name = shard.database(settings.data).stem
            children.start(Child(name, [*collect, "--shard", str(shard)], logs / f"{name}.log", env))
        web = Child("web", [*command, "serve"], logs / "web.log", env)
        children.start(web)
        if phones:
            phones.start(children, logs, env)
        if demo:
            children.start(Child("simulator", [*command, "simulate"], logs / "simulator.log", env))
        if _wait_until_ready(settings, stop, children):
            _greet(console, settings, label, passwords, phones)
        elif not stop.is_set():
            console.print(f"[red]The web server did not answer within {_READY_S:.0f} s;[/] see {logs / 'web.log'}")
        while not stop.wait(0.5):
            children.watch()
            if phones:
                phones.watch(web)
        console.print("\nStopping …")
    finally:
        children.stop()
        lock.close()
    console.print("Stopped. The data is in", str(settings.data), "— the next start carries on with it.")
    return 0


def _take_folder(data: Path, logs: Path) -> TextIO:
    """The lock on the data folder. Raises StoreUnavailable when nothing can be made there."""
    try:
        lock = hold(data / "up.lock", "fieldproof up")
        logs.mkdir(exist_ok=True)
    except OSError as error:
        todo = REMEDY[kind_of(error, data) or "unwritable"].format(folder=data)
        raise StoreUnavailable(f"cannot use the data folder {data}: {error.strerror}; {todo}") from error
    return lock


def _check_port(settings: Settings) -> None:
    try:
        start.try_listening(settings.host, settings.port)
    except OSError as error:
        fault = f"--host/--port: cannot use {settings.host}:{settings.port}: {error.strerror}"
        raise ConfigError([f"{fault}; choose another --port (make run PORT=8001)"]) from error


def _start_broker(settings: Settings, children: Children, logs: Path) -> tuple[Settings, bool, str]:
    """The settings with the broker's address, whether it is durable, and what to call it."""
    if settings.mqtt_url:
        return settings, True, "your broker"
    broker = demo_broker(settings.data / "broker")
    children.start(Child("broker", broker.command, logs / "broker.log"))
    return replace(settings, mqtt_url=broker.url), broker.durable, broker.label


def _prepare(settings: Settings, console: Console, *, demo: bool) -> dict[str, str]:
    """Migrate and, for the demo, seed. Returns the demo accounts' passwords."""
    with console.status("Preparing the database …"):
        migrate(settings.site_database_url)
    if not demo:
        return {}
    password = settings.demo_password or _kept_password(settings.data / "demo-password")
    passwords = dict.fromkeys(ROLES, password)
    with console.status("Setting up the demo dairy, with 30 days of history …"):
        _seed(settings, passwords)
    return passwords


def _seed(settings: Settings, passwords: dict[str, str]) -> None:
    """What was seeded before stays as it is."""
    vocabulary = load_vocabulary(device_configs())
    library = load_library((device_configs(),), vocabulary)
    site = load_demo_site()
    engine = make_engine(settings.site_database_url)
    seed_demo(engine, site, passwords)
    engine.dispose()
    # As a collector opens it, and instead of one: a damaged file is set aside here already.
    with (
        hold(ALONE.lock(settings.data), "a collector"),
        closing(open_whole(settings.collector_db, now_ms)) as db,
    ):
        seed_history(db, site, vocabulary, library, now_ms())


def _kept_password(file: Path) -> str:
    """Made once and kept, so that the next start can print it again."""
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_urlsafe(9))
    return file.read_text(encoding="utf-8").strip()


def as_environment(settings: Settings) -> dict[str, str]:
    """The settings for a child process: each one given explicitly, so that it needs no file of its own."""
    pairs = {
        "HOST": settings.host,
        "PORT": settings.port,
        "DATA": settings.data.resolve(),
        "PUBLIC_URL": settings.public_url,
        "SECRET_KEY": settings.secret_key,
        "TLS_CERT": settings.tls_cert and settings.tls_cert.resolve(),
        "TLS_KEY": settings.tls_key and settings.tls_key.resolve(),
        "MQTT_URL": settings.mqtt_url,
        "MQTT_CA": settings.mqtt_ca,
        "MQTT_CERT": settings.mqtt_cert,
        "MQTT_KEY": settings.mqtt_key,
        "INFLUX_URL": settings.influx_url,
        "INFLUX_TOKEN": settings.influx_token,
        "INFLUX_ORG": settings.influx_org,
        "INFLUX_BUCKET": settings.influx_bucket,
        "DATABASE_URL": settings.database_url,
        "PHOTOS_URL": settings.photos_url,
        "DEVICES": os.pathsep.join(str(folder) for folder in settings.devices) or None,
    }
    return {f"FIELDPROOF_{name}": str(value) for name, value in pairs.items() if value is not None}


def address(settings: Settings) -> str:
    """Where a person opens the app."""
    if settings.public_url:
        return settings.public_url
    host = str(outward_address()) if settings.host in start.EVERYWHERE else settings.host
    return f"{_scheme(settings)}://{in_url(host)}:{settings.port}"


def _scheme(settings: Settings) -> str:
    return "https" if settings.tls_cert else "http"


def _wait_until_ready(settings: Settings, stop: threading.Event, children: Children) -> bool:
    host = "127.0.0.1" if settings.host in start.EVERYWHERE else settings.host
    url = f"{_scheme(settings)}://{in_url(host)}:{settings.port}/healthz"
    # Our own child, asked whether it is there: a certificate of the plant's own need not be made for this address.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    deadline = time.monotonic() + _READY_S
    while time.monotonic() < deadline and not stop.is_set():
        try:
            with urllib.request.urlopen(url, timeout=2, context=context):  # noqa: S310 - our own child
                return True
        except (urllib.error.URLError, OSError):
            stop.wait(0.1)
            children.watch()
    return False


def _greet(
    console: Console, settings: Settings, broker: str, passwords: dict[str, str], phones: start.Lan | None
) -> None:
    url = address(settings)
    lines = [f"[bold]{escape(url)}[/]", "", *(phones.lines() if phones else [])]
    if passwords:
        names = " · ".join(passwords)
        lines += [
            f"Demo accounts: [bold]{names}[/]",
            f"Password of each: [bold]{next(iter(passwords.values()))}[/]",
            "",
        ]
    elif not _has_accounts(settings):
        lines += [
            "Make an account to sign in with:",
            f"fieldproof users add NAME --role admin --data {settings.data}",
            "",
        ]
    broker_name = ", ".join(found.name for found in Broker.parse_all(settings.mqtt_url or DEFAULT_BROKER))
    lines += [f"Broker: {broker_name} ({broker})", f"Data and logs: {settings.data}", "Ctrl-C stops everything."]
    console.print(Panel("\n".join(lines), title="Fieldproof is running", expand=False, border_style="green"))
    if console.is_terminal:
        segno.make(phones.trust_url if phones else url, micro=False).terminal(compact=True)
    if "127.0.0.1" in url and settings.host not in start.EVERYWHERE:
        console.print("[dim]For this computer only. For phones in the same network: --lan, or make run LAN=1[/]")


def _has_accounts(settings: Settings) -> bool:
    engine = make_engine(settings.site_database_url)
    try:
        return bool(list_users(engine))
    finally:
        engine.dispose()


def _report_death(console: Console, child: Child, stop: threading.Event) -> None:
    if stop.is_set() or child.process is None:
        return
    if child.refused:
        told = "cannot use its configuration; it is tried again every half minute, without more words."
    else:
        told = f"ended with code {child.process.returncode}; starting it again."
    console.print(f"[yellow]{child.name} {told}[/] {child.log}")
    for line in child.log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]:
        console.print(f"  {line}", highlight=False, markup=False, style="dim")
