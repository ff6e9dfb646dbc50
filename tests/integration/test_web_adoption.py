"""Adopting devices: what a manager may say of one, and what comes of it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from collector.sitedb import snapshot
from collector.sitedb.tables import ControlLimit, Device
from tests.integration import web_world as world
from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_world import NOW
from webapp import config_version
from webapp.models import AuditEvent

STRAY = "/devices/stray/adopt"
PLAIN = "fieldproof-plain"
WHOLE = {
    "site": "dairy", "location": world.OUTFALL, "profile": PLAIN, "aspect": world.EFFLUENT_ASPECT, "name": "New probe",
}  # fmt: skip


def post(web: Web, path: str, body: Any, who: str = "manager") -> Any:
    return web.ask("POST", path, who, json=body)


def version(web: Web) -> int:
    with web.parts.db.read() as db:
        return config_version.current(db)


def events(web: Web, ident: str) -> list[AuditEvent]:
    with web.parts.db.read() as db:
        return list(db.scalars(select(AuditEvent).where(AuditEvent.object_id == ident).order_by(AuditEvent.seq)))


@both_databases
def test_a_manager_adopts_a_device_and_collectors_and_the_audit_trail_learn_of_it(web: Web) -> None:
    before = version(web)
    answer = post(web, STRAY, WHOLE)
    assert answer.status_code == 200
    assert answer.json == answer.json | {
        "state": "active",
        "site": "dairy",
        "location": {"id": world.OUTFALL, "name": "Outfall", "path": "Effluent plant / Outfall"},
        "aspect": {"id": world.EFFLUENT_ASPECT, "name": "Treated effluent to river"},
        "profile": PLAIN,
        "name": "New probe",
    }
    assert version(web) == before + 1
    (event,) = events(web, "stray")
    assert (event.actor, event.action, event.kind, event.at) == ("token:manager", "device.adopt", "device", NOW)
    assert event.before == {
        "state": "unassigned", "name": "stray", "site": None, "location": None, "aspect": None, "profile": None,
    }  # fmt: skip
    assert event.after == {**WHOLE, "state": "active"}
    assert "stray" in {item["id"] for item in web.items("/devices", "inspector")}


@both_databases
def test_the_same_adoption_again_changes_nothing(web: Web) -> None:
    first = post(web, STRAY, WHOLE)
    after = version(web)
    again = post(web, STRAY, WHOLE)
    assert (again.status_code, again.json) == (200, first.json)
    assert version(web) == after
    assert len(events(web, "stray")) == 1


def test_a_site_is_enough_and_what_is_left_out_or_null_stays(web: Web) -> None:
    post(web, STRAY, WHOLE)
    kept = post(web, STRAY, {"site": "dairy"}).json
    assert (kept["name"], kept["profile"], kept["location"]["id"]) == ("New probe", PLAIN, world.OUTFALL)
    kept = post(web, STRAY, {"site": "dairy", "name": None, "profile": None}).json
    assert (kept["name"], kept["profile"]) == ("New probe", PLAIN)
    assert len(events(web, "stray")) == 1


def test_place_and_aspect_can_be_taken_back(web: Web) -> None:
    post(web, STRAY, WHOLE)
    changed = post(web, STRAY, {"site": "dairy", "location": None, "aspect": None}).json
    assert (changed["location"], changed["aspect"], changed["name"]) == (None, None, "New probe")
    assert events(web, "stray")[-1].action == "device.change"


def test_the_chosen_profile_says_when_the_device_is_silent(web: Web) -> None:
    web.add(world.device("hall.meter", None, "unassigned", profile=PLAIN, stale_after_s=5))
    chosen = web.parts.profiles.get("shelly-pro-3em")
    assert chosen is not None
    adopted = post(web, "/devices/hall.meter/adopt", {"site": "dairy", "profile": "shelly-pro-3em"}).json
    assert (adopted["profile_name"], adopted["stale_after_s"]) == ("Shelly Pro 3EM", chosen.stale_after_s)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"location": "loc-brewery"}, ["location"]),
        ({"aspect": world.BREWERY_ASPECT}, ["aspect"]),
        ({"profile": "no-such-profile"}, ["profile"]),
        ({"location": "x", "aspect": "y", "profile": "z"}, ["aspect", "location", "profile"]),
        ({"name": "n" * 201}, ["name"]),
        ({"colour": "red"}, ["colour"]),
    ],
)
def test_what_cannot_be_the_devices_is_refused_all_at_once_and_nothing_is_changed(
    web: Web, body: dict[str, str], fields: list[str]
) -> None:
    answer = post(web, STRAY, {"site": "dairy", **body})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert sorted(answer.json["errors"]) == fields
    assert events(web, "stray") == []


def test_a_profile_that_would_make_another_device_of_it_is_refused(web: Web) -> None:
    payload = b'{"src": "shellypro3em-1", "params": {"ts": 1, "em:0": {"total_act_power": 5}}}'
    heard = {"last_topic": "shellies/events/rpc", "last_payload": payload, "last_payload_size": len(payload)}
    web.add(world.device("other.name", None, "unassigned", **heard))
    web.add(world.device("shellypro3em-1", None, "unassigned", **heard))
    refused = post(web, "/devices/other.name/adopt", {"site": "dairy", "profile": "shelly-pro-3em"})
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["profile"])
    assert "'shellypro3em-1'" in refused.json["detail"]
    assert post(web, "/devices/shellypro3em-1/adopt", {"site": "dairy", "profile": "shelly-pro-3em"}).status_code == 200
    # What finds nothing in this one message may yet be the right one.
    assert post(web, "/devices/other.name/adopt", {"site": "dairy", "profile": PLAIN}).status_code == 200


def test_devices_and_sites_of_others_cannot_be_told_from_those_that_do_not_exist(web: Web) -> None:
    web.add(world.device("brewery.new", "brewery", "unassigned"))
    for path in ("/devices/brewery.meter/adopt", "/devices/brewery.new/adopt", "/devices/nothing/adopt"):
        assert post(web, path, {"site": "dairy"}).json["code"] == "not_found"
    for site in ("brewery", "nothing"):
        assert post(web, STRAY, {"site": site}).status_code == 404
    assert post(web, STRAY, {"site": "brewery"}, "stranger").status_code == 200
    assert post(web, STRAY, {"site": "dairy"}).status_code == 404


def test_a_retired_device_is_not_adopted_again(web: Web) -> None:
    answer = post(web, "/devices/dairy.old/adopt", {"site": "dairy"})
    assert (answer.status_code, answer.json["code"]) == (409, "retired")


def test_a_device_with_limits_stays_at_its_site(web: Web) -> None:
    answer = post(web, "/devices/dairy.effluent/adopt", {"site": "brewery"}, "admin")
    assert (answer.status_code, answer.json["code"]) == (409, "device_bound")
    with web.parts.db.write() as db:
        ended = db.scalars(select(ControlLimit).where(ControlLimit.device_id == "dairy.effluent", ControlLimit.current))
        for limit in ended:
            limit.current = False
    # A point of it has an aspect of its own.
    assert post(web, "/devices/dairy.effluent/adopt", {"site": "brewery"}, "admin").status_code == 409


def test_a_device_that_goes_to_another_site_leaves_place_and_aspect_behind(web: Web) -> None:
    post(web, STRAY, WHOLE)
    moved = post(web, STRAY, {"site": "brewery"}, "admin").json
    assert (moved["site"], moved["location"], moved["aspect"]) == ("brewery", None, None)


@both_databases
def test_a_retired_device_keeps_what_it_measured_and_is_told_of_once(web: Web) -> None:
    before = version(web)
    for _ in range(2):
        answer = web.ask("POST", "/devices/dairy.silent/retire", "manager")
        assert (answer.status_code, answer.json["state"]) == (200, "retired")
    assert [event.action for event in events(web, "dairy.silent")] == ["device.retire"]
    assert version(web) == before + 1


def test_a_device_without_a_site_cannot_be_retired(web: Web) -> None:
    answer = web.ask("POST", "/devices/stray/retire", "manager")
    assert (answer.status_code, answer.json["code"]) == (409, "unassigned")


def test_phones_learn_of_an_adopted_devices_points_and_of_the_aspects_they_came_to_and_left(web: Web) -> None:
    web.add(world.device("slow", None, "unassigned"), world.point("slow", "ph", 7.0, forwarded_at=NOW - world.HOUR))
    cursor = web.get("/sync?site=dairy", "inspector").json["cursor"]
    post(web, "/devices/slow/adopt", {"site": "dairy", "aspect": world.EFFLUENT_ASPECT})
    after = web.get(f"/sync?site=dairy&since={cursor}", "inspector").json
    changed = after["changed"]
    assert "slow/ph" in {point["point"] for point in changed["points"]}
    assert [("slow/ph" in aspect["points"]) for aspect in changed["aspects"]] == [True]
    post(web, "/devices/slow/adopt", {"site": "dairy", "aspect": world.CHEMICALS_ASPECT})
    changed = web.get(f"/sync?site=dairy&since={after['cursor']}", "inspector").json["changed"]
    assert {aspect["id"]: "slow/ph" in aspect["points"] for aspect in changed["aspects"]} == {
        world.EFFLUENT_ASPECT: False,
        world.CHEMICALS_ASPECT: True,
    }


@both_databases
def test_phones_are_told_of_the_points_of_a_device_that_was_retired_or_left_the_site(web: Web) -> None:
    web.add(world.device("mobile", "dairy", "active"), world.point("mobile", "ph", 7.0))

    def sync(who: str, query: str = "") -> Any:
        return web.get(f"/sync{query}", who).json

    manager = sync("admin", "?site=dairy")["cursor"]
    stranger = sync("stranger")["cursor"]
    web.ask("POST", "/devices/dairy.effluent/retire", "manager")
    assert post(web, "/devices/mobile/adopt", {"site": "brewery"}, "admin").status_code == 200
    after = sync("admin", f"?site=dairy&since={manager}")
    measured = [f"dairy.effluent/{metric}" for metric in ("flow", "mystery", "ph")]
    assert after["removed"]["points"] == [*measured, "mobile/ph"]
    assert not {point["point"] for point in after["changed"]["points"]} & set(after["removed"]["points"])
    # To others nothing is told of a site that is not theirs; what came to theirs is a change.
    theirs = sync("stranger", f"?since={stranger}")
    assert theirs["removed"]["points"] == []
    assert "mobile/ph" in {point["point"] for point in theirs["changed"]["points"]}


def test_a_page_of_another_origin_cannot_adopt(web: Web) -> None:
    browser = web.browser()
    browser.post("/api/v1/session", json={"username": "manager", "password": world.PASSWORD})
    answer = browser.post(f"/api/v1{STRAY}", json=WHOLE, headers={"Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, answer.json["code"]) == (403, "cross_site")
    with web.parts.db.read() as db:
        assert db.get_one(Device, "stray").state == "unassigned"


@both_databases
def test_of_two_managers_who_adopt_at_once_the_later_one_undoes_nothing(web: Web) -> None:
    first = post(web, STRAY, {**WHOLE, "state": "unassigned"})
    late = {"site": "dairy", "name": "Another name", "state": "unassigned"}
    refused = post(web, STRAY, late)
    assert (refused.status_code, refused.json["code"]) == (409, "adopted")
    assert "as 'New probe'" in refused.json["detail"]
    assert web.get("/devices/stray").json["name"] == "New probe"
    assert len(events(web, "stray")) == 1
    # The same again, because its answer was lost, is no other manager's.
    assert post(web, STRAY, {**WHOLE, "state": "unassigned"}).json == first.json


def test_the_profile_that_reads_a_device_already_keeps_nobody_from_renaming_it(web: Web) -> None:
    payload = b'{"src": "shellypro3em-1", "params": {"ts": 1, "em:0": {"total_act_power": 5}}}'
    heard = {"last_topic": "shellies/events/rpc", "last_payload": payload, "last_payload_size": len(payload)}
    web.add(world.device("old.name", "dairy", "active", profile="shelly-pro-3em", **heard))
    body = {"site": "dairy", "profile": "shelly-pro-3em", "name": "Renamed"}
    renamed = post(web, "/devices/old.name/adopt", body)
    assert (renamed.status_code, renamed.json["name"]) == (200, "Renamed")


@both_databases
def test_collectors_do_not_judge_a_retired_device_by_its_limits_any_more(web: Web) -> None:
    def judged() -> set[str]:
        with web.parts.db.engine.connect() as db:
            return {limit.device for limit in snapshot.take(db).limits}

    assert "dairy.effluent" in judged()
    others = judged() - {"dairy.effluent"}
    assert web.ask("POST", "/devices/dairy.effluent/retire", "manager").status_code == 200
    assert judged() == others != set()


@both_databases
@pytest.mark.parametrize("name", [rb"a\u0000b", rb"a\ud800b"])
def test_a_text_that_no_database_can_keep_is_refused_and_not_called_a_fault_of_ours(web: Web, name: bytes) -> None:
    data = b'{"site": "dairy", "name": "' + name + b'"}'
    refused = web.ask("POST", STRAY, "manager", data=data, content_type="application/json")
    assert (refused.status_code, refused.json["code"]) == (422, "invalid")  # type: ignore[index]
    # A reversed solidus and letters behind it are a text as any other.
    kept = post(web, STRAY, {"site": "dairy", "name": "Becken \\u0000 \U0001f4a7"})
    assert (kept.status_code, kept.json["name"]) == (200, "Becken \\u0000 \U0001f4a7")


@both_databases
@pytest.mark.parametrize("path", ["/devices/a%00b", "/devices?q=a%00b", "/labels.pdf?of=devices&ids=a%00b"])
def test_an_address_with_a_nul_finds_nothing_and_is_no_fault_of_ours(web: Web, path: str) -> None:
    assert web.get(path).status_code in (200, 404, 422)
    assert web.app.test_client().get("/l/a%00b").status_code in (302, 422)
