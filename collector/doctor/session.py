"""The collectors' sessions at the broker, from what each noted: connecting under its id would throw it out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from collector.doctor.finding import Finding, bad, duration, ok, unknown, warn
from collector.doctor.patient import Patient, reading
from collector.errors import StoreUnavailable
from collector.ingest.mqtt.source import SESSION_EXPIRY_S
from collector.sharding.layout import client_id, files
from collector.sitedb.tables import Collector, CollectorEvent
from collector.stores.collector_db import get_meta

CHECK = "session"
# A row of the table of collectors.
Report = dict[str, Any]
_RUNNING_MS = 60_000
_LOOK_BACK_MS = 7 * 86_400_000


def look(patient: Patient) -> Iterator[Finding]:
    several = files(patient.settings.data)
    ours = installation(patient.settings.data)
    told = reports(patient)
    unread = False
    for index, file in several.items():
        try:
            own, heard = _noted(patient, file)
        except StoreUnavailable as error:
            unread = True
            yield unknown(CHECK, f"not looked at: {error}")
            continue
        ours = ours or own
        ident = client_id(own or "", index)
        whose = "our collector" if len(several) == 1 else f"the collector {ident}"
        for broker, last in heard.items():
            at_work = _at_work(patient, told.get(ident), broker)
            yield _session(patient, broker, whose, last, at_work=at_work)
    if ours is None and not unread:
        yield unknown(
            CHECK,
            f"no collector has run on the data folder {patient.settings.data} yet",
            "Start one: 'fieldproof collect'. Or give the folder it runs on with --data.",
        )
        return
    for ident, report in sorted(told.items()):
        if ident.startswith(f"fieldproof-{ours}-"):
            yield from _heartbeat(ident, report, patient.clock())
    yield from _losses(patient)


def installation(folder: Path) -> str | None:
    """Also where a collector's file cannot be read. Written at its first start; before there could be several, not."""
    try:
        return (folder / "installation").read_text(encoding="utf-8").strip() or None
    except OSError:
        return None


def _noted(patient: Patient, file: Path) -> tuple[str | None, dict[str, int | None]]:
    """What is part of the client id, and for each broker with a session when something last came from it."""
    with reading(file) as db:
        if (own := get_meta(db, "installation")) is None:
            return None, {}
        names = [broker.name for broker in patient.brokers]
        heard = {
            name: int(last) if (last := get_meta(db, f"last_received_at.{name}")) else None
            for name in names
            if get_meta(db, f"session.{name}") is not None
        }
        return own, heard


def _session(patient: Patient, broker: str, whose: str, last: int | None, *, at_work: bool) -> Finding:
    silent_s = None if last is None else (patient.clock() - last) / 1000
    if silent_s is None:
        return ok(CHECK, f"{broker} holds a session for {whose}; nothing has come in it yet")
    # One of several collectors may own devices that are silent, or none: it is there all the same.
    if silent_s > SESSION_EXPIRY_S and not at_work:
        return bad(
            CHECK,
            f"nothing has come from {broker} to {whose} for {duration(silent_s)}",
            f"The session ends {duration(SESSION_EXPIRY_S)} after the collector left: what came since then is lost.",
            "Start the collector, and see why it was away.",
        )
    return ok(CHECK, f"{broker} holds a session for {whose}; the last message came {_ago(silent_s)}")


def _ago(seconds: float) -> str:
    return "just now" if seconds < 10 else f"{duration(seconds)} ago"


def reports(patient: Patient) -> dict[str, Report]:
    """The last heartbeat of each collector. None where the site database does not answer: its own check says so."""
    try:
        with patient.engine.connect() as db:
            rows = db.execute(select(Collector.__table__)).mappings().all()
    except SQLAlchemyError:
        return {}
    return {row["id"]: dict(row) for row in rows}


def is_silent(report: Report, now: int) -> bool:
    return now - int(report["last_seen_at"]) > _RUNNING_MS


def _at_work(patient: Patient, report: Report | None, broker: str) -> bool:
    """Whether it reports, and is connected and subscribed to this broker."""
    if report is None or is_silent(report, patient.clock()):
        return False
    brokers = report["stats"].get("brokers") if isinstance(report["stats"], dict) else None
    return bool(brokers.get(broker)) if isinstance(brokers, dict) else bool(report["connected"])


def _losses(patient: Patient) -> Iterator[Finding]:
    events = CollectorEvent.__table__
    since = patient.clock() - _LOOK_BACK_MS
    try:
        with patient.engine.connect() as db:
            lost = db.execute(
                select(events.c.id).where(events.c.kind == "possible_loss", events.c.ended_at > since)
            ).all()
    except SQLAlchemyError:
        return
    if lost:
        often = "once" if len(lost) == 1 else f"{len(lost)} times"
        yield warn(
            CHECK,
            f"messages may have been lost in the last 7 days: noticed {often}",
            "A broker had forgotten our session, or gone back to an older state. The screen Today shows when.",
            "See 'persistence' above; and that no other client uses our client id.",
        )


def _heartbeat(ident: str, row: Report, now: int) -> Iterator[Finding]:
    silent_s = (now - int(row["last_seen_at"])) / 1000
    stats = row["stats"] if isinstance(row["stats"], dict) else {}
    if is_silent(row, now):
        yield bad(
            CHECK,
            f"the collector {ident} has not reported for {duration(silent_s)}",
            "Nothing is collected; the broker keeps messages as far as its queue goes.",
            "Start it: 'fieldproof collect', or 'systemctl start fieldproof-collector'.",
        )
    elif not row["connected"]:
        yield bad(
            CHECK,
            f"the collector {ident} runs and is not connected and subscribed to {row['broker']}",
            "Nothing is collected; the broker keeps messages as far as its queue goes.",
            "See its log: it says what the broker refuses.",
        )
    else:
        yield ok(CHECK, f"the collector {ident} runs, connected and subscribed")
    if isinstance(trouble := stats.get("trouble"), dict):
        yield bad(
            CHECK,
            f"the collector {ident} cannot store ({trouble.get('kind')}): {trouble.get('detail')}",
            "It acknowledges nothing; the broker keeps messages as far as its queue goes.",
            "See 'disk' and 'collector.db' below.",
        )
    if stats.get("durable_broker") is False:
        yield warn(
            CHECK,
            "the broker is the demo's own",
            "It forgets everything when it stops.",
            "For a plant, install Mosquitto: deploy/mosquitto/README.md.",
        )
