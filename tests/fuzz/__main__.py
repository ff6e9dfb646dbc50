"""`python -m tests.fuzz`: the big counts, by hand."""

from __future__ import annotations

import logging
import sys

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.fuzz.campaign import Outcome, campaign
from tests.fuzz.subjects import subjects

_FAULTS_SHOWN = 20


@click.command()
@click.option("--decoder", "names", multiple=True, type=click.Choice(subjects()), help="All when left out.")
@click.option("--count", default=100_000, show_default=True, help="Messages for each decoder.")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same messages.")
@click.option("--first", default=0, help="Begin with this number: to see one message again, with --count 1.")
def main(names: tuple[str, ...], count: int, seed: int, first: int) -> None:
    """Send spoilt messages through decoders. Fails when one raises, stalls, or gives what cannot be stored."""
    # A decoder that fails is told with its traceback when one message is looked at, and is counted when many are.
    logging.basicConfig(level=logging.ERROR if count == 1 else logging.CRITICAL)
    console = Console()
    outcomes = []
    for name in names or subjects():
        outcome = Outcome(name)
        for outcome in track(campaign(name, count, seed, first), name, total=count, console=console):  # noqa: B007
            pass
        outcomes.append(outcome)
    console.print(_table(outcomes))
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    for fault in faults[:_FAULTS_SHOWN]:
        console.print(fault, style="red", markup=False)
    if faults:
        console.print(f"{len(faults)} faults", style="bold red")
    sys.exit(1 if faults else 0)


def _table(outcomes: list[Outcome]) -> Table:
    table = Table("decoder", "messages", "with readings", "readings", "refused", "passed over", "slowest", "faults")
    for one in outcomes:
        refused = ", ".join(f"{reason} {number:,}" for reason, number in one.refused.most_common())
        table.add_row(
            *(one.name, f"{one.messages:,}", f"{one.with_readings:,}", f"{one.readings:,}", refused),
            *(f"{one.passed_over:,}", f"{one.slowest_ms:.1f} ms (number {one.slowest})", str(len(one.faults))),
        )
    return table


if __name__ == "__main__":
    main()
