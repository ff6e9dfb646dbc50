"""/healthz: this process answers. /readyz: everything it needs does too, and if not, what to do. /metrics: counts."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Response
from sqlalchemy import func, select, text
from sqlalchemy.exc import SQLAlchemyError

from collector.errors import StoreUnavailable
from collector.sitedb.tables import Collector
from webapp.access import PUBLIC, declare
from webapp.json import json_answer
from webapp.migrate import is_current
from webapp.services import services
from webapp.silence import SILENT_AFTER_MS

# What is wrong and what to do; None when nothing is.
Fault = tuple[str, str] | None


def register(app: Flask) -> None:
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.add_url_rule("/metrics", "metrics", metrics)
    for endpoint in ("healthz", "readyz", "metrics"):
        declare(app, endpoint, PUBLIC)


def healthz() -> Response:
    return json_answer({"ok": True})


def metrics() -> Response:
    return Response(services().metrics.text(), content_type="text/plain; version=0.0.4; charset=utf-8")


def readyz() -> Response:
    found = {name: check() for name, check in CHECKS.items()}
    checks = {
        name: {"ok": fault is None, "detail": fault[0] if fault else "", "todo": fault[1] if fault else ""}
        for name, fault in found.items()
    }
    ready = all(fault is None for fault in found.values())
    return json_answer({"ready": ready, "checks": checks}, 200 if ready else 503)


def _database() -> Fault:
    try:
        with services().db.read() as db:
            db.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return (f"does not answer ({type(error).__name__})", "Check FIELDPROOF_DATABASE_URL and that the server runs.")
    return None


def _migrations() -> Fault:
    try:
        if is_current(services().db.engine):
            return None
    except SQLAlchemyError as error:
        return (f"cannot be read ({type(error).__name__})", "See the check 'database'.")
    return ("the schema is not this version's", "Restart with the 'fieldproof' command: it migrates before it starts.")


def _readings() -> Fault:
    try:
        services().store.check()
    except StoreUnavailable as error:
        return (
            str(error),
            "Check the InfluxDB settings, or that the collector runs on this host and has this data folder.",
        )
    return None


def _collectors() -> Fault:
    try:
        with services().db.read() as db:
            last = db.scalar(select(func.max(Collector.last_seen_at)))
    except SQLAlchemyError as error:
        return (f"cannot be read ({type(error).__name__})", "See the check 'database'.")
    if last is None:
        return ("no collector has reported yet", "Start one: 'fieldproof collect'.")
    silent_s = (services().clock() - last) // 1000
    if silent_s * 1000 > SILENT_AFTER_MS:
        return (f"no collector has reported for {silent_s} s", "See its log and restart it: 'fieldproof collect'.")
    return None


CHECKS: dict[str, Callable[[], Fault]] = {
    "database": _database,
    "migrations": _migrations,
    "readings": _readings,
    "collectors": _collectors,
}
