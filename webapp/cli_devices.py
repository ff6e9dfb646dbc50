"""`fieldproof devices`: the library of device profiles."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson
from rich.console import Console

from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.settings import load_settings
from webapp import devices_shown as shown

EXIT_BAD = 1
EXIT_CONFIG = 78


def console() -> Console:
    # No emoji: a topic may well contain ":key:".
    return Console(highlight=False, emoji=False)


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def devices() -> None:
    """Device profiles: check them, try messages, describe a new device.

    A profile says how the messages of one type of device become readings: one YAML file. Those that come with
    Fieldproof and those in the folders of FIELDPROOF_DEVICES are used. How to write one: docs/device-profiles.md.
    """


@devices.command("check")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@json_option
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Check profiles and run their examples.

    PATHS are profiles or folders of them. Without any: the profiles that come with Fieldproof, and those of
    FIELDPROOF_DEVICES. Ends with 0 when all is well, 1 when an example does not come out, 78 when a file cannot be
    used.
    """
    from collector.devices.check import check_folders, check_paths

    vocabulary = load_vocabulary(device_configs())
    folders = (device_configs(), *load_settings().devices)
    report = check_paths(paths, vocabulary) if paths else check_folders(folders, vocabulary)
    if as_json:
        click.echo(orjson.dumps(shown.report_json(report)))
    else:
        shown.report(console(), report)
    sys.exit(EXIT_CONFIG if report.unusable else 0 if report.good else EXIT_BAD)


@devices.command("list")
@click.option("--search", metavar="TEXT", default="", help="Only those in whose names or metrics TEXT stands.")
@json_option
def list_(search: str, as_json: bool) -> None:
    """Show the profiles that are known."""
    from collector.devices.catalogue import search as find

    vocabulary = load_vocabulary(device_configs())
    library = load_library((device_configs(), *load_settings().devices), vocabulary)
    found = find(library.profiles, search)
    if as_json:
        click.echo(orjson.dumps([shown.profile_json(profile) for profile in found]))
    else:
        shown.profiles(console(), found, search)
