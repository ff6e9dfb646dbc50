"""`fieldproof import`: taking in files."""

from __future__ import annotations

import getpass
from dataclasses import asdict
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from collector.clock import now_ms
from collector.settings import load_settings
from collector.sitedb.engine import make_engine
from webapp.db import Database
from webapp.evidence.photo_store import open_photo_store
from webapp.importer import Imported, Importer, ImportFailed
from webapp.migrate import migrate


@click.group("import")
def imports() -> None:
    """Take in files."""


@imports.command("inspections")
@click.argument("file", metavar="ZIP", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--by", help="Who brings it; stands with every row.  [default: your login name]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of databases and logs.  [default: data]")
def import_inspections(file: Path, by: str | None, as_json: bool, data: Path | None) -> None:
    """Take in the ZIP that a phone exports. Importing it again changes nothing."""
    settings = load_settings(overrides={"data": data})
    migrate(settings.site_database_url)
    engine = make_engine(settings.site_database_url)
    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console, transient=True) as progress:
            task = progress.add_task(f"Reading {file.name}")
            importer = Importer(
                Database(engine),
                open_photo_store(settings),
                now_ms,
                delivered_by=(by or getpass.getuser())[:64],
                told=lambda name: progress.update(task, description=name),
            )
            result = importer.run(file)
    except ImportFailed as error:
        raise click.ClickException(str(error)) from error
    finally:
        engine.dispose()
    _say(result, as_json=as_json)


def _say(result: Imported, *, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(asdict(result)))
    else:
        click.echo(
            f"New: {result.inspections} walkthroughs, {result.answers} answers, {result.findings} findings,"
            f" {result.photos} photos. Already here: {result.known} rows."
        )
        for fault in result.faults:
            click.echo(f"Not taken: {fault}", err=True)
    if result.faults:
        raise SystemExit(1)
