"""`fieldproof simulate`: devices that are not there, over real MQTT."""

from __future__ import annotations

import click
from rich.console import Console

from collector.settings import load_settings
from webapp.signals import stop_on_signal

_console = Console(highlight=False, emoji=False)


@click.command()
@click.option("--interval", type=click.FloatRange(min=0.1), default=5.0, show_default=True, help="Seconds a round.")
@click.option("--mqtt", metavar="URL", help="The broker to publish to.  [default: FIELDPROOF_MQTT_URL]")
@click.option("--profile", metavar="ID", help="Play a device of this profile; 'fieldproof devices list' shows them.")
def simulate(interval: float, mqtt: str | None, profile: str | None) -> None:
    """Publish the demo dairy's readings over MQTT, or those of a device of any profile.

    A device is played from the examples of its profile, one message a round, over and over, with all times in them
    moved to the present.
    """
    from webapp import simulated

    settings = load_settings(overrides={"mqtt_url": mqtt})
    if profile is None:
        simulated.demo(settings, stop_on_signal(), interval)
    else:
        simulated.device(settings, profile, stop_on_signal(), interval, _console)
