"""Collectors, as the command line shows them and takes them off the list."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from collector.sitedb.tables import Collector
from webapp import audit, heartbeat, silence
from webapp.db import Database
from webapp.sites import CLI


class CollectorError(Exception):
    """What was asked cannot be done; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class CollectorRow:
    id: str
    state: str
    brokers: list[str]
    last_seen_at: int


def list_collectors(engine: Engine, now: int) -> list[CollectorRow]:
    with Database(engine).read() as db:
        return [
            CollectorRow(
                row.id,
                "running" if heartbeat.silent_s(row, now) is None else "silent",
                list(heartbeat.brokers(row)),
                row.last_seen_at,
            )
            for row in db.scalars(select(Collector).order_by(Collector.id))
        ]


def remove_collector(engine: Engine, ident: str, now: int, *, actor: str = CLI) -> None:
    """Of one that was taken out of service: /readyz and the alarm of silence would wait for it for ever.

    What it collected stays. Raises CollectorError.
    """
    with Database(engine).write() as db:
        row = db.get(Collector, ident)
        if row is None:
            raise CollectorError(f"there is no collector '{ident}'; 'fieldproof collectors list' shows all")
        if heartbeat.silent_s(row, now) is None:
            raise CollectorError(f"'{ident}' still reports: stop it first, and wait until it counts as silent (1 min)")
        _remove(db, row, now, actor)


def retire_collector(engine: Engine, ident: str, now: int, *, actor: str = CLI) -> None:
    """One that is known to be stopped for good, if it ever reported: nobody is to wait for it."""
    with Database(engine).write() as db:
        row = db.get(Collector, ident)
        if row is not None:
            _remove(db, row, now, actor)


def _remove(db: Session, row: Collector, now: int, actor: str) -> None:
    before = {"broker": row.broker, "last_seen_at": row.last_seen_at}
    ident = row.id
    db.delete(row)
    silence.end(db, ident, now)
    audit.append(db, at=now, actor=actor, action="collector.remove", kind="collector", object_id=ident, before=before)
