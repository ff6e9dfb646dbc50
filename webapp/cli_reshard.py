"""`fieldproof reshard`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from collector.clock import now_ms
from collector.settings import Settings, load_settings
from collector.sharding.layout import MOST
from collector.sitedb.engine import make_engine
from webapp import collectors as registry
from webapp.migrate import migrate

_console = Console(highlight=False, emoji=False)


class _Shown:
    """On a terminal one line that lives; in a log a line for each step."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task: TaskID | None = None

    def step(self, text: str) -> None:
        self.end()
        if _console.is_terminal:
            self._task = self._progress.add_task(text, total=None, count="")
        else:
            click.echo(text)

    def end(self) -> None:
        if self._task is not None:
            self._progress.update(self._task, total=1, completed=1)

    def count(self, done: int) -> None:
        if self._task is not None:
            self._progress.update(self._task, count=f"{done:,}")


@click.command()
@click.argument("collectors", type=click.IntRange(1, MOST))
@click.option("--data", type=click.Path(path_type=Path), help="Folder of databases and logs.  [default: data]")
@click.option("--mqtt", metavar="URL", help="The collectors' brokers.  [default: FIELDPROOF_MQTT_URL]")
def reshard(collectors: int, data: Path | None, mqtt: str | None) -> None:
    """Divide the devices between another number of collectors.

    Stop all collectors first; the brokers keep what comes meanwhile. When it was interrupted, run it again.
    """
    from collector.sharding.run import run

    settings = load_settings(overrides={"data": data, "mqtt_url": mqtt})
    # Its own words are enough, as long as all goes well.
    logging.getLogger().setLevel(logging.ERROR)
    columns = (SpinnerColumn(finished_text="✓"), TextColumn("{task.description}"), TextColumn("{task.fields[count]}"))
    with Progress(*columns, TimeElapsedColumn(), console=_console) as progress:
        shown = _Shown(progress)
        done = run(settings, collectors, shown, lambda removed: _retire(settings, removed))
        shown.end()
    if done is None:
        click.echo("Taken back: everything is as it was before.")
        return
    click.echo(
        f"Stored {done.stored:,} readings that waited; moved {done.readings:,} readings of {done.devices} devices."
    )
    shards = [f"fieldproof collect --shard {index}/{collectors}" for index in range(collectors)]
    click.echo("Start the collectors:\n  " + "\n  ".join(shards if collectors > 1 else ["fieldproof collect"]))


def _retire(settings: Settings, removed: Sequence[str]) -> None:
    """So that nobody waits for them. A site database that is away keeps no collector from its work."""
    if not removed:
        return
    engine = make_engine(settings.site_database_url)
    try:
        migrate(settings.site_database_url)
        for ident in removed:
            registry.retire_collector(engine, ident, now_ms())
    except SQLAlchemyError as error:
        ways = ", ".join(f"'fieldproof collectors remove {ident}'" for ident in removed)
        click.echo(f"The site database does not answer ({type(error).__name__}). When it is back: {ways}", err=True)
    finally:
        engine.dispose()
