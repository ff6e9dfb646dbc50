"""/healthz: this process answers. /readyz: everything it needs does too, and if not, what to do. /metrics: counts."""

from __future__ import annotations

from flask import Flask, Response, request

from webapp.access import PUBLIC, declare
from webapp.json import json_answer
from webapp.readiness import examine
from webapp.services import services


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
    """503 when anything is wrong. `?only=database,migrations` and `?exclude=…` choose, for a load balancer."""
    found = examine(_names("only"), _names("exclude"))
    checks = {
        name: {"ok": fault is None, "detail": fault[0] if fault else "", "todo": fault[1] if fault else ""}
        for name, fault in found.items()
    }
    ready = all(fault is None for fault in found.values())
    return json_answer({"ready": ready, "checks": checks}, 200 if ready else 503)


def _names(parameter: str) -> list[str]:
    return [name for name in request.args.get(parameter, "").split(",") if name]
