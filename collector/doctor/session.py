"""The collector's session at the broker, from what the collector noted: connecting under its id would throw it out."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from collector.doctor.finding import Finding, bad, duration, ok, unknown, warn
from collector.doctor.patient import Patient
from collector.errors import StoreUnavailable
from collector.ingest.mqtt.source import SESSION_EXPIRY_S
from collector.sitedb.tables import Collector, CollectorEvent
from collector.stores.collector_db import get_meta

CHECK = "session"
_RUNNING_MS = 60_000
_LOOK_BACK_MS = 7 * 86_400_000


def look(patient: Patient) -> Iterator[Finding]:
    try:
        ident, heard = _noted(patient)
    except StoreUnavailable as error:
        yield unknown(CHECK, f"not looked at: {error}")
        return
    if ident is None:
        yield unknown(
            CHECK,
            f"no collector has run on the data folder {patient.settings.data} yet",
            "Start one: 'fieldproof collect'. Or give the folder it runs on with --data.",
        )
        return
    for broker, last in heard.items():
        yield from _session(patient, broker, last)
    yield from _of_site_database(patient, ident)


def _noted(patient: Patient) -> tuple[str | None, dict[str, int | None]]:
    """The collector's client id, and for each broker with a session when something last came from it."""
    with patient.collector_db() as db:
        if db is None or (installation := get_meta(db, "installation")) is None:
            return None, {}
        names = [broker.name for broker in patient.brokers]
        heard = {
            name: int(last) if (last := get_meta(db, f"last_received_at.{name}")) else None
            for name in names
            if get_meta(db, f"session.{name}") is not None
        }
        return f"fieldproof-{installation}-", heard


def _session(patient: Patient, broker: str, last: int | None) -> Iterator[Finding]:
    silent_s = None if last is None else (patient.clock() - last) / 1000
    if silent_s is None:
        yield ok(CHECK, f"{broker} holds a session for our collector; nothing has come in it yet")
    elif silent_s > SESSION_EXPIRY_S:
        yield bad(
            CHECK,
            f"nothing has come from {broker} for {duration(silent_s)}",
            f"The session ends {duration(SESSION_EXPIRY_S)} after the collector left: what came since then is lost.",
            "Start the collector, and see why it was away.",
        )
    else:
        yield ok(CHECK, f"{broker} holds a session for our collector; the last message came {_ago(silent_s)}")


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
