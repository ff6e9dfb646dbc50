"""Rows of the bench: printed as a table and written to build/bench.json in the shape of the contract."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from rich.console import Console
from rich.table import Table

OUT = Path("build/bench.json")


@dataclass(frozen=True)
class Goal:
    """What the ratio, or the value itself, must come to."""

    number: float
    of: Literal["ratio", "value"] = "ratio"
    at: Literal["least", "most"] = "least"

    def met(self, value: float, ratio: float | None) -> bool | None:
        found = value if self.of == "value" else ratio
        if found is None:
            return None
        return found >= self.number if self.at == "least" else found <= self.number


@dataclass(frozen=True)
class Row:
    """`value` and `ratio` are medians; `goal` and `ok` are None where there is no goal.

    `goal_of` says whether the goal is for the ratio or the value, `goal_at` whether it is the least or the most.
    """

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
    goal_of: str | None = None
    goal_at: str | None = None


def row(
    name: str, values: Sequence[float], unit: str, baseline: Sequence[float] = (), against: str = "",
    goal: Goal | None = None,
) -> Row:  # fmt: skip
    """The ratio is taken pair by pair: value and baseline of one round ran next to each other."""
    ratios = [value / base for value, base in zip(values, baseline, strict=True)] if baseline else []
    ratio = statistics.median(ratios) if ratios else None
    value = statistics.median(values)
    found = Row(name, value, unit, ratio, against, None, None, len(values), min(values), max(values))
    if goal is None:
        return found
    changes = {"goal": goal.number, "ok": goal.met(value, ratio), "goal_of": goal.of, "goal_at": goal.at}
    return Row(**(asdict(found) | changes))


def show(rows: Sequence[Row]) -> None:
    table = Table("measurement", "median", "min – max", "unit", "ratio", "against", "goal")
    for r in rows:
        ratio = "" if r.ratio is None else f"{r.ratio:.2f}"
        spread = f"{_number(r.min)} – {_number(r.max)}"
        table.add_row(r.name, _number(r.value), spread, r.unit, ratio, r.against, _goal(r))
    Console(width=140).print(table)
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps([asdict(r) for r in rows], indent=1) + "\n")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}"


def _goal(r: Row) -> str:
    if r.goal is None:
        return ""
    unit = f" {r.unit}" if r.goal_of == "value" else ""
    return f"{'✓' if r.ok else '✗'} {'≥' if r.goal_at == 'least' else '≤'} {r.goal:g}{unit}"
