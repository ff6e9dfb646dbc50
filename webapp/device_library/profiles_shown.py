"""How `fieldproof devices` shows what it found: on screen, and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from collector.devices.catalogue import metrics_of
from collector.devices.check import Checked, Report
from collector.profiles.profile import Profile

_METRICS_SHOWN = 8


def report(console: Console, found: Report) -> None:
    for one in sorted(found.checked, key=lambda one: not one.good):
        _checked(console, one)
    for fault in found.faults:
        console.print(Text("✗ ", "red").append(fault, "default"), soft_wrap=True)
    console.print(_summary(found), soft_wrap=True)


def _checked(console: Console, one: Checked) -> None:
    mark = Text("✓ ", "green") if one.good else Text("✗ ", "bold red")
    name = Text(one.profile.id if one.profile else str(one.file), "bold")
    console.print(mark + name + Text(f"  {_about(one)}", "dim"), soft_wrap=True)
    for text in (*one.faults, *one.wrong):
        place, colon, what = text.partition(": ")
        console.print(Text("    ").append(place + colon, "cyan").append(what), soft_wrap=True)
    for text in one.hints:
        console.print(Text(f"    could be better: {text}", "dim"), soft_wrap=True)


def _about(one: Checked) -> str:
    if one.profile is None:
        return "cannot be used"
    count = len(one.profile.examples)
    parts = [", ".join(one.profile.about.names), f"{count} example{'' if count == 1 else 's'}"]
    return " · ".join(filter(None, parts))


def _summary(found: Report) -> Text:
    bad = [one for one in found.checked if one.faults]
    wrong = [one for one in found.checked if one.wrong and not one.faults]
    examples = sum(len(one.profile.examples) for one in found.checked if one.profile)
    if found.good:
        return Text(f"{_count(len(found.checked), 'profile')}, {_count(examples, 'example')}: all is well.", "green")
    said = []
    if bad or found.faults:
        said.append(f"{_count(len(bad) + len(found.faults), 'thing')} cannot be used")
    if wrong:
        said.append(f"what {_count(len(wrong), 'profile')} say of their examples does not come out")
    return Text(f"{_count(len(found.checked), 'profile')} looked at; {'; '.join(said)}.", "red")


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


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
    table = Table("profile, for", "kind, decoder", "metrics", box=SIMPLE_HEAD, pad_edge=False)
    table.columns[1].no_wrap = True
    for profile in found:
        name = Text(profile.id, "bold").append(f"\n{', '.join(profile.about.names)}", "not bold dim")
        kind = Text(profile.about.kind).append(f"\n{profile.decoder}", "dim")
        table.add_row(name, kind, Text(_few(profile)))
    console.print(table)
    console.print(Text(_count(len(found), "profile"), "dim"))


def _few(profile: Profile) -> str:
    names = metrics_of(profile)
    more = f" and {len(names) - _METRICS_SHOWN} more" if len(names) > _METRICS_SHOWN else ""
    named = ", ".join(names[:_METRICS_SHOWN]) + more
    return ", ".join(filter(None, [named, "whatever it names" if profile.keep_unlisted else ""]))


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
