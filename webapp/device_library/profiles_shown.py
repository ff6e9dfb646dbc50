"""How `fieldproof devices` shows what it found: on screen, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from collector.devices.catalogue import metrics_of, products_of
from collector.devices.check import Checked, Report
from collector.profiles.profile import Profile

# Below that many columns the metrics are left out: the profile, its kind and the devices need them.
_WIDE = 110
# So few that were searched for are shown whole.
_FEW = 3
# What could be better is told of so many at most; of all that come with Fieldproof it would hide what is wrong.
_HINTS_OF = 10


def report(console: Console, found: Report) -> None:
    for one in sorted(found.checked, key=lambda one: not one.good):
        _checked(console, one, hints=len(found.checked) <= _HINTS_OF)
    for fault in found.faults:
        console.print(Text("✗ ", "red").append(fault, "default"), soft_wrap=True)
    if len(found.checked) > _HINTS_OF and (better := sum(bool(one.hints) for one in found.checked)):
        text = f"{_count(better, 'profile')} could be better: check a file or your own folder to see how."
        console.print(Text(text, "dim"), soft_wrap=True)
    console.print(_summary(found), soft_wrap=True)


def _checked(console: Console, one: Checked, *, hints: bool) -> None:
    mark = Text("✓ ", "green") if one.good else Text("✗ ", "bold red")
    name = Text(one.profile.id if one.profile else str(one.file), "bold")
    line = mark + name + Text(f"  {_about(one)}", "dim")
    if one.profile:
        # The names of the devices come last, and may be cut.
        console.print(line, no_wrap=True, overflow="ellipsis")
    else:
        console.print(line, soft_wrap=True)
    for text in (*one.faults, *one.wrong):
        place, colon, what = text.partition(": ")
        console.print(Text("    ").append(place + colon, "cyan").append(what), soft_wrap=True)
    for text in one.hints if hints else ():
        console.print(Text(f"    could be better: {text}", "dim"), soft_wrap=True)


def _about(one: Checked) -> str:
    if one.profile is None:
        return "cannot be used"
    count = len(one.profile.examples)
    return " · ".join(filter(None, [_count(count, "example"), products_of(one.profile)]))


def _summary(found: Report) -> Text:
    bad = [one for one in found.checked if one.faults]
    wrong = [one for one in found.checked if one.wrong and not one.faults]
    examples = sum(len(one.profile.examples) for one in found.checked if one.profile)
    if found.good:
        return Text(f"{_count(len(found.checked), 'profile')}, {_count(examples, 'example')}: all is well.", "green")
    said = []
    if bad or found.faults:
        said.append(f"{_count(len(bad) + len(found.faults), 'file or folder', 'files or folders')} cannot be used")
    if wrong:
        said.append(f"{_count(len(wrong), 'profile')} {'has' if len(wrong) == 1 else 'have'} faults to correct")
    return Text(f"{_count(len(found.checked), 'profile')} looked at; {'; '.join(said)}.", "red")


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def report_json(found: Report) -> dict[str, Any]:
    return {
        "good": found.good,
        "faults": found.faults,
        "profiles": [
            {
                "id": one.profile.id if one.profile else None,
                "file": str(one.file),
                "good": one.good,
                "examples": len(one.profile.examples) if one.profile else None,
                "faults": one.faults,
                "wrong": one.wrong,
                "hints": one.hints,
            }
            for one in found.checked
        ],
    }


def profiles(console: Console, found: Sequence[Profile], searched: str) -> None:
    if not found:
        console.print(
            f"No profile has '{searched}' in its names or metrics. For a device that is not there: fieldproof devices"
            " learn TOPIC",
            markup=False,
        )
        return
    wide = console.width >= _WIDE
    headings = ["profile", "kind", "devices", *(["metrics"] if wide else [])]
    table = Table(*headings, box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1), expand=True)
    whole = bool(searched) and len(found) <= _FEW
    for column in table.columns:
        # A line for each profile, whatever the width.
        column.no_wrap, column.overflow = not (whole and column.header in ("devices", "metrics")), "ellipsis"
    for column in table.columns[2:]:
        column.ratio = 1
    for profile in found:
        row = [Text(profile.id, "bold"), Text(profile.about.kind), Text(products_of(profile))]
        table.add_row(*row, *([Text(_metrics(profile), "dim")] if wide else []))
    console.print(table)
    more = "--search finds by vendor, model, kind or metric; --json tells all."
    console.print(Text(f"{_count(len(found), 'profile')}. {more}", "dim"), soft_wrap=True)


def _metrics(profile: Profile) -> str:
    return ", ".join([*metrics_of(profile), *(["whatever it names"] if profile.keep_unlisted else [])])


def profile_json(profile: Profile) -> dict[str, Any]:
    return {
        "id": profile.id,
        "products": list(profile.about.products),
        "kind": profile.about.kind,
        "decoder": profile.decoder,
        "topics": list(_topics(profile)),
        "metrics": metrics_of(profile),
        "unlisted": _unlisted(profile),
        "file": str(profile.file),
    }


def _topics(profile: Profile) -> Iterable[str]:
    return dict.fromkeys(match.topic for match in profile.matches)


def _unlisted(profile: Profile) -> str:
    if not profile.keep_unlisted:
        return "ignore"
    return "canonical" if profile.unlisted_unit is None else "keep"
