"""What a check found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class State(StrEnum):
    """`bad` loses or stops something; `warn` may; `unknown` could not be looked at from here."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """`what` is the case, `why` it matters, `change` is what to do; the last two are empty where all is well."""

    check: str
    state: State
    what: str
    why: str = ""
    change: str = ""

    def as_json(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def ok(check: str, what: str) -> Finding:
    return Finding(check, State.OK, what)


def warn(check: str, what: str, why: str, change: str) -> Finding:
    return Finding(check, State.WARN, what, why, change)


def bad(check: str, what: str, why: str, change: str) -> Finding:
    return Finding(check, State.BAD, what, why, change)


def unknown(check: str, what: str, change: str = "") -> Finding:
    return Finding(check, State.UNKNOWN, what, "", change)


def is_bad(findings: Iterable[Finding]) -> bool:
    return any(finding.state is State.BAD for finding in findings)


def duration(seconds: float) -> str:
    """As people say it: '40 s', '12 min', '5 h', '3 days'."""
    for size, unit in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:,.0f} s"


def amount(size: float) -> str:
    """Bytes as people say them: '1.9 MiB', '250.0 GiB'."""
    return f"{size / (1 << 30):,.1f} GiB" if size >= 1 << 30 else f"{size / (1 << 20):,.1f} MiB"
