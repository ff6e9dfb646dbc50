"""What a phone's screen claimed to be on the server, and whether it was there at that moment."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

RECORDER = Path(__file__).with_name("recorder.js")
_PREFIX = "claim:"
# Phone and server share this machine's clock; what is left is the rounding of milliseconds and of the browser's timer.
SLACK_MS = 50


@dataclass(frozen=True)
class Claim:
    """`at`: epoch ms. `by`: the mark on the thing itself, or the chip that speaks for all. `name`: "kind:ref"."""

    at: int
    by: str
    name: str


def parse_claims(line: str) -> list[Claim]:
    """Of a line of the page's console; most lines are none."""
    if not line.startswith(_PREFIX):
        return []
    told = json.loads(line.removeprefix(_PREFIX))
    return [Claim(told["at"], told["by"], name) for name in told["items"]]


def check_claims(claims: Iterable[Claim], truth: Mapping[str, int]) -> list[str]:
    """The lies. `truth`: "kind:ref" -> epoch ms at which the server had it."""
    lies = []
    for claim in claims:
        had = truth.get(claim.name)
        if had is None:
            lies.append(f"{claim.by} said at {claim.at} that {claim.name} was on the server: it never was")
        elif had > claim.at + SLACK_MS:
            lies.append(f"{claim.by} said so of {claim.name} {had - claim.at} ms before the server had it")
    return lies


def epoch_ms(text: str) -> int:
    """Of a time on the wire."""
    return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * 1000)


def truth_of(inspections: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """From the server's own records, as `GET /inspections/<id>` tells them."""
    found: dict[str, int] = {}
    for inspection in inspections:
        found[f"inspection:{inspection['id']}"] = epoch_ms(inspection["received_at"])
        for kind in ("answer", "finding"):
            for row in inspection[f"{kind}s"]:
                found[f"{kind}:{row['id']}"] = epoch_ms(row["received_at"])
        for photo in inspection["photos"]:
            if photo["state"] == "verified":
                found[f"photo:{photo['sha256']}"] = epoch_ms(photo["received_at"])
            for link in photo["links"]:
                found[f"link:{link['id']}"] = epoch_ms(link["received_at"])
        for submission in inspection["submissions"]:
            at = epoch_ms(submission["received_at"])
            found.setdefault(f"submit:{inspection['id']}", at)
    return found
