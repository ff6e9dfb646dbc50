"""Turns every exception of a request into a problem document, or into plain text outside the API."""

from __future__ import annotations

import logging
from html import escape

from flask import Flask, Response, request
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from collector.errors import StoreUnavailable
from webapp.json import json_answer
from webapp.problems import CODE_OF_STATUS, MEDIA_TYPE, Problem

log = logging.getLogger(__name__)
_RETRY_SOON = {"Retry-After": "5"}


def register(app: Flask) -> None:
    app.register_error_handler(Problem, answer)
    app.register_error_handler(HTTPException, _from_http)
    app.register_error_handler(StoreUnavailable, _from_store)
    app.register_error_handler(OperationalError, _from_database)
    app.register_error_handler(DataError, _from_data)
    app.register_error_handler(PoolTimeout, _from_database)
    app.register_error_handler(Exception, _from_bug)


def answer(problem: Problem) -> Response:
    if request.path.startswith("/reports/"):
        response = _page(problem)
    else:
        response = json_answer(problem.body(), problem.kind.status, MEDIA_TYPE)
    response.headers.extend(problem.headers)
    return response


def _page(problem: Problem) -> Response:
    """Reports are opened by people in a tab of their own: they get words, not JSON."""
    title, detail = escape(problem.kind.title), escape(problem.detail)
    html = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><body style='font-family:system-ui;max-width:34rem;margin:15vh auto;padding:0 1rem'>"
        f"<h1>{title}</h1><p>{detail}</p><p><a href='/'>Fieldproof</a></p></body></html>"
    )
    return Response(html, problem.kind.status, content_type="text/html; charset=utf-8")


def _from_http(error: HTTPException) -> Response:
    status = error.code or 500
    if status < 400:
        # A redirect of the router is an exception too; it is an answer of its own.
        return Response(status=status, headers=error.get_headers())
    detail = _DETAILS.get(status, error.description or "")
    if status == 404:
        detail = f"Nothing answers at {request.path[:200]}."
    elif status == 405:
        allowed = ", ".join(sorted(error.valid_methods or [])) if hasattr(error, "valid_methods") else ""
        detail = f"{request.method} is not possible here; {allowed} is." if allowed else "Use another method."
    problem = Problem(CODE_OF_STATUS.get(status, "internal" if status >= 500 else "bad_request"), detail)
    response = answer(problem)
    if status == 405:
        response.headers["Allow"] = ", ".join(sorted(getattr(error, "valid_methods", None) or []))
    return response


_DETAILS = {
    413: "Send less in one request.",
    415: "Send a JSON body with the header 'Content-Type: application/json'.",
}


def _from_store(error: StoreUnavailable) -> Response:
    log.warning("reading store unavailable: path=%s error=%s", request.path, error)
    detail = "Readings cannot be read at the moment; try again soon. /readyz says what is wrong."
    return answer(Problem("store_unavailable", detail, headers=_RETRY_SOON))


def _from_database(error: Exception) -> Response:
    log.error("site database unavailable: path=%s error=%s", request.path, error)
    detail = "The site database cannot be used at the moment; try again soon. /readyz says what is wrong."
    return answer(Problem("database_unavailable", detail, headers=_RETRY_SOON))


def _from_data(error: DataError) -> Response:
    """Such as an address with U+0000 in it: SQLite finds nothing of that name, PostgreSQL does not look."""
    log.warning("the site database does not take a value: path=%s error=%s", request.path, error.orig)
    return answer(Problem("invalid", "The address or the request holds a character or number that cannot be kept."))


def _from_bug(error: Exception) -> Response:
    log.error("unexpected error: method=%s path=%s", request.method, request.path, exc_info=error)
    return answer(Problem("internal", "The fault was logged. Nothing of this request was kept unless it was answered."))
