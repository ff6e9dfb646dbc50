"""What InfluxDB's answers mean. The generations say the same with different numbers; this is the one table of it.

Pure. Read in the sources of 1.6 to 1.8, 2.x and 3 Core, tried against 1.6.7 (docs/decisions/0012).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import Enum

from collector.errors import StoreRejected, StoreUnavailable


class Generation(Enum):
    V1_6 = "1.6"  # and 1.7: no /api/v2/write
    V1_8 = "1.8"
    V2 = "2"
    V3 = "3"
    UNKNOWN = "unknown"


class Refusal(Enum):
    """What a refused request left behind. Halves are written again in any case: a point written twice is one point."""

    REST_STORED = "the lines that it names are refused, all others are stored"
    NOTHING_STORED = "one bad line, and nothing is stored"
    PERHAPS_ITS_OWN = "nothing is stored, and it may be trouble of the server's own that blames the lines"
    TOO_LARGE = "nothing was read"


MEANINGS = {
    (Generation.V1_6, 400): Refusal.REST_STORED,
    (Generation.V1_8, 400): Refusal.REST_STORED,
    # 400 is syntax, found before anything is written; 422 is what the storage engine refuses.
    (Generation.V2, 400): Refusal.NOTHING_STORED,
    (Generation.V2, 422): Refusal.REST_STORED,
    # On /api/v2/write every failure of its write buffer is a 400, also a write-ahead log that cannot be written.
    (Generation.V3, 400): Refusal.PERHAPS_ITS_OWN,
    # Its limits of tables and columns, which an operator may raise.
    (Generation.V3, 422): Refusal.PERHAPS_ITS_OWN,
}
_REFUSED = (400, 413, 422)

# What the refusal says -> reason of the dead letter.
_REASONS = (
    ("field type conflict", "type_conflict"),
    ("invalid column type", "type_conflict"),
    ("retention policy", "out_of_retention"),
    ("beyond retention", "out_of_retention"),
    ("unable to parse", "bad_line"),
)
# By the reason of the dead letter, what to do.
ADVICE = {
    "type_conflict": "The field took its type from the first value that anyone wrote to it. Remove those points"
    " (1.x: of the same shard), or name another bucket; from then on such readings are stored",
    "out_of_retention": "The reading is older than the bucket keeps: lengthen its retention if such readings matter",
    "bad_line": "This is a fault of fieldproof: please report it with this line",
    "refused": "",
}
# These concern one line: the next may be stored. Any other refusal may be of everything.
_OF_THE_LINE = ("out_of_retention", "bad_line")
_DROPPED = re.compile(r"dropped=(\d+)")
_VERSION = re.compile(r"v?(\d+)\.(\d+)")
# However long a server asks for: nobody shall wait an hour for a header that was written by mistake.
_RETRY_AFTER_MOST_S = 300.0


def generation_of(version: str | None) -> Generation:
    """By the header X-Influxdb-Version: `1.6.7~rc0`, `1.8.10`, `v2.7.11`, `3.4.1`."""
    found = _VERSION.match(version or "")
    if found is None:
        return Generation.UNKNOWN
    major, minor = int(found[1]), int(found[2])
    if major == 1:
        return Generation.V1_8 if minor >= 8 else Generation.V1_6
    return {2: Generation.V2, 3: Generation.V3}.get(major, Generation.UNKNOWN)


def judge(
    generation: Generation, status: int, text: str, headers: Mapping[str, str], lines: int
) -> StoreRejected | StoreUnavailable:
    """The error that an answer to a write of so many lines means, unless it says that the path is unknown."""
    text = text.strip()[:500]
    if status in _REFUSED:
        return _rejected(generation, status, text, lines)
    if status in (401, 403):
        return StoreUnavailable(
            f"InfluxDB answered {status}: {text}: check FIELDPROOF_INFLUX_TOKEN (1.x: user:password), and that it may"
            " write to the bucket"
        )
    if status == 404:
        return StoreUnavailable(f"InfluxDB: {text}: create the database or bucket, then all is delivered")
    return StoreUnavailable(f"InfluxDB answered {status}: {text}", retry_after_s=retry_after(headers))


def _rejected(generation: Generation, status: int, text: str, lines: int) -> StoreRejected:
    default = Refusal.TOO_LARGE if status == 413 else Refusal.PERHAPS_ITS_OWN
    meaning = MEANINGS.get((generation, status), default)
    lower = text.lower()
    reason = next((reason for words, reason in _REASONS if words in lower), "refused")
    advice = ADVICE[reason]
    dropped = _DROPPED.search(text)
    return StoreRejected(
        f"{status}: {text}{'. ' if advice else ''}{advice}",
        reason=reason,
        # Words that no InfluxDB uses come from something before it, or are news to us: it may pass.
        doubtful=meaning in (Refusal.PERHAPS_ITS_OWN, Refusal.TOO_LARGE) or reason == "refused",
        wholesale=reason not in _OF_THE_LINE,
        every=meaning is Refusal.REST_STORED and dropped is not None and int(dropped[1]) == lines,
    )


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds, from seconds or a date. A date is counted from the server's own clock, if it tells that."""
    text = headers.get("Retry-After", "").strip()
    if not text:
        return None
    if text.isdigit():
        return min(float(text), _RETRY_AFTER_MOST_S)
    until, now = _date(text), _date(headers.get("Date", "")) or datetime.now(UTC)
    return None if until is None else min(max(0.0, (until - now).total_seconds()), _RETRY_AFTER_MOST_S)


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
