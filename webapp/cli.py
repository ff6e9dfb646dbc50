"""The `fieldproof` command."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from sqlalchemy.exc import OperationalError

from collector.clock import now_ms
from collector.errors import ConfigError, StoreUnavailable
from collector.settings import Settings, load_settings
from collector.sharding.layout import ALONE, Shard
from collector.stores.set_aside import Suspicion
from collector.trouble import REMEDY, Watch, disk_trouble
from webapp.cli_accounts import sites, tokens, users
from webapp.cli_collectors import collectors
from webapp.cli_devices import devices
from webapp.cli_doctor import doctor
from webapp.cli_import import imports
from webapp.cli_lan import tls
from webapp.cli_reshard import reshard
from webapp.cli_simulate import simulate
from webapp.signals import stop_on_signal

EXIT_FAILED = 1
EXIT_CONFIG = 78
# No emoji: a fingerprint may well contain ":AB:", which rich would turn into a picture.
_console = Console(highlight=False, emoji=False)
_errors = Console(stderr=True, highlight=False, emoji=False)


class _Group(click.Group):
    """Turns our errors into clear lines and the exit codes of the contract."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            _errors.print("[red]The configuration cannot be used:[/]")
            for fault in error.faults:
                _errors.print(f"  • {fault}", markup=False, soft_wrap=True)
            sys.exit(EXIT_CONFIG)
        except OperationalError as error:
            _errors.print(f"Failed: the site database cannot be used: {error.orig}", markup=False, soft_wrap=True)
            sys.exit(EXIT_FAILED)
        except StoreUnavailable as error:
            _errors.print(f"Failed: {error}", markup=False, soft_wrap=True)
            sys.exit(EXIT_FAILED)
        except OSError as error:
            if (kind := disk_trouble(error)) is None:
                raise
            todo = REMEDY[kind].format(folder=error.filename or "the data folder")
            _errors.print(f"Failed: {error.strerror}: {todo}", markup=False, soft_wrap=True)
            sys.exit(EXIT_FAILED)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="fieldproof")
def main() -> None:
    """Environmental evidence from meters, monitors and walkthroughs.

    Settings come from options, FIELDPROOF_* variables, or fieldproof.toml, in this order.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    # alembic tells of every plug-in it loads.
    logging.getLogger("alembic").setLevel(logging.WARNING)


def _shared_options(command: Callable[..., Any]) -> Callable[..., Any]:
    data = click.option(
        "--data", type=click.Path(path_type=Path), help="Folder of databases and logs.  [default: data]"
    )
    mqtt = click.option("--mqtt", metavar="URL", help="mqtt://user:password@host:1883, or mqtts://…")
    return data(mqtt(command))


def _settings(**given: Any) -> Settings:
    return load_settings(overrides={"mqtt_url": given.pop("mqtt", None), **given})


@main.command()
@click.option("--demo", is_flag=True, help="Seed the demo dairy and publish its readings.")
@click.option("--lan", is_flag=True, help="HTTPS for phones on this network, and a page that shows how to trust it.")
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 8000]")
@_shared_options
def up(demo: bool, lan: bool, **given: Any) -> None:
    """Run everything on embedded parts: broker, collector, web app."""
    from webapp import up as everything
    from webapp.lan.start import listen

    settings = _settings(**given)
    sys.exit(everything.run(listen(settings, given["host"]) if lan else settings, _console, demo=demo, lan=lan))


def _shard(_: click.Context, __: click.Parameter, text: str) -> Shard:
    try:
        return Shard.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@main.command()
@click.option(
    "--shard",
    metavar="i/n",
    default=str(ALONE),
    show_default=True,
    callback=_shard,
    help="Which of n collectors this is: 0/n is the first.",
)
@click.option("--demo-broker", is_flag=True, hidden=True, help="The broker forgets when it stops: say so on screen.")
@_shared_options
def collect(shard: Shard, demo_broker: bool, **given: Any) -> None:
    """Run the collector: MQTT in, readings and alarms out.

    With --shard one of several on a data folder, each with its own devices; 'fieldproof reshard' changes their number.
    """
    from collector.keeper import keep_running
    from collector.service import CollectorService
    from webapp.migrate import migrate

    settings = _settings(**given)

    def make(watch: Watch, suspicion: Suspicion | None) -> CollectorService:
        return CollectorService(
            settings,
            lambda: migrate(settings.site_database_url),
            shard=shard,
            durable_broker=not demo_broker,
            watch=watch,
            suspicion=suspicion,
        )

    keep_running(make, settings.data, stop_on_signal(), now_ms)


@main.command()
@click.option("--host", help="Address to listen on.  [default: 127.0.0.1]")
@click.option("--port", type=int, help="Port to listen on.  [default: 8000]")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Web processes.")
@_shared_options
def serve(workers: int, **given: Any) -> None:
    """Run the web app."""
    from webapp.migrate import migrate
    from webapp.server import serve as serve_web

    settings = _settings(**given)
    _check_readings(settings)
    migrate(settings.site_database_url)
    serve_web(settings, workers)


def _check_readings(settings: Settings) -> None:
    """With the site database on a server of its own, the readings must come from somewhere too.

    A collector that is just being started has made its folder, or will: then /readyz says what is missing.
    """
    if settings.database_url and not settings.influx_url and not settings.data.is_dir():
        fault = (
            f"there are no readings to show, the folder {settings.data} does not exist: run 'serve' on the host of a"
            " running collector with its data folder, or set FIELDPROOF_INFLUX_URL"
        )
        raise ConfigError([fault])


main.add_command(sites)
main.add_command(users)
main.add_command(tokens)
main.add_command(imports)
main.add_command(tls)
main.add_command(doctor)
main.add_command(devices)
main.add_command(collectors)
main.add_command(reshard)
main.add_command(simulate)

if __name__ == "__main__":
    # Tracebacks are for bugs; a reader that went away (`| head`) is none.
    try:
        main()
    except BrokenPipeError:
        os._exit(0)
