"""A patient for the doctor's tests, on a folder of its own, and findings that can be asked for."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from collector.clock import now_ms
from collector.doctor.finding import Finding, State
from collector.doctor.patient import Patient
from collector.ingest.mqtt.client import Broker
from collector.settings import Settings
from collector.sitedb.engine import make_engine
from collector.stores.collector_db import open_collector_db
from webapp.migrate import is_current, migrate

HOUR = 3_600_000
BROKER = "127.0.0.1:1"
FILTERS = ["fieldproof/+/+/readings", "+/events/rpc"]


def patient(folder: Path, mqtt_url: str = "mqtt://127.0.0.1:1", **more: Any) -> Patient:
    data = folder / "data"
    settings = Settings(data=data, mqtt_url=mqtt_url, **more)
    return Patient(
        settings=settings,
        clock=now_ms,
        brokers=Broker.parse_all(mqtt_url),
        filters=FILTERS,
        profile_faults=[],
        engine=make_engine(settings.site_database_url),
        is_current=is_current,
        listen_s=0.5,
    )


def used(folder: Path) -> Patient:
    """Where a collector has run: both databases are there, and empty."""
    made = patient(folder)
    made.settings.data.mkdir()
    open_collector_db(made.settings.collector_db).close()
    migrate(made.settings.site_database_url)
    return made


def write(who: Patient, sql: str, rows: list[tuple[Any, ...]], file: Path | None = None) -> None:
    db = sqlite3.connect(file or who.settings.collector_db)
    db.executemany(sql, rows)
    db.commit()
    db.close()


def readings(who: Patient, device: str, delay_s: float, reasons: int = 0, file: Path | None = None) -> None:
    now, ident = now_ms(), abs(hash(device)) % 10_000
    write(who, "INSERT INTO series VALUES (?, ?, 'ph')", [(ident, device)], file)
    rows = [(ident, now - n * 1000 - int(delay_s * 1000), 7.0, 0, reasons, now - n * 1000) for n in range(30)]
    write(who, "INSERT INTO reading VALUES (?, ?, ?, ?, ?, ?)", rows, file)


def messages(who: Patient, a_second: int, seconds: int, file: Path | None = None) -> None:
    now = now_ms()
    rows = [(now - s * 1000, now - s * 1000 + 999, a_second, b"") for s in range(seconds, 0, -1)]
    write(
        who, "INSERT INTO raw_block (first_received_at, last_received_at, count, body) VALUES (?, ?, ?, ?)", rows, file
    )


def damage(file: Path) -> None:
    file.write_bytes(b"nothing that SQLite knows " * 400)


def of_broker(look: Callable[[Patient, Broker], Iterator[Finding]], who: Patient) -> list[Finding]:
    return list(look(who, who.brokers[0]))


def only(findings: list[Finding], state: State) -> Finding:
    (found,) = [finding for finding in findings if finding.state is state]
    return found


def states(findings: list[Finding]) -> list[str]:
    return [str(finding.state) for finding in findings]
