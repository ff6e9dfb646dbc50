"""Walkthroughs through the API: repeats change nothing, nothing is overwritten, and complete means complete."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from sqlalchemy import select

from tests.integration import tus
from tests.integration import web_world as world
from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_walks import ANSWER, INSPECTION, PHOTO, SHA256, TEMPLATE, Phone, add_walkthrough, new_id
from tests.integration.web_world import MINUTE, NOW
from webapp.models import Answer, AuditEvent

SNAPSHOT = {
    "point": "dairy.effluent/ph", "label": "pH", "value": 9.4, "unit": "pH", "precision": 2, "quality": "good",
    "reasons": [], "observed_at": "2026-11-23T09:59:57.000Z", "age_s": 3, "freshness": "live",
    "limits": [{"kind": "high", "level": "permit", "value": 9.0}],
}  # fmt: skip


@pytest.fixture
def phone(web: Web) -> Phone:
    add_walkthrough(web)
    made = Phone(web)
    assert made.start().status_code == 201
    return made


def outcomes(phone: Phone) -> dict[str, int]:
    found: dict[str, int] = phone.read()["progress"]
    return found


@both_databases
def test_everything_sent_twice_is_there_once(web: Web) -> None:
    add_walkthrough(web)
    phone = Phone(web)
    assert [phone.start().status_code for _ in range(2)] == [201, 200]
    ident = phone.answer("clear", {"choice": "pass"})
    assert phone.put(ident, phone.answers[ident]).status_code == 200
    assert [phone.submit().json for _ in range(2)] == [
        {"state": "complete", "missing": [], "version": 1, "content_sha256": phone.manifest()["content_sha256"],
         "flagged": False}
    ] * 2  # fmt: skip
    found = phone.read()
    assert (len(found["answers"]), len(found["submissions"]), found["state"]) == (1, 1, "complete")


def test_other_content_under_a_known_id_is_refused_and_what_was_there_stays(phone: Phone) -> None:
    ident = phone.answer("clear", {"choice": "pass"})
    refused = phone.put(ident, phone.body("clear", {"choice": "fail"}, note="Foam"))
    assert (refused.status_code, refused.json["code"]) == (409, "conflict")
    assert phone.read()["answers"][0]["value"] == {"choice": "pass"}
    other = {**phone.head(), "started_at": "2026-11-23T08:00:00.000Z"}
    assert phone.web.ask("PUT", f"/inspections/{phone.id}", "inspector", json=other).status_code == 409


def test_two_devices_answers_to_one_item_are_both_kept_and_a_later_answer_settles_them(phone: Phone) -> None:
    first = phone.answer("clear", {"choice": "pass"})
    phone.by = {**phone.by, "device_id": "phone-2"}
    second = phone.answer("clear", {"choice": "fail"}, note="Film on the water")
    found = phone.read()
    assert {answer["id"] for answer in found["answers"] if answer["current"]} == {first, second}
    assert found["progress"]["fail"] == 1, "two opinions count as the worse"
    phone.answer("clear", {"choice": "pass"}, replaces=[first, second])
    found = phone.read()
    assert len(found["answers"]) == 3
    assert [answer["value"] for answer in found["answers"] if answer["current"]] == [{"choice": "pass"}]
    assert found["progress"]["fail"] == 0


def test_an_answer_taken_back_is_unanswered_and_never_a_pass(phone: Phone) -> None:
    first = phone.answer("clear", {"choice": "pass"})
    assert outcomes(phone)["answered"] == 1
    phone.answer("clear", None, replaces=[first])
    assert outcomes(phone)["answered"] == 0


@pytest.mark.parametrize(
    ("item", "value", "more", "fault"),
    [
        ("clear", {"choice": "na"}, {}, "needs a reason"),
        ("clear", {"choice": "maybe"}, {}, "pass, fail, na"),
        ("clear", {"choice": "pass", "x": 1}, {}, "nothing else"),
        ("level", {"number": 101, "text": "101"}, {}, "largest possible"),
        ("level", {"number": "7", "text": "7"}, {}, "must be a number"),
        ("level", {"number": True, "text": "7"}, {}, "must be a number"),
        ("foam", {"options": ["none", "some"]}, {}, "takes one option"),
        ("foam", {"options": ["fog"]}, {}, "there is no option fog"),
        ("ph", {"source": "sensor"}, {}, "needs its reading"),
        ("ph", {"source": "sensor"}, {"reading": {"value": 1}}, "Missing data"),
        ("view", {"photos": 2}, {}, "number of photos"),
        ("words", {"text": "  "}, {}, "1 to 5000"),
        ("nothing", {"choice": "pass"}, {}, "has no item nothing"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_reason(
    phone: Phone, item: str, value: Any, more: dict[str, Any], fault: str
) -> None:
    refused = phone.put(new_id(), phone.body(item, value, **more))
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")
    assert fault in str(refused.json["errors"])
    assert phone.read()["answers"] == []


def test_each_type_is_judged_by_its_rule(phone: Phone) -> None:
    phone.answer("level", {"number": 90, "text": "90"})
    phone.answer("foam", {"options": ["some"]})
    phone.answer("ph", {"source": "sensor"}, reading=SNAPSHOT)
    assert outcomes(phone)["fail"] == 3
    heads = [answer["id"] for answer in phone.read()["answers"] if answer["item"] == "ph"]
    handheld = {"source": "handheld", "number": 7.2, "text": "7,2", "instrument": "WTW"}
    phone.answer("ph", handheld, reading=SNAPSHOT, replaces=heads)
    assert outcomes(phone)["fail"] == 2, "the handheld meter's value counts where one was typed"


def test_complete_means_that_every_photo_of_the_manifest_is_here_and_verified(phone: Phone) -> None:
    data = b"\xff\xd8\xff" + b"another view" * 50
    sha256 = hashlib.sha256(data).hexdigest()
    phone.photos = {sha256: data, SHA256: PHOTO}
    phone.answer("view", {"photos": 1}, photos=[sha256])
    assert phone.link(sha256).status_code == 201
    answer = phone.submit().json
    assert (answer["state"], answer["missing"]) == ("submitted", [sha256])
    assert tus.upload(phone.web, "inspector", data).status_code == 204
    found = phone.read()
    assert (found["state"], found["missing"]) == ("complete", [])
    assert found["completed_at"] is not None
    assert phone.submit().json["state"] == "complete"


def test_a_submission_whose_digest_is_not_that_of_what_is_here_is_refused_and_says_what_is_missing(
    phone: Phone,
) -> None:
    ident = phone.answer("clear", {"choice": "pass"})
    absent = new_id()
    body = phone.manifest()
    refused = phone.submit({**body, "answers": [ident, absent]})
    assert (refused.status_code, refused.json["code"]) == (409, "content_differs")
    assert refused.json["errors"] == {"answers": [absent]}
    refused = phone.submit({**body, "content_sha256": "0" * 64})
    assert (refused.status_code, refused.json["code"]) == (409, "content_differs")
    assert phone.read()["state"] == "draft"


def test_other_content_after_the_submission_is_kept_beside_it_and_flagged(phone: Phone) -> None:
    first = phone.answer("clear", {"choice": "pass"})
    assert phone.submit().json["version"] == 1
    phone.answer("clear", {"choice": "fail"}, note="Foam now", replaces=[first])
    late = [answer for answer in phone.read()["answers"] if answer["late"]]
    assert [answer["note"] for answer in late] == ["Foam now"]
    again = phone.submit().json
    assert (again["version"], again["flagged"]) == (2, True)
    found = phone.read()
    assert [row["version"] for row in found["submissions"]] == [1, 2]
    assert len(found["answers"]) == 2


def test_the_phones_clock_error_is_recorded_and_nonsense_passed_over(phone: Phone) -> None:
    def put(clock: str) -> int | None:
        ident = new_id()
        headers = {"X-Fieldproof-Clock": clock}
        body = phone.body("clear", {"choice": "pass"}, skew_ms=-1500)
        phone.web.ask("PUT", f"/inspections/{phone.id}/answers/{ident}", "inspector", json=body, headers=headers)
        return next(row["clock_error_ms"] for row in phone.read()["answers"] if row["id"] == ident)

    assert put(str(NOW - 3 * MINUTE)) == 3 * MINUTE
    assert put("soon") is None
    assert put("-99999999999999999999") is None
    assert {row["skew_ms"] for row in phone.read()["answers"]} == {-1500}


def test_a_finding_is_changed_only_from_the_revision_it_was_read_at(phone: Phone) -> None:
    ident = new_id()
    body = {
        "site": "dairy", "inspection": phone.id, "item": None, "kind": "minor", "text": "Drip at the valve",
        "aspect": world.EFFLUENT_ASPECT, "location": None, "photos": [], "found_at": "2026-11-23T10:00:00.000Z",
        **phone.by,
    }  # fmt: skip

    def put(content: dict[str, Any], **headers: str) -> Any:
        return phone.web.ask("PUT", f"/findings/{ident}", "inspector", json=content, headers=headers)

    assert [put(body).status_code for _ in range(2)] == [201, 200]
    changed = {**body, "text": "Drip at the valve, tray put under it"}
    stale = put(changed)
    assert (stale.status_code, stale.json["code"]) == (412, "stale")
    assert "revision none" in stale.json["detail"]
    assert "revision 1 is current" in stale.json["detail"]
    assert put(changed, **{"If-Match": '"1"'}).json["revision"] == 2
    assert put(body, **{"If-Match": '"1"'}).status_code == 412
    history = phone.web.items(f"/findings/{ident}/history")
    assert [entry["action"] for entry in history] == ["finding.add", "finding.change"]
    assert history[1]["before"]["text"] == "Drip at the valve"


def test_a_template_changes_by_new_versions_and_old_ones_stay(web: Web) -> None:
    add_walkthrough(web)
    content = web.get(f"/templates/{TEMPLATE}").json["content"]
    content["sections"][0]["items"][0]["question"] = "Is the water clear?"
    body = {"site": "dairy", "content": content}
    address = f"/templates/{TEMPLATE}"
    assert web.ask("PUT", address, "manager", json=body).status_code == 412
    new = web.ask("PUT", address, "manager", json=body, headers={"If-Match": "1"})
    assert (new.status_code, new.json["version"]) == (200, 2)
    assert web.ask("PUT", address, "manager", json=body, headers={"If-Match": "2"}).json["version"] == 2
    assert web.get(f"{address}?version=1").json["content"]["sections"][0]["items"][0]["question"] == "Water clear?"
    assert [item["version"] for item in web.items("/templates?site=dairy")] == [2]


def test_a_template_that_cannot_be_used_names_every_fault_with_its_place(web: Web) -> None:
    items = [
        {"id": "a", "type": "check"},
        {"id": "B!", "type": "number", "question": "x", "low": 3, "high": 1},
        {"id": "c", "type": "smell", "question": "x"},
    ]
    content = {"title": "T", "sections": [{"id": "s", "title": "S", "items": items}]}
    refused = web.ask("PUT", f"/templates/{new_id()}", "manager", json={"site": "dairy", "content": content})
    assert refused.status_code == 422
    assert set(refused.json["errors"]) == {
        "content.sections.0.items.0.question", "content.sections.0.items.1.id", "content.sections.0.items.2.type",
    }  # fmt: skip


def test_sync_tells_what_changed_since_and_nothing_else(web: Web) -> None:
    add_walkthrough(web)
    web.clock.advance(MINUTE)
    first = web.get("/sync?site=dairy", "inspector").json
    assert [item["id"] for item in first["changed"]["templates"]] == [TEMPLATE]
    assert len(first["changed"]["inspections"]) == 1
    assert len(first["changed"]["points"]) == 3
    web.clock.advance(MINUTE)
    quiet = web.get(f"/sync?site=dairy&since={first['cursor']}", "inspector").json
    assert {name: len(items) for name, items in quiet["changed"].items() if items} == {}
    phone = Phone(web)
    phone.start()
    ident = phone.answer("clear", {"choice": "pass"})
    after = web.get(f"/sync?site=dairy&since={quiet['cursor']}", "inspector").json["changed"]
    assert {name: len(items) for name, items in after.items() if items} == {"inspections": 1}
    assert after["inspections"][0]["answers"][0]["id"] == ident
    assert web.get(f"/sync?since={quiet['cursor']}", "stranger").json["changed"]["inspections"] == []
    assert web.get("/sync?since=yesterday").json["code"] == "invalid"


def test_a_row_does_not_change_hands_when_another_person_signs_in_on_the_phone(phone: Phone) -> None:
    body = phone.body("clear", {"choice": "pass"})
    address = f"/inspections/{phone.id}/answers/{new_id()}"
    by_ines = {"X-Fieldproof-Author": "token-inspector"}
    refused = phone.web.ask("PUT", address, "manager", json=body, headers=by_ines)
    assert (refused.status_code, refused.json["code"]) == (403, "other_author")
    upload = {**tus.TUS, **by_ines, "Upload-Length": "10"}
    assert phone.web.ask("POST", "/uploads", "manager", headers=upload).json["code"] == "other_author"
    assert phone.read()["answers"] == []
    assert phone.web.ask("PUT", address, "inspector", json=body, headers=by_ines).status_code == 201


def test_a_reading_that_only_looks_like_one_is_refused_and_poisons_no_list(phone: Phone) -> None:
    for broken in ({"value": "7.1"}, {"age_s": "5"}, {"precision": 2.5}, {"observed_at": "yesterday"},
                   {"limits": [{"kind": "high", "level": "permit", "value": "8"}]}):  # fmt: skip
        body = phone.body("ph", {"source": "sensor"}, reading={**SNAPSHOT, **broken})
        assert phone.put(new_id(), body).status_code == 422, broken
    assert phone.web.get("/inspections").status_code == 200


def test_a_row_that_cannot_be_judged_takes_no_list_away(web: Web) -> None:
    add_walkthrough(web)
    with web.parts.db.write() as db:
        db.get_one(Answer, ANSWER).value = {"choice": ["pass"], "odd": 1}
    found = web.get(f"/inspections/{INSPECTION}").json
    assert found["progress"]["answered"] in (0, 1)
    assert web.get("/sync").status_code == 200


def test_a_phone_whose_server_was_set_back_is_told_to_begin_anew(web: Web) -> None:
    add_walkthrough(web)
    phone = Phone(web)
    phone.start()
    cursor = web.get("/sync?site=dairy", "inspector").json["cursor"]
    assert web.get(f"/sync?site=dairy&since={cursor}", "inspector").json["anew"] is False
    with web.parts.db.write() as db:
        newest = db.scalars(select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(1)).one()
        newest.id = new_id()
    again = web.get(f"/sync?site=dairy&since={cursor}", "inspector").json
    assert again["anew"] is True
    assert len(again["changed"]["templates"]) == 1, "everything is sent again"


def test_an_answer_replaces_only_answers_to_its_own_item(phone: Phone) -> None:
    fail = phone.answer("clear", {"choice": "fail"}, note="Foam")
    phone.answer("words", {"text": "All well"}, replaces=[fail])
    found = phone.read()
    assert found["progress"]["fail"] == 1
    assert all(answer["current"] for answer in found["answers"])


def test_a_text_that_no_database_keeps_is_refused_in_words(phone: Phone) -> None:
    refused = phone.put(new_id(), phone.body("clear", {"choice": "pass"}, note="a\x00b"))
    assert (refused.status_code, "U+0000" in refused.json["detail"]) == (422, True)
