"""What waits for the stores and what they refused, from the collectors' last heartbeats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from collector.doctor.finding import Finding, bad, duration, ok, warn
from collector.doctor.patient import Patient
from collector.doctor.session import Report, installation, is_silent, reports
from collector.stores.influx_answers import ADVICE

CHECK = "outbox"
# As /readyz: a destination may be away for a restart.
LATE_S = 300
_NAMES = {"influx": "InfluxDB", "site": "the site database"}
_WAITS = "Nothing is lost, it waits in collector.db; screens and reports do not show it until it is delivered."


def look(patient: Patient) -> Iterator[Finding]:
    ours = installation(patient.settings.data)
    for ident, report in sorted(reports(patient).items()):
        if ours is None or ident.startswith(f"fieldproof-{ours}-"):
            yield from _of_one(ident, report, silent=is_silent(report, patient.clock()))


def _of_one(ident: str, report: Report, *, silent: bool) -> Iterator[Finding]:
    stats = report["stats"] if isinstance(report["stats"], dict) else {}
    told = _table(stats, "outbox")
    found = [*_parked(ident, told), *_dead_letters(ident, _table(stats, "dead_letters"))]
    if not silent:
        # What one that is silent said of its stores is no news.
        found = [*_waiting(ident, told), *found]
    yield from found
    if told and not found and not silent:
        yield ok(CHECK, f"{' and '.join(map(_called, sorted(told)))} take all that {ident} has for them")


def _waiting(ident: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    for name, waiting in sorted(told.items()):
        age_s, error = _number(waiting, "age_s"), waiting.get("error")
        if not error and age_s <= LATE_S:
            continue
        depth = int(_number(waiting, "depth"))
        said = f": {error}" if error else ", and it has not caught up"
        yield bad(
            CHECK,
            f"{ident} has {depth:,} entries for {_called(name)}, the oldest for {duration(age_s)}{said}",
            _WAITS,
            _mend(name, bool(error)),
        )


def _mend(name: str, refused: bool) -> str:
    if not refused:
        return f"If it has just come back, wait and look again; else see the log of {_called(name)}, and its disk."
    return f"Mend what it says, at {_called(name)} or in our settings; then all is delivered by itself."


def _parked(ident: str, told: Mapping[str, Any]) -> Iterator[Finding]:
    for name, waiting in sorted(told.items()):
        if count := int(_number(waiting, "parked")):
            yield warn(
                CHECK,
                f"{_called(name)} has refused {count:,} entries of {ident}; they are offered again",
                "After a day and a half of refusals they become dead letters.",
                f"See the log of {_called(name)}, and whether its disk is full.",
            )


def _dead_letters(ident: str, counts: Mapping[str, Any]) -> Iterator[Finding]:
    reasons = {str(reason): int(_number(counts, reason)) for reason in sorted(counts)}
    reasons = {reason: count for reason, count in reasons.items() if count}
    if not reasons:
        return
    listed = ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())
    advice = " ".join(f"{reason}: {ADVICE[reason]}." for reason in reasons if ADVICE.get(reason))
    yield warn(
        CHECK,
        f"dead letters of {ident} since it began: {listed}",
        "Each was kept with its reason, and is in no chart: a message that gave no readings, or what a store refused.",
        f"{advice} docs/errors.md has what each reason means; /api/v1/dead-letters has them all.".strip(),
    )


def _table(stats: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Without what is odd: a collector of another version may have written it."""
    found = stats.get(name)
    if not isinstance(found, dict):
        return {}
    kind = dict if name == "outbox" else int
    return {key: value for key, value in found.items() if isinstance(value, kind)}


def _number(told: Mapping[str, Any], name: str) -> float:
    value = told.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def _called(name: str) -> str:
    return _NAMES.get(name, name)
