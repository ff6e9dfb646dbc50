"""Rows of the bench: printed as a table and written to build/bench.json in the shape of the contract."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

OUT = Path("build/bench.json")


@dataclass(frozen=True)
class Row:
    """`value` and `ratio` are medians; `goal` and `ok` are None where there is no goal."""

    name: str
    value: float
    unit: str
    ratio: float | None
    against: str
    goal: float | None
    ok: bool | None
    runs: int
    min: float
    max: float


def row(
    name: str, values: Sequence[float], unit: str, baseline: Sequence[float] = (), against: str = "",
    goal: float | None = None,
) -> Row:  # fmt: skip
    """The ratio is taken pair by pair: value and baseline of one round ran next to each other."""
    ratios = [value / base for value, base in zip(values, baseline, strict=True)] if baseline else []
    ratio = statistics.median(ratios) if ratios else None
    ok = None if goal is None or ratio is None else ratio >= goal
    return Row(name, statistics.median(values), unit, ratio, against, goal, ok, len(values), min(values), max(values))


def show(rows: Sequence[Row]) -> None:
    table = Table("measurement", "median", "min – max", "unit", "ratio", "against", "goal")
    for r in rows:
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}"
        goal = "" if r.goal is None else f"{'✓' if r.ok else '✗'} ≥ {r.goal:g}"
        table.add_row(r.name, f"{r.value:,.0f}", f"{r.min:,.0f} – {r.max:,.0f}", r.unit, ratio, r.against, goal)
    Console(width=120).print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(r) for r in rows], indent=1) + "\n")
