"""A collector's storing half with a clock that a test sets: pipeline, committer, limits, the site database behind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select

from collector.alarms.evaluator import Evaluator
from collector.domain.limits import Limit
from collector.ingest.committer import Committer
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.sitedb.destination import SiteDestination
from collector.sitedb.engine import make_engine
from collector.sitedb.tables import Base, Point
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.entries import Entry, decode

VOCABULARY = load_vocabulary(device_configs())
LIBRARY = load_library((device_configs(),), VOCABULARY)
NOON = 1_795_521_600_000
SECOND, MINUTE, HOUR = 1_000, 60_000, 3_600_000
LIMIT = Limit("l", 1, "dairy.effluent", "ph", "high", "permit", "high", 9.0, 0.2)


class Clocked:
    """`now` is the collector's own clock, to be set at will."""

    def __init__(self, path: Path, limits: Iterable[Limit] = (LIMIT,), *, site: bool = False) -> None:
        self.now = NOON
        self.db = open_collector_db(path)
        self._limits = list(limits)
        self._packets = 0
        self._forwarded = 0
        self.restart()
        self.site: SiteDestination | None = None
        if site:
            self._engine = make_engine(f"sqlite:///{path.with_name('site.db')}")
            Base.metadata.create_all(self._engine)
            self.site = SiteDestination(self._engine, "c", lambda: self.now)

    def restart(self) -> None:
        """As after the end of the process: all that is only in memory is gone."""
        self.evaluator = Evaluator(self.db)
        with transaction(self.db):
            self.evaluator.configure(self._limits, self.now)
        self.committer = Committer(self.db, self.evaluator, 100, lambda: self.now)
        self.pipeline = Pipeline(LIBRARY, VOCABULARY)
        self.pipeline.heard_until = self.committer.heard_until

    def message(
        self,
        value: float,
        time: Any = None,
        *,
        packet: int | None = None,
        again: bool = False,
        metric: str = "ph",
        quality: str | None = None,
    ) -> Processed:
        """As it comes in now."""
        self._packets += 1
        content: dict[str, Any] = {"values": {metric: value}}
        content |= {} if time is None else {"time": time}
        content |= {} if quality is None else {"quality": {metric: quality}}
        number = self._packets if packet is None else packet
        topic = "fieldproof/dairy/effluent/readings"
        return self.pipeline.process(Message(topic, orjson.dumps(content), 1, number, again, False, 1, self.now))

    def commit(self, *batch: Processed, tick: bool = False) -> None:
        self.committer.commit(batch, self.now if tick else None)

    def receive(self, value: float, time: Any = None) -> None:
        """One message in a commit of its own, and what follows from it forwarded."""
        self.commit(self.message(value, time))
        self.forward()

    def forward(self) -> None:
        if self.site is None:
            return
        found = self.entries(after=self._forwarded)
        self.site.deliver(found)
        self._forwarded = max([self._forwarded, *(entry.seq for entry in found)])

    def entries(self, kind: str = "", after: int = 0) -> list[Entry]:
        rows = self.db.execute("SELECT seq, kind, body FROM outbox WHERE seq>? ORDER BY seq", (after,)).fetchall()
        return [decode(*row) for row in rows if kind in ("", row[1])]

    def lines(self) -> list[str]:
        """What goes to InfluxDB, sorted."""
        return sorted(line for entry in self.entries("lines") for line in entry.body.decode().split("\n"))

    def rows(self, table: str = "reading", columns: str = "observed_at, value, quality, reasons") -> list[Any]:
        return self.db.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()

    def alarms(self) -> Sequence[Any]:
        return self.db.execute("SELECT raised_at, cleared_at FROM alarm ORDER BY raised_at").fetchall()

    def latest(self) -> tuple[int, float | None, str]:
        """Of the only point there is."""
        (found,) = self.all_latest().values()
        return found

    def all_latest(self) -> dict[str, tuple[int, float | None, str]]:
        """By metric."""
        with self._engine.connect() as db:
            rows = db.execute(select(Point.metric, Point.observed_at, Point.value, Point.quality)).all()
        return {row.metric: (row.observed_at, row.value, row.quality) for row in rows}

    def close(self) -> None:
        self.db.close()
        if self.site is not None:
            self._engine.dispose()
