"""How `fieldproof devices try|learn|new` shows messages and what became of them: on screen, and as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from collector.devices.attempt import Attempt, Moment
from collector.devices.learn import Heard, Learned
from collector.devices.propose import Proposal
from collector.domain.reading import Quality, Reading
from collector.domain.times import iso_utc
from collector.profiles.vocabulary import Vocabulary

NOTHING = (
    "Nothing arrived on {topic} in {seconds:g} s. Does the device send now, and to this broker? Listen to everything"
    " with the topic '#', or longer with --timeout 600."
)
NO_VALUES = (
    "No value was found in this message (topic {topic}). It may need a decoder that says how it is written: {decoders};"
    " see docs/device-profiles.md."
)
_MOMENTS_SHOWN = 6
_STYLES = {Quality.GOOD: "green", Quality.UNCERTAIN: "yellow", Quality.BAD: "red"}
_NAMED = 5


def utc_now() -> str:
    return iso_utc(int(datetime.now(UTC).timestamp() * 1000))


def attempt(console: Console, found: Attempt, vocabulary: Vocabulary, *, retained: bool) -> None:
    kept = ", retained: the collector takes no reading from it" if retained else ""
    console.print(Text(found.topic, "bold").append(f"  {found.size:,} B{kept}", "dim"), soft_wrap=True)
    _fitting(console, found)
    for moment in found.moments[:_MOMENTS_SHOWN]:
        _moment(console, moment, vocabulary)
    if (more := len(found.moments) - _MOMENTS_SHOWN) > 0:
        console.print(Text(f"  and {more} more moments", "dim"))
    if found.refused and found.profile is None and not found.suggestions:
        console.print(Text("  ✗ ", "red").append(f"no profile reads it: {found.why}"), soft_wrap=True)
        console.print(Text(f"    Describe the device: fieldproof devices learn '{found.topic}'", "dim"), soft_wrap=True)
    elif found.refused:
        console.print(Text("  ✗ ", "red").append(f"refused as {found.refused}: {found.why}"), soft_wrap=True)
    elif found.why:
        console.print(Text("  – ", "yellow").append(f"no reading: {found.why}"), soft_wrap=True)


def _fitting(console: Console, found: Attempt) -> None:
    if found.profile is None:
        return
    console.print(Text("  read by ").append(found.profile.id, "bold"), soft_wrap=True)
    others = [
        f"{one.profile.id} ({len(one.metrics)} metrics)"
        for one in found.suggestions
        if one.profile.id != found.profile.id
    ]
    if others:
        best = found.suggestions[0].profile.id
        hint = f"; {best} finds most: a manager can give it to the device" if best != found.profile.id else ""
        console.print(Text(f"  would fit too: {', '.join(others)}{hint}", "dim"), soft_wrap=True)


def _moment(console: Console, moment: Moment, vocabulary: Vocabulary) -> None:
    console.print(
        Text("  device ")
        .append(moment.device, "bold")
        .append(f", {iso_utc(moment.observed_at)} ")
        .append(moment.how, "dim"),
        soft_wrap=True,
    )
    table = Table("metric", "value", "unit", "quality", box=SIMPLE_HEAD, pad_edge=False)
    table.columns[1].justify = "right"
    for reading in moment.readings:
        quality = Text(_quality(reading), _STYLES[reading.quality])
        table.add_row(Text(reading.metric), _value(reading.value), _unit(reading, vocabulary), quality)
    console.print(table)


def _value(value: float | None) -> str:
    return "none" if value is None else f"{value:.10g}"


def _unit(reading: Reading, vocabulary: Vocabulary) -> str:
    known = vocabulary.metrics.get(reading.metric)
    if known is None:
        return "not known"
    return "" if known.unit == "dimensionless" else known.unit


def _quality(reading: Reading) -> str:
    return ": ".join(filter(None, [reading.quality.word, ", ".join(reading.reasons.words)]))


def attempt_json(found: Attempt, vocabulary: Vocabulary, *, retained: bool) -> dict[str, Any]:
    return {
        "topic": found.topic,
        "retained": retained,
        "profile": found.profile.id if found.profile else None,
        "fitting": [{"profile": one.profile.id, "metrics": one.metrics} for one in found.suggestions],
        "moments": [
            {
                "device": moment.device,
                "time": iso_utc(moment.observed_at),
                "time_is": moment.how,
                "readings": {
                    one.metric: {
                        "value": one.value,
                        "unit": _unit(one, vocabulary),
                        "quality": one.quality.word,
                        "reasons": one.reasons.words,
                    }
                    for one in moment.readings
                },
            }
            for moment in found.moments
        ],
        "refused": found.refused or None,
        "why": found.why,
    }


def learned(console: Console, heard: Heard, found: Learned) -> None:
    console.print(f"Heard {_count(heard.total, 'message')} of {_count(heard.kinds, 'kind')}.")
    for known in found.known:
        topics = _some(known.topics)
        console.print(
            Text("✓ ", "green").append(known.id, "bold").append(f" reads {_some(known.metrics)} from {topics}"),
            soft_wrap=True,
        )
    for kept in found.kept_by:
        text = f"– {kept} reads messages too, but only keeps their values under their own names and without a unit"
        console.print(Text(text, "yellow"), soft_wrap=True)
    if found.unread:
        console.print(Text(f"– no value is found in what came on {_some(found.unread)}", "yellow"), soft_wrap=True)
    if found.known and found.proposal is None:
        console.print(
            "Nothing needs to be written: the collector reads this device. To write a profile all the same: --anyway"
        )
    elif found.proposal is None:
        console.print("No value that we can read was found in any of them, so there is nothing to propose.")


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def learned_json(heard: Heard, found: Learned, file: Path | None) -> dict[str, Any]:
    return {
        "heard": heard.total,
        "kinds": heard.kinds,
        "known": [{"profile": one.id, "metrics": one.metrics, "topics": one.topics} for one in found.known],
        "kept_by": found.kept_by,
        "unread": found.unread,
        "file": str(file) if file else None,
        "look_at": found.proposal.look_at if found.proposal else [],
    }


def written(console: Console, file: Path) -> None:
    console.print(Text("Written: ").append(str(file), "bold"), soft_wrap=True)


def next_steps(console: Console, file: Path, proposal: Proposal) -> None:
    if proposal.look_at:
        console.print(Text("Look at these by hand:", "bold yellow"))
    for text in proposal.look_at:
        console.print(Text("  • ").append(text), soft_wrap=True)
    folder = file.parents[2]
    console.print(Text("Then:", "bold"))
    console.print(Text(f"  fieldproof devices check {file}"), soft_wrap=True)
    console.print(
        Text(f"  export FIELDPROOF_DEVICES={folder.resolve()}").append("   for the collector and all commands", "dim"),
        soft_wrap=True,
    )
