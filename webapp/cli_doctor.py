"""`fieldproof doctor`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import click

from collector.settings import load_settings

_EXIT_BAD = 1


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of databases and logs.  [default: data]")
@click.option("--mqtt", metavar="URL", help="The broker to look at.  [default: FIELDPROOF_MQTT_URL]")
@click.option(
    "--listen", type=click.FloatRange(0.1, 600), default=5.0, show_default=True, help="Seconds to listen to devices."
)
@click.option(
    "--waiting",
    type=click.IntRange(100, 1_000_000),
    default=1_500,
    show_default=True,
    help="Messages to leave waiting at the broker, to see how many it keeps.",
)
def doctor(as_json: bool, data: Path | None, mqtt: str | None, listen: float, waiting: int) -> None:
    """Look for what loses readings: broker, session, publishers, clocks, disk, stores.

    Safe beside a running collector. Ends with 1 when something is bad.
    """
    settings = load_settings(overrides={"data": data, "mqtt_url": mqtt})
    # It says in its own words what the libraries would say in theirs.
    logging.getLogger().setLevel(logging.ERROR)
    from webapp.doctor import run

    sys.exit(0 if run(settings, listen, waiting, as_json=as_json) else _EXIT_BAD)
