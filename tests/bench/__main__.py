"""`python -m tests.bench [--only NAME] [--runs N]`"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeAlias

from tests import servers
from tests.bench import alarm_latency, burst, history, ingest, long_term, memory, outbox, phone
from tests.bench.report import Row, show

Measure: TypeAlias = Callable[[int], list[Row]]

BENCHES: dict[str, Measure] = {
    "history": history.measure,
    "ingest": ingest.measure,
    "alarm_latency": alarm_latency.measure,
    "outbox": outbox.measure,
    "phone": phone.measure,
}
# Long ones, run only when asked for by name.
HEAVY: dict[str, Measure] = {"memory": memory.measure, "burst": burst.measure, "long_term": long_term.measure}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHES | HEAVY))
    parser.add_argument("--runs", type=int, default=5, help="of each measurement; medians are shown")
    given = parser.parse_args()
    chosen = {given.only: (BENCHES | HEAVY)[given.only]} if given.only else BENCHES
    rows: list[Row] = []
    try:
        for measure in chosen.values():
            rows += measure(given.runs)
    finally:
        for process in servers.STARTED:
            servers.end(process)
    show(rows)


if __name__ == "__main__":
    main()
