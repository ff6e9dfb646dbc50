"""What `fieldproof doctor` examines, and how it is shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from itertools import groupby

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text
from sqlalchemy import Engine, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from collector.clock import now_ms
from collector.doctor.examine import Step, steps, taken
from collector.doctor.finding import Finding, State, is_bad
from collector.doctor.patient import Patient
from collector.errors import ConfigError
from collector.ingest.mqtt.client import DEFAULT_BROKER, Broker
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.settings import Settings
from collector.sitedb.engine import make_engine
from collector.sitedb.tables import Collector
from webapp import heartbeat
from webapp.migrate import is_current

_MARKS = {State.OK: ("✓", "green"), State.WARN: ("!", "yellow"), State.BAD: ("✗", "red"), State.UNKNOWN: ("?", "cyan")}
_SUMS = {
    State.BAD: "bad",
    State.WARN: "to think about",
    State.UNKNOWN: "not known",
    State.OK: "in order",
}


def run(settings: Settings, listen_s: float, waiting: int | None, *, as_json: bool) -> bool:
    """Examines everything, and prints what it finds as it goes. False when something is bad."""
    patient = _patient(settings, listen_s, waiting)
    console = Console(highlight=False, emoji=False, quiet=as_json)
    found: list[tuple[str, Finding]] = []
    try:
        for group, several in groupby(steps(patient), key=lambda step: step.group):
            findings = _examine(console, group, several)
            console.print(Text(group, style="bold"), _table(findings), "")
            found += [(group, finding) for finding in findings]
    finally:
        patient.engine.dispose()
    if as_json:
        told = [{"group": group, **finding.as_json()} for group, finding in found]
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
    counted = Counter(finding.state for _, finding in found)
    console.print(", ".join(f"{counted[state]} {text}" for state, text in _SUMS.items() if counted[state]))
    return not is_bad(finding for _, finding in found)


def _examine(console: Console, group: str, told: Iterable[Step]) -> list[Finding]:
    findings: list[Finding] = []
    with console.status(group) as status:
        for step in told:
            status.update(f"{group}: {step.doing} …")
            findings += taken(step)
    return findings


def _table(findings: Iterable[Finding]) -> Table:
    table = Table.grid(padding=(0, 1))
    # Room for the longest name, so that groups stand below one another.
    table.add_column(width=3, justify="right")
    table.add_column(min_width=13, no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        mark, style = _MARKS[finding.state]
        text = Text(finding.what)
        if finding.why:
            text.append(f"\n{finding.why}", style="dim")
        if finding.change:
            text.append("\n→ ", style=style).append(finding.change)
        table.add_row(Text(mark, style=style), finding.check, text)
    return table


def _patient(settings: Settings, listen_s: float, waiting: int | None) -> Patient:
    filters, faults = _filters(settings)
    engine = make_engine(settings.site_database_url)
    return Patient(
        settings=settings,
        clock=now_ms,
        brokers=known_brokers(settings, engine),
        filters=filters,
        profile_faults=faults,
        engine=engine,
        is_current=is_current,
        listen_s=listen_s,
        waiting=waiting,
    )


def _filters(settings: Settings) -> tuple[list[str], list[str]]:
    """What the profiles subscribe to, and what is wrong with them."""
    try:
        vocabulary = load_vocabulary(device_configs())
        return load_library((device_configs(), *settings.devices), vocabulary).topic_filters(), []
    except ConfigError as error:
        return [], error.faults


def known_brokers(settings: Settings, engine: Engine) -> list[Broker]:
    """Those of the settings; without any, those of a collector that runs here ('fieldproof up' brings its own)."""
    if settings.mqtt_url:
        return Broker.parse_all(settings.mqtt_url)
    names: list[str] = []
    if settings.database_url or (settings.data / "site.db").exists():
        names = _names_of_running(engine)
    return [Broker.parse(f"mqtt://{name}") for name in names] or [Broker.parse(DEFAULT_BROKER)]


def _names_of_running(engine: Engine) -> list[str]:
    now = now_ms()
    try:
        with Session(engine) as db:
            running = [row for row in db.scalars(select(Collector)) if heartbeat.silent_s(row, now) is None]
            # Without what a connection beside the ordinary one is for.
            return sorted({name.partition("/")[0] for row in running for name in heartbeat.brokers(row)})
    except SQLAlchemyError:
        # The check of the site database says so.
        return []
