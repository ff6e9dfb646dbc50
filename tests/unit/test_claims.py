"""The judge of what phones claim: it must see a lie, and call nothing else one."""

from __future__ import annotations

import json
from typing import Any

from tests.e2e.claims import SLACK_MS, Claim, check_claims, parse_claims, truth_of

AUTHOR = {"username": "inspector", "name": "Inspector"}
INSPECTION: dict[str, Any] = {
    "id": "i1",
    "received_at": "2026-11-25T10:00:00.000Z",
    "answers": [{"id": "a1", "received_at": "2026-11-25T10:00:01.000Z"}],
    "findings": [],
    "photos": [
        {"sha256": "p1", "state": "verified", "received_at": "2026-11-25T10:00:02.500Z",
         "links": [{"id": "l1", "received_at": "2026-11-25T10:00:02.000Z"}]},
        {"sha256": "p2", "state": "awaited", "received_at": None, "links": []},
    ],
    "submissions": [{"received_at": "2026-11-25T10:00:03.000Z"}, {"received_at": "2026-11-25T10:00:09.000Z"}],
}  # fmt: skip
TRUTH = truth_of([INSPECTION])
AT = TRUTH["inspection:i1"]


def test_the_truth_is_when_the_server_had_each_thing() -> None:
    assert {name: at - AT for name, at in TRUTH.items()} == {
        "inspection:i1": 0, "answer:a1": 1000, "photo:p1": 2500, "link:l1": 2000, "submit:i1": 3000,
    }  # fmt: skip


def test_a_claim_after_the_fact_is_no_lie() -> None:
    assert check_claims([Claim(AT + 2500, "mark", "photo:p1"), Claim(AT + 9999, "chip", "answer:a1")], TRUTH) == []


def test_a_claim_before_the_fact_is_a_lie_and_the_clock_has_little_slack() -> None:
    claims = [Claim(AT + 2500 - SLACK_MS, "mark", "photo:p1"), Claim(AT + 2499 - SLACK_MS, "mark", "photo:p1")]
    (lie,) = check_claims(claims, TRUTH)
    assert f"{SLACK_MS + 1} ms before" in lie


def test_a_claim_of_what_never_came_is_a_lie() -> None:
    (first, second) = check_claims([Claim(AT, "chip", "photo:p2"), Claim(AT, "chip", "answer:a2")], TRUTH)
    assert "photo:p2" in first
    assert "answer:a2" in second


def test_claims_are_read_from_the_console_and_nothing_else_is() -> None:
    told = json.dumps({"at": 5, "by": "chip", "items": ["answer:a1", "photo:p1"]})
    assert parse_claims("claim:" + told) == [Claim(5, "chip", "answer:a1"), Claim(5, "chip", "photo:p1")]
    assert parse_claims("fetch failed") == []
