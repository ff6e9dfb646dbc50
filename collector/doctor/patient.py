"""What is examined, and what the checks share."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from collector.clock import Clock
from collector.doctor.finding import Finding
from collector.errors import StoreUnavailable
from collector.ingest.mqtt.client import Broker
from collector.settings import Settings
from collector.sharding.layout import files
from collector.stores.collector_db import connect


@dataclass(frozen=True, slots=True)
class Meeting:
    """A first connection to a broker: `fault` when there is no use in trying further. `v5`: it speaks MQTT 5."""

    v5: bool
    properties: dict[str, int]
    fault: Finding | None
    certificate: bytes | None = None


@dataclass(slots=True)
class Patient:
    settings: Settings
    clock: Clock
    brokers: list[Broker]
    # What the profiles subscribe to, and what is wrong with them.
    filters: list[str]
    profile_faults: list[str]
    engine: Engine
    # Whether the site database has this version's schema. Raises SQLAlchemyError when it does not answer.
    is_current: Callable[[Engine], bool]
    # How long to listen to devices.
    listen_s: float = 5.0
    # How many messages to leave waiting at the broker, to see how many it keeps. None: that is not measured.
    waiting: int | None = None
    meetings: dict[str, Meeting] = field(default_factory=dict)
    # When each broker was started, epoch ms, as far as it tells.
    started: dict[str, int] = field(default_factory=dict)

    @property
    def collector_files(self) -> list[Path]:
        """collector.db, and those of the other collectors where several share the folder."""
        return list(files(self.settings.data).values())


def is_open(file: Path) -> bool:
    """Some process has it open: its write-ahead log is there."""
    return Path(f"{file}-wal").exists()


@contextmanager
def reading(file: Path) -> Iterator[sqlite3.Connection]:
    """A collector's file, read-only. Raises StoreUnavailable when it cannot be read."""
    try:
        db = _connected(file)
        try:
            yield db
        finally:
            db.close()
    except sqlite3.Error as error:
        raise StoreUnavailable(f"cannot read {file}: {error}") from error


def _connected(file: Path) -> sqlite3.Connection:
    """Where nobody has it open no log is made for reading: it would belong to whoever runs the doctor."""
    if is_open(file):
        return connect(file, read_only=True)
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro&immutable=1", uri=True)


def messages_a_second(patient: Patient) -> float | None:
    """Of all collectors, over the last hour in which any came, by the messages as they were kept.

    None without a minute of them. The hour is the same for all: a reshard may have taken all devices from one.
    """
    lasts = [last for (last,) in _each(patient, "SELECT max(last_received_at) FROM raw_block") if last is not None]
    if not lasts:
        return None
    last, began = max(lasts), max(lasts) - 3_600_000
    kept = f"SELECT min(first_received_at), sum(count) FROM raw_block WHERE last_received_at>{began}"
    found = [(first, count) for first, count in _each(patient, kept) if count]
    span = last - max(min(first for first, _ in found), began)
    return float(sum(count for _, count in found) * 1000 / span) if span >= 60_000 else None


def _each(patient: Patient, sql: str) -> list[tuple[Any, ...]]:
    """The one row that each collector's file answers with; a file that cannot be read answers nothing."""
    rows = []
    for file in patient.collector_files:
        try:
            with reading(file) as db:
                rows.append(db.execute(sql).fetchone())
        except StoreUnavailable:
            continue
    return rows
