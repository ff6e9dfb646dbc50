"""The collectors' sessions at the broker, from what each noted: connecting under its id would throw it out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

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
_RUNNING_MS = 60_000
_LOOK_BACK_MS = 7 * 86_400_000


def look(patient: Patient) -> Iterator[Finding]:
    several = files(patient.settings.data)
    found: list[Finding] = []
    ran: set[str] = set()
    for index, file in several.items():
        try:
            installation, heard = _noted(patient, file)
        except StoreUnavailable as error:
            found.append(unknown(CHECK, f"not looked at: {error}"))
            continue
        if installation is None:
            continue
        ran.add(installation)
        whose = "our collector" if len(several) == 1 else f"the collector {client_id(installation, index)}"
        found += [_session(patient, broker, whose, last) for broker, last in heard.items()]
    yield from found
    if not found and not ran:
        yield unknown(
            CHECK,
            f"no collector has run on the data folder {patient.settings.data} yet",
            "Start one: 'fieldproof collect'. Or give the folder it runs on with --data.",
        )
    for installation in sorted(ran):
        yield from _of_site_database(patient, f"fieldproof-{installation}-")


def _noted(patient: Patient, file: Path) -> tuple[str | None, dict[str, int | None]]:
    """What is part of the client id, and for each broker with a session when something last came from it."""
    with reading(file) as db:
        if (installation := get_meta(db, "installation")) is None:
            return None, {}
        names = [broker.name for broker in patient.brokers]
        heard = {
            name: int(last) if (last := get_meta(db, f"last_received_at.{name}")) else None
            for name in names
            if get_meta(db, f"session.{name}") is not None
        }
        return installation, heard


def _session(patient: Patient, broker: str, whose: str, last: int | None) -> Finding:
    silent_s = None if last is None else (patient.clock() - last) / 1000
    if silent_s is None:
        return ok(CHECK, f"{broker} holds a session for {whose}; nothing has come in it yet")
    if silent_s > SESSION_EXPIRY_S:
        return bad(
            CHECK,
            f"nothing has come from {broker} to {whose} for {duration(silent_s)}",
            f"The session ends {duration(SESSION_EXPIRY_S)} after the collector left: what came since then is lost.",
            "Start the collector, and see why it was away.",
        )
    return ok(CHECK, f"{broker} holds a session for {whose}; the last message came {_ago(silent_s)}")


def _ago(seconds: float) -> str:
    return "just now" if seconds < 10 else f"{duration(seconds)} ago"


def _of_site_database(patient: Patient, ident: str) -> Iterator[Finding]:
    now = patient.clock()
    try:
        with patient.engine.connect() as db:
            table, events = Collector.__table__, CollectorEvent.__table__
            rows = db.execute(select(table).where(table.c.id.startswith(ident))).mappings().all()
            lost = db.execute(
                select(events.c.started_at, events.c.ended_at)
                .where(events.c.kind == "possible_loss", events.c.ended_at > now - _LOOK_BACK_MS)
                .order_by(events.c.ended_at.desc())
            ).all()
    except SQLAlchemyError:
        # The check of the site database says so.
        return
    for row in rows:
        yield from _heartbeat(row["id"], dict(row), now)
    if lost:
        yield warn(
            CHECK,
            f"the broker had forgotten the session {len(lost)} times in the last 7 days",
            "What waited in it was lost. The screen Today shows from when to when.",
            "See 'persistence' above; and that no other client uses our client id.",
        )


def _heartbeat(ident: str, row: dict[str, object], now: int) -> Iterator[Finding]:
    silent_s = (now - int(str(row["last_seen_at"]))) / 1000
    stats = row["stats"] if isinstance(row["stats"], dict) else {}
    if silent_s * 1000 > _RUNNING_MS:
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
