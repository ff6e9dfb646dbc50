"""`fieldproof devices`: the library of device profiles. What the commands do is in webapp/device_library."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_mqtt = click.option("--mqtt", metavar="URL", help="The broker to listen to.  [default: FIELDPROOF_MQTT_URL]")
_out = click.option(
    "--out",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("device_configs"),
    show_default=True,
    help="Where to write profiles/VENDOR/MODEL.yaml.",
)
_timeout = click.option(
    "--timeout", type=click.FloatRange(0.1, 86_400), default=60.0, show_default=True, help="Seconds to listen at most."
)


@click.group()
def devices() -> None:
    """Device profiles: check them, try messages, describe a new device.

    A profile says how the messages of one type of device become readings: one YAML file. Those that come with
    Fieldproof are used, and those in the folders of FIELDPROOF_DEVICES. How to write one: docs/device-profiles.md.
    """


@devices.command("check")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@_json
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check profiles and run their examples.

    PATHS are profiles, or folders of them; without any, all profiles that are used. Ends with 0 when all is well, with
    1 when an example does not come out, with 78 when a file cannot be used.
    """
    from webapp.device_library import run

    sys.exit(run.check(paths, as_json=as_json))


@devices.command("list")
@click.option("--search", metavar="TEXT", default="", help="Only those in whose names or metrics TEXT stands.")
@_json
def list_(search: str, as_json: bool) -> None:
    """Show the profiles that are known."""
    from webapp.device_library import run

    sys.exit(run.list_profiles(search, as_json=as_json))


@devices.command("try")
@click.argument("topic")
@click.argument("payload", type=click.File("rb"), required=False, metavar="FILE|-")
@click.option("--live", is_flag=True, help="Listen to the broker instead; TOPIC may have + and #.")
@_mqtt
@click.option("--count", type=click.IntRange(1), default=5, show_default=True, help="Messages to wait for.")
@_timeout
@click.option(
    "--profile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Try this file alone, such as one that is being written.",
)
@_json
def try_(
    topic: str,
    payload: BinaryIO | None,
    live: bool,
    mqtt: str | None,
    count: int,
    timeout: float,
    profile: Path | None,
    as_json: bool,
) -> None:
    """Show what becomes of a message: its profile, readings, units, time.

    The payload comes from FILE, from standard input (-), or with --live from the broker. Nothing is stored, and other
    clients notice nothing. Ends with 1 when no reading came of any message.
    """
    from webapp.device_library import run

    if live == (payload is not None):
        raise click.UsageError("Give a FILE with the payload (or - for standard input), or --live to listen.")
    if payload is not None:
        sys.exit(run.try_payload(topic, payload.read(), profile, as_json=as_json))
    sys.exit(run.try_live(topic, mqtt, profile, count, timeout, as_json=as_json))


@devices.command("new")
@click.argument("vendor")
@click.argument("model")
@click.option("--decoder", help="How its messages are written.  [default: as the payload looks, else json]")
@click.option("--topic", help="A topic of the device; {device} may stand for the level that tells devices apart.")
@click.option("--payload", type=click.File("rb"), metavar="FILE|-", help="A message of the device, to start from.")
@_out
def new(vendor: str, model: str, decoder: str | None, topic: str | None, payload: BinaryIO | None, out: Path) -> None:
    """Write a profile to start from, with comments.

    With the payload of a real message it names the values that it knows, and the message becomes an example. Never
    writes over a file.
    """
    from collector.devices.writing import Product
    from webapp.device_library import run

    sys.exit(run.new(Product(vendor, model), decoder, topic, payload.read() if payload else None, out))


@devices.command("learn")
@click.argument("topic")
@_mqtt
@click.option(
    "--count",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Stop when so many messages in a row have shown nothing new.",
)
@_timeout
@click.option("--vendor", default="own", show_default=True, help="Who makes the device.")
@click.option("--model", default="device", show_default=True, help="What it is called.")
@_out
@click.option("--anyway", is_flag=True, help="Propose a profile although a known one reads the messages.")
@_json
def learn(
    topic: str,
    mqtt: str | None,
    count: int,
    timeout: float,
    vendor: str,
    model: str,
    out: Path,
    anyway: bool,
    as_json: bool,
) -> None:
    """Listen to a device, and propose a profile for it.

    TOPIC is a topic filter such as 'plant/#'; in 'plant/{device}/state' the level is named that tells devices apart.
    Says which known profiles read what comes; for what none reads it writes a profile, with these messages as its
    examples. Ctrl-C ends the listening and keeps what came. Other clients and the collector notice nothing.
    """
    from collector.devices.writing import Product
    from webapp.device_library import run

    product = Product(vendor, model)
    sys.exit(run.learn_device(topic, mqtt, count, timeout, product, out, anyway=anyway, as_json=as_json))


@devices.command("schema", hidden=True)
def schema() -> None:
    """Print the JSON Schema of a profile, for editors."""
    from webapp.device_library import run

    sys.exit(run.schema())
