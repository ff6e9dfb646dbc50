"""Signing in and out, the cookie, and who may change something with it."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.integration import web_world as world
from tests.integration.web_fixtures import SAME_ORIGIN, Web
from webapp.attempts import MAX_FAILURES, WAIT_MS
from webapp.models import ApiToken, AuditEvent, User, UserSession
from webapp.sessions import LIFETIME_MS

COMMENT = {"op": "comment", "note": "Looked at it."}
OPERATION = f"/api/v1/alarms/{world.PH_ALARM}/ops/0190b1a0-0000-7000-8000-00000000000"


def sign_in(browser: FlaskClient, username: str = "manager", password: str = world.PASSWORD) -> tuple[int, str]:
    answer = browser.post("/api/v1/session", json={"username": username, "password": password})
    return answer.status_code, answer.headers.get("Set-Cookie", "")


def test_signing_in_says_who_one_is_and_sets_a_cookie_that_scripts_cannot_read(web: Web) -> None:
    browser = web.browser()
    answer = browser.post("/api/v1/session", json={"username": " Manager ", "password": world.PASSWORD})
    assert answer.json == {
        "user": {"id": "user-manager", "username": "manager", "name": "Manager"},
        "role": "manager",
        "roles": ["inspector", "manager"],
        "sites": [{"id": "dairy", "name": "Meadowbrook Dairy", "timezone": "Europe/Dublin"}],
    }
    assert browser.get("/api/v1/me").json == answer.json
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_over_https_the_cookie_is_for_https_only(web: Web) -> None:
    body = {"username": "manager", "password": world.PASSWORD}
    answer = web.browser().post("/api/v1/session", json=body, base_url="https://localhost")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_the_database_holds_neither_the_cookie_nor_the_password(web: Web) -> None:
    _, cookie = sign_in(web.browser())
    token = cookie.split("=", 1)[1].split(";")[0]
    with web.parts.db.read() as db:
        session = db.scalars(select(UserSession)).one()
        user = db.get_one(User, session.user_id)
    assert token not in session.token_hash
    assert user.password_hash.startswith("$argon2id$")


@pytest.mark.parametrize(("username", "password"), [("manager", "wrong"), ("nobody", world.PASSWORD)])
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(web: Web, username: str, password: str) -> None:
    answer = web.browser().post("/api/v1/session", json={"username": username, "password": password})
    assert (answer.status_code, answer.json["code"]) == (401, "bad_credentials")
    assert "Set-Cookie" not in answer.headers


def test_a_disabled_user_cannot_sign_in_and_is_signed_out(web: Web, signed_in: FlaskClient) -> None:
    with web.parts.db.write() as db:
        db.get_one(User, "user-manager").disabled_at = world.NOW
    assert signed_in.get("/api/v1/me").status_code == 401
    assert sign_in(web.browser())[0] == 401


def test_after_ten_failures_a_name_waits_a_minute_even_with_the_right_password(web: Web) -> None:
    browser = web.browser()
    for _ in range(MAX_FAILURES):
        assert sign_in(browser, password="wrong")[0] == 401
    answer = browser.post("/api/v1/session", json={"username": "MANAGER", "password": world.PASSWORD})
    assert (answer.status_code, answer.json["code"]) == (429, "too_many_attempts")
    assert answer.headers["Retry-After"] == "60"
    assert sign_in(browser, "inspector")[0] == 200
    web.clock.advance(WAIT_MS)
    assert sign_in(browser)[0] == 200


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(web: Web) -> None:
    browser, thief = web.browser(), web.browser()
    _, cookie = sign_in(browser)
    thief.set_cookie("fieldproof_session", cookie.split("=", 1)[1].split(";")[0])
    assert thief.get("/api/v1/me").status_code == 200
    assert browser.delete("/api/v1/session", headers=SAME_ORIGIN).status_code == 204
    assert thief.get("/api/v1/me").json["code"] == "unauthenticated"
    assert browser.get("/api/v1/me").status_code == 401


def test_a_session_in_use_lives_on_and_one_out_of_use_ends(web: Web, signed_in: FlaskClient) -> None:
    web.clock.advance(LIFETIME_MS - 1)
    answer = signed_in.get("/api/v1/me")
    assert answer.status_code == 200
    assert "fieldproof_session=" in answer.headers["Set-Cookie"]
    web.clock.advance(LIFETIME_MS - 1)
    assert signed_in.get("/api/v1/me").status_code == 200
    web.clock.advance(LIFETIME_MS + 1)
    assert signed_in.get("/api/v1/me").status_code == 401


def test_reading_within_the_hour_writes_nothing(web: Web, signed_in: FlaskClient) -> None:
    web.clock.advance(world.HOUR - 1)
    assert "Set-Cookie" not in signed_in.get("/api/v1/me").headers


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        (SAME_ORIGIN, True),
        ({"Sec-Fetch-Site": "none", "X-Fieldproof": "1"}, True),
        ({"Origin": "http://localhost", "X-Fieldproof": "1"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, False),
        ({"X-Fieldproof": "1"}, False),
        ({"Sec-Fetch-Site": "cross-site", "X-Fieldproof": "1"}, False),
        ({"Sec-Fetch-Site": "same-site", "X-Fieldproof": "1"}, False),
        ({"Origin": "http://evil.example", "X-Fieldproof": "1"}, False),
        ({"Origin": "null", "X-Fieldproof": "1"}, False),
    ],
)
def test_a_change_by_cookie_must_come_from_our_own_pages(
    signed_in: FlaskClient, headers: dict[str, str], allowed: bool
) -> None:
    answer = signed_in.put(f"{OPERATION}1", json=COMMENT, headers=headers)
    assert answer.status_code == (200 if allowed else 403), answer.text
    assert allowed or answer.json["code"] == "cross_site"


def test_another_site_cannot_sign_a_visitor_in(web: Web) -> None:
    body = {"username": "manager", "password": world.PASSWORD}
    answer = web.browser().post("/api/v1/session", json=body, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.json["code"] == "cross_site"


def test_a_bearer_request_ignores_the_cookie(web: Web, signed_in: FlaskClient) -> None:
    as_auditor = {"Authorization": f"Bearer {world.token_of('auditor')}"}
    assert signed_in.get("/api/v1/me", headers=as_auditor).json["role"] == "auditor"
    for header in ("Bearer wrong", "Bearer ", "Basic bWFuYWdlcg=="):
        answer = signed_in.get("/api/v1/me", headers={"Authorization": header})
        assert (answer.status_code, answer.json["code"]) == (401, "unauthenticated")


def test_a_bearer_request_needs_no_header_against_forgery(web: Web) -> None:
    assert web.ask("PUT", f"{OPERATION}2", "manager", json=COMMENT).status_code == 200


def test_a_revoked_token_is_no_token(web: Web) -> None:
    with web.parts.db.write() as db:
        db.get_one(ApiToken, "token-manager").revoked_at = world.NOW
    assert web.get("/me", "manager").status_code == 401


def test_signing_in_and_out_is_in_the_audit_trail(web: Web, signed_in: FlaskClient) -> None:
    signed_in.delete("/api/v1/session", headers=SAME_ORIGIN)
    with web.parts.db.read() as db:
        rows = list(db.scalars(select(AuditEvent).order_by(AuditEvent.seq)))
    assert [(row.actor, row.action, row.kind, row.at) for row in rows] == [
        ("manager", "session.start", "session", world.NOW),
        ("manager", "session.end", "session", world.NOW),
    ]
    assert rows[0].object_id == rows[1].object_id
