"""`python -m tests.bench [--only NAME]`"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from tests.bench import history, ingest, outbox, phone
from tests.bench.report import Row, show

BENCHES: dict[str, Callable[[], list[Row]]] = {
    "history": history.measure,
    "ingest": ingest.measure,
    "outbox": outbox.measure,
    "phone": phone.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=sorted(BENCHES))
    only = parser.parse_args().only
    rows: list[Row] = []
    for name, measure in BENCHES.items():
        if only in (None, name):
            rows += measure()
    show(rows)


if __name__ == "__main__":
    main()
