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
    "--measure-queue",
    is_flag=True,
    help="Measure how many messages the broker keeps, by publishing 1,500 and filling a queue of our own over. Clients"
    " that are away and keep a session on '#' (bridges, loggers) get them into their queues too, and may lose as many"
    " from devices. Without this it is read from the broker's settings, where they can be read.",
)
@click.option(
    "--waiting",
    type=click.IntRange(100, 1_000_000),
    help="Measure the queue with so many messages.  [default with --measure-queue: 1500]",
)
def doctor(
    as_json: bool, data: Path | None, mqtt: str | None, listen: float, measure_queue: bool, waiting: int | None
) -> None:
    """Look for what loses readings: broker, session, publishers, clocks, disk, stores.

    Safe beside a running collector. Ends with 1 when something is bad.
    """
    settings = load_settings(overrides={"data": data, "mqtt_url": mqtt})
    # It says in its own words what the libraries would say in theirs.
    logging.getLogger().setLevel(logging.ERROR)
    from collector.doctor.queue import FEW
    from webapp.doctor import run

    if measure_queue and waiting is None:
        waiting = FEW
    sys.exit(0 if run(settings, listen, waiting, as_json=as_json) else _EXIT_BAD)
