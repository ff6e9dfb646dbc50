"""`fieldproof collectors`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from collector.clock import now_ms
from collector.settings import load_settings
from collector.sitedb.engine import make_engine
from webapp import collectors as registry
from webapp.json import iso
from webapp.migrate import migrate

_data = click.option("--data", type=click.Path(path_type=Path), help="Folder of databases and logs.  [default: data]")


@contextmanager
def _database(data: Path | None) -> Iterator[Engine]:
    settings = load_settings(overrides={"data": data})
    migrate(settings.site_database_url)
    engine = make_engine(settings.site_database_url)
    try:
        yield engine
    except registry.CollectorError as error:
        raise click.ClickException(str(error)) from error
    finally:
        engine.dispose()


@click.group()
def collectors() -> None:
    """Collectors that have reported to this installation."""


@collectors.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_data
def list_(as_json: bool, data: Path | None) -> None:
    """Show all collectors."""
    with _database(data) as engine:
        rows = registry.list_collectors(engine, now_ms())
    if as_json:
        click.echo(orjson.dumps(rows))
        return
    table = Table("collector", "state", "brokers", "last heard")
    for row in rows:
        table.add_row(row.id, row.state, ", ".join(row.brokers), iso(row.last_seen_at))
    Console().print(table if rows else "No collector has reported yet: fieldproof collect")


@collectors.command("remove")
@click.argument("collector")
@_data
def remove(collector: str, data: Path | None) -> None:
    """Forget a collector that was taken out of service. What it collected stays."""
    with _database(data) as engine:
        registry.remove_collector(engine, collector, now_ms())
    click.echo(f"Removed {collector}: it is not waited for any more.")
