"""The live stream: what arrives, for whom, and when it ends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import delete
from werkzeug.test import TestResponse

from collector.sitedb.tables import Alarm, Device, Point
from tests.integration import web_world as world
from tests.integration.web_fixtures import SAME_ORIGIN, Web, both_databases
from tests.integration.web_walks import Phone, add_walkthrough
from tests.integration.web_world import NOW, SECOND
from webapp.models import ApiToken

Event = tuple[str, dict[str, Any], int]


def listen(web: Web, who: str = "manager", query: str = "", **headers: str) -> TestResponse:
    answer = web.get(f"/live?{query}", who, buffered=False, headers=headers)
    assert answer.status_code == 200
    return answer


def events(answer: TestResponse) -> Iterator[Event]:
    """Parsed events, as they come; the caller stops asking when it has seen enough."""
    for chunk in answer.response:
        text = chunk if isinstance(chunk, str) else chunk.decode()
        for block in text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
            if "event" in fields:
                yield fields["event"], json.loads(fields["data"]), int(fields["id"])


def change_value(web: Web, value: float, device: str = "dairy.effluent", at: int = NOW + SECOND) -> None:
    with web.parts.db.write() as db:
        row = db.get_one(Point, (device, "ph"))
        row.value, row.observed_at, row.forwarded_at = value, at, at


def until(stream: Iterator[Event], kind: str, **wanted: Any) -> dict[str, Any]:
    for found, data, _ in stream:
        if found == kind and all(data.get(key) == value for key, value in wanted.items()):
            return data
    raise AssertionError(f"the stream ended without a {kind} {wanted}")


@both_databases
def test_a_new_reading_arrives(web: Web) -> None:
    stream = events(listen(web, query="max_seconds=20"))
    until(stream, "reading", point="dairy.effluent/ph", value=9.4)
    change_value(web, 8.1)
    data = until(stream, "reading", value=8.1)
    assert data == {
        "point": "dairy.effluent/ph",
        "value": 8.1,
        "quality": "good",
        "reasons": [],
        "observed_at": "2026-11-23T10:00:01.000Z",
    }


def test_after_a_collectors_clock_was_ahead_and_set_right_news_goes_on(web: Web) -> None:
    stream = events(listen(web, query="max_seconds=20"))
    until(stream, "reading", point="dairy.effluent/ph", value=9.4)
    change_value(web, 8.1, at=NOW + 3_600 * SECOND)
    until(stream, "reading", value=8.1)
    change_value(web, 8.2, at=NOW + 2 * SECOND)
    until(stream, "reading", value=8.2)
    again = events(listen(web, query="max_seconds=20", **{"Last-Event-ID": str(NOW + 3_600 * SECOND)}))
    until(again, "reading", value=8.2)


def test_an_alarm_arrives_as_the_list_shows_it(web: Web) -> None:
    stream = events(listen(web, query="max_seconds=20"))
    until(stream, "reading")
    with web.parts.db.write() as db:
        row = db.get_one(Alarm, world.PH_ALARM)
        row.acknowledged_at, row.acknowledged_by = NOW, "manager"
        row.revision, row.forwarded_at = 2, NOW + SECOND
    data = until(stream, "alarm", state="active_acked")
    assert data == web.items("/alarms?state=all")[0]


def test_a_new_device_arrives_and_only_for_who_may_adopt_it(web: Web) -> None:
    stream = events(listen(web, query="max_seconds=20"))
    inspector = listen(web, "inspector", "max_seconds=3")
    until(stream, "reading")
    web.add(world.device("fresh", None, "unassigned"))
    assert until(stream, "device", id="fresh")["state"] == "unassigned"
    assert all(kind != "device" for kind, _, _ in events(inspector))


def test_a_device_that_goes_on_sending_is_no_news(web: Web) -> None:
    answer = listen(web, query="max_seconds=3")
    with web.parts.db.write() as db:
        db.get_one(Device, "dairy.effluent").last_seen_at = NOW - SECOND
    assert "device" not in {kind for kind, _, _ in events(answer)}


def test_a_reading_is_sent_once_while_it_does_not_change(web: Web) -> None:
    sent = [data["point"] for _, data, _ in events(listen(web, query="max_seconds=2"))]
    assert sorted(sent) == ["dairy.effluent/flow", "dairy.effluent/mystery", "dairy.effluent/ph", "stray/ph"]


@pytest.mark.parametrize(
    ("who", "query", "expected"),
    [
        ("inspector", "", {"dairy.effluent/ph", "dairy.effluent/flow", "dairy.effluent/mystery"}),
        ("stranger", "", {"brewery.meter/active_power", "stray/ph"}),
        ("manager", "site=dairy&", {"dairy.effluent/ph", "dairy.effluent/flow", "dairy.effluent/mystery"}),
        ("admin", "site=brewery&", {"brewery.meter/active_power"}),
        ("auditor", "", {"dairy.effluent/ph", "dairy.effluent/flow", "dairy.effluent/mystery"}),
    ],
)
def test_each_listener_hears_only_its_own_sites(web: Web, who: str, query: str, expected: set[str]) -> None:
    stream = events(listen(web, who, f"{query}max_seconds=1"))
    assert {data["point"] for kind, data, _ in stream if kind == "reading"} == expected


def test_after_a_break_it_continues_where_it_broke_off(web: Web) -> None:
    long_ago = NOW - 20 * world.MINUTE
    stream = events(listen(web, query="max_seconds=1", **{"Last-Event-ID": str(long_ago)}))
    assert {data["id"] for kind, data, _ in stream if kind == "alarm"} == {world.PH_ALARM}
    stream = events(listen(web, query="max_seconds=1", **{"Last-Event-ID": "rubbish"}))
    assert {kind for kind, _, _ in stream} == {"reading"}


def test_the_id_of_an_event_is_where_to_continue(web: Web) -> None:
    ids = [ident for _, _, ident in events(listen(web, query="max_seconds=1"))]
    assert set(ids) == {NOW - 3 * SECOND}


def test_a_stream_ends_when_its_time_is_over(web: Web) -> None:
    answer = listen(web, query="max_seconds=1")
    list(answer.response)
    answer.close()
    assert web.parts.live.open_streams == 0


def test_a_stream_ends_when_its_session_is_signed_out(web: Web, signed_in: FlaskClient) -> None:
    answer = signed_in.get("/api/v1/live", buffered=False)
    chunks = iter(answer.response)
    next(chunks)
    other = web.browser()
    other.set_cookie("fieldproof_session", signed_in.get_cookie("fieldproof_session").value)  # type: ignore[union-attr]
    assert other.delete("/api/v1/session", headers=SAME_ORIGIN).status_code == 204
    list(chunks)
    answer.close()
    assert web.parts.live.open_streams == 0


@pytest.mark.parametrize("change", ["revoked", "other role", "gone"])
def test_a_stream_ends_when_its_token_may_see_something_else(web: Web, change: str) -> None:
    answer = listen(web, "inspector", "max_seconds=30")
    chunks = iter(answer.response)
    next(chunks)
    with web.parts.db.write() as db:
        token = db.get_one(ApiToken, "token-inspector")
        if change == "revoked":
            token.revoked_at = NOW
        elif change == "other role":
            token.role = "manager"
        else:
            from webapp.models import ApiTokenSite

            db.execute(delete(ApiTokenSite).where(ApiTokenSite.token_id == token.id))
            db.delete(token)
    web.parts.live.check_soon()
    list(chunks)
    answer.close()


def test_when_all_streams_are_taken_the_answer_says_how_to_go_on(web: Web) -> None:
    web.parts.live._cap = 2
    held = [listen(web, query="max_seconds=30") for _ in range(2)]
    answer = web.get("/live")
    assert (answer.status_code, answer.json["code"]) == (503, "too_many_streams")
    assert "/api/v1/points" in answer.json["detail"]
    assert answer.headers["Retry-After"]
    held[0].close()
    listen(web, query="max_seconds=1").close()
    held[1].close()
    assert web.parts.live.open_streams == 0


def test_a_head_request_takes_no_stream(web: Web) -> None:
    answer = web.ask("HEAD", "/live", "manager")
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    assert web.parts.live.open_streams == 0


@pytest.mark.parametrize("query", ["max_seconds=0", "max_seconds=x", "max_seconds=100000"])
def test_a_stream_that_cannot_be_made_is_told_why(web: Web, query: str) -> None:
    assert web.get(f"/live?{query}").json["code"] == "invalid"


def test_a_change_to_a_walkthrough_is_told_to_its_site_and_to_no_other(web: Web) -> None:
    add_walkthrough(web)
    own, other = events(listen(web, query="max_seconds=20")), listen(web, "stranger", "max_seconds=4")
    until(own, "reading", point="dairy.effluent/ph")
    Phone(web).start()
    assert until(own, "sync") == {"site": "dairy"}
    assert [kind for kind, _, _ in events(other) if kind == "sync"] == []
