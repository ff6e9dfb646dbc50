"""One shape for every error, whichever door it comes through (RFC 9457).

`{"type", "title", "status", "detail", "code", "errors": {field: [texts]}}`, as application/problem+json.
"""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from werkzeug.test import TestResponse

from tests.integration import web_world as world
from tests.integration.web_fixtures import Web
from webapp.problems import PROBLEMS

OPERATION = f"/api/v1/alarms/{world.PH_ALARM}/ops/0190b1a0-0000-7000-8000-000000000001"
JSON = {"Content-Type": "application/json"}


def assert_problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert answer.mimetype == "application/problem+json"
    problem: dict[str, Any] = answer.json  # type: ignore[assignment]
    assert set(problem) == {"type", "title", "status", "detail", "code", "errors"}
    assert (answer.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["title"] == PROBLEMS[code].title
    assert problem["type"] == f"urn:fieldproof:problem:{code}"
    assert problem["detail"]
    assert all(isinstance(texts, list) and texts for texts in problem["errors"].values())
    return problem


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/api/v1/nothing", {}, 404, "not_found"),
        ("POST", "/api/v1/nothing", {}, 404, "not_found"),
        ("GET", "/api", {}, 404, "not_found"),
        ("DELETE", "/api/v1/points", {}, 405, "method_not_allowed"),
        ("POST", "/alarms", {}, 405, "method_not_allowed"),
        ("PUT", OPERATION, {"data": "op=acknowledge"}, 415, "unsupported_media_type"),
        ("PUT", OPERATION, {"data": b"<op/>", "headers": {"Content-Type": "text/xml"}}, 415, "unsupported_media_type"),
        ("PUT", OPERATION, {"data": b"{", "headers": JSON}, 400, "bad_request"),
        ("PUT", OPERATION, {"data": b"\xff", "headers": JSON}, 400, "bad_request"),
        ("PUT", OPERATION, {"data": b"[1]", "headers": JSON}, 422, "invalid"),
        ("PUT", OPERATION, {"data": b"null", "headers": JSON}, 422, "invalid"),
        ("PUT", OPERATION, {"data": b"x" * 2_000_000, "headers": JSON}, 413, "too_large"),
        ("GET", "/api/v1/points?limit=x", {}, 422, "invalid"),
    ],
)
def test_what_the_framework_refuses_has_our_shape(
    web: Web, method: str, path: str, more: dict[str, Any], status: int, code: str
) -> None:
    headers = {"Authorization": f"Bearer {world.token_of('manager')}", **more.pop("headers", {})}
    answer = web.app.test_client().open(path, method=method, headers=headers, **more)
    assert_problem(answer, status, code)


def test_a_refused_method_names_those_that_are_possible(web: Web) -> None:
    answer = web.ask("DELETE", "/points", "manager")
    assert "GET" in answer.headers["Allow"]
    assert "GET" in assert_problem(answer, 405, "method_not_allowed")["detail"]


def test_who_is_not_signed_in_is_told_how_to_be(web: Web) -> None:
    answer = web.get("/points", None)
    assert_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_fault_of_ours_is_a_problem_that_tells_nothing_of_the_inside(web: Web) -> None:
    def broken() -> int:
        raise ZeroDivisionError("the secret is 42")

    web.parts.clock = broken
    assert "42" not in assert_problem(web.get("/points", "manager"), 500, "internal")["detail"]


def test_a_database_that_is_away_is_a_problem_that_says_try_again(web: Web) -> None:
    def away() -> int:
        raise OperationalError("SELECT password", {}, Exception("connection refused"))

    web.parts.clock = away
    answer = web.get("/points", "manager")
    assert "password" not in assert_problem(answer, 503, "database_unavailable")["detail"]
    assert answer.headers["Retry-After"]


def test_several_faults_are_told_at_once(web: Web) -> None:
    problem = assert_problem(web.get("/points?limit=0&spark=999&since=then"), 422, "invalid")
    assert set(problem["errors"]) == {"limit", "spark", "since"}
