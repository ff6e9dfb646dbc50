"""Devices, registers, dead letters and collectors, and how their lists are paged."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration import web_world as world
from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_world import NOW


def walk(web: Web, path: str, limit: int, between: Any = None) -> list[dict[str, Any]]:
    """All pages of a list; `between` is called after each."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        joint = "&" if "?" in path else "?"
        answer = web.get(f"{path}{joint}limit={limit}{cursor}").json
        assert len(answer["items"]) <= limit
        found += answer["items"]
        if answer["next"] is None:
            return found
        if between:
            between()
        cursor = f"&cursor={answer['next']}"


OF_THE_LIST = {
    "id": "dairy.effluent",
    "name": "dairy.effluent",
    "source_name": "dairy.effluent",
    "site": "dairy",
    "location": {"id": world.OUTFALL, "name": "Outfall", "path": "Effluent plant / Outfall"},
    "aspect": {"id": world.EFFLUENT_ASPECT, "name": "Treated effluent to river"},
    "profile": None,
    "profile_name": None,
    "state": "active",
    "first_seen_at": "2026-11-23T09:00:00.000Z",
    "last_seen_at": "2026-11-23T09:59:57.000Z",
    "stale_after_s": 300,
    "health": "ok",
    "points": ["flow", "mystery", "ph"],
}
# Told in test_web_device_page.py.
OF_THE_PAGE = {
    "battery",
    "calibration",
    "caveats",
    "dead_letters",
    "expected_every_s",
    "gaps",
    "last_message",
    "limits",
    "signal",
    "suggested",
    "topic",
    "uplinks_lost",
    "values",
}


def test_a_device_says_where_it_is_and_whether_it_is_heard_of(web: Web) -> None:
    shown = web.get("/devices/dairy.effluent").json
    assert shown.keys() - OF_THE_LIST.keys() == OF_THE_PAGE
    assert {name: shown[name] for name in OF_THE_LIST} == OF_THE_LIST


def test_a_device_is_ok_silent_or_was_never_heard(web: Web) -> None:
    web.add(world.device("dairy.new", "dairy", "active", first_seen_at=None, last_seen_at=None))
    health = {item["id"]: item["health"] for item in web.items("/devices?state=active")}
    assert health == {"dairy.effluent": "ok", "dairy.silent": "silent", "dairy.new": "never"}


def test_an_aspect_names_the_points_that_are_evidence_for_it(web: Web) -> None:
    points = {item["id"]: item["points"] for item in web.items("/aspects")}
    assert points == {
        world.EFFLUENT_ASPECT: ["dairy.effluent/flow", "dairy.effluent/mystery"],
        world.CHEMICALS_ASPECT: ["dairy.effluent/ph"],
    }
    record = web.get(f"/aspects/{world.EFFLUENT_ASPECT}").json
    assert (record["revision"], record["created_by"], record["updated_at"]) == (1, "test", "2026-11-23T10:00:00.000Z")


def test_a_location_says_its_path_below_the_top_of_the_site(web: Web) -> None:
    paths = {item["id"]: (item["path"], item["parent"]) for item in web.items("/locations")}
    assert paths == {
        world.TOP: ("Site", None),
        world.PLANT: ("Effluent plant", world.TOP),
        world.OUTFALL: ("Effluent plant / Outfall", world.PLANT),
    }


def test_a_limit_is_shown_in_the_version_in_force(web: Web) -> None:
    (item,) = web.items("/control-limits?device=dairy.effluent")
    assert (item["id"], item["version"], item["value"], item["unit"]) == (world.PH_LIMIT, 2, 9.0, "pH")
    assert item == web.get(f"/control-limits/{world.PH_LIMIT}").json


def test_a_dead_letter_shows_its_payload_even_when_that_is_no_text(web: Web) -> None:
    shown = {item["id"]: item for item in web.items("/dead-letters")}
    assert set(shown) == {world.DAIRY_LETTER, world.STRAY_LETTER}
    letter = shown[world.DAIRY_LETTER]
    assert (letter["payload"], letter["payload_size"], letter["reason"], letter["count"]) == (
        "\ufffd{",
        2,
        "not_json",
        2,
    )
    assert web.items("/dead-letters?reason=no_profile") == []


def test_an_auditor_of_one_site_sees_that_sites_dead_letters_only(web: Web) -> None:
    assert [item["id"] for item in web.items("/dead-letters", "auditor")] == [world.DAIRY_LETTER]
    assert len(web.items("/dead-letters", "chief_auditor")) == 3


def test_a_collector_shows_its_counters_and_whether_it_runs(web: Web) -> None:
    (item,) = web.items("/collectors")
    assert item == item | {
        "id": "collector-1",
        "state": "running",
        "connected": True,
        "broker": "mqtt://broker",
        "durable_broker": True,
        "profile_faults": [],
        "outbox_depth": 4,
        "outbox_age_s": 0.5,
        "received": 1200,
        "stored": 5000,
        "dead_letters": 3,
        "duplicates": 3,
        "redelivered": 1,
        "brokers": [{"name": "broker:1883", "connected": True}],
        "trouble": None,
    }
    assert [(waiting["destination"], waiting["depth"]) for waiting in item["outbox"]] == [("influx", 4), ("site", 0)]
    web.clock.advance(61_000)
    (item,) = web.items("/collectors")
    assert (item["state"], item["connected"]) == ("silent", False)


@both_databases
def test_pages_join_without_a_gap_while_rows_are_added(web: Web) -> None:
    place = ("dairy", "dairy.effluent", "ph")
    web.add(*(world.alarm(f"a{n:02}", world.PH_LIMIT, *place, NOW - (n // 3) * 1000) for n in range(30)))
    before = [item["id"] for item in web.items("/alarms?state=all")]
    extra = iter(range(100))

    def add_newer() -> None:
        web.add(world.alarm(f"new{next(extra)}", world.PH_LIMIT, *place, NOW + 1000))

    paged = [item["id"] for item in walk(web, "/alarms?state=all", 7, add_newer)]
    assert paged == before
    assert len(before) == len(set(before)) == 31


@both_databases
@pytest.mark.parametrize("name", ["points", "devices", "aspects", "locations", "control-limits", "dead-letters"])
def test_every_list_can_be_read_one_by_one(web: Web, name: str) -> None:
    key = "point" if name == "points" else "id"
    whole = [item[key] for item in web.items(f"/{name}")]
    assert [item[key] for item in walk(web, f"/{name}", 1)] == whole
    assert whole


def test_a_sort_can_be_turned_round(web: Web) -> None:
    forward = [item["id"] for item in web.items("/devices?sort=name")]
    assert [item["id"] for item in walk(web, "/devices?sort=-name", 1)] == forward[::-1]
    newest = [item["id"] for item in web.items("/alarms?state=all")]
    assert [item["id"] for item in web.items("/alarms?state=all&sort=-raised_at")] == newest[::-1]


def test_a_search_finds_any_case_and_takes_wildcards_literally(web: Web) -> None:
    assert [item["name"] for item in web.items("/aspects?q=RIVER")] == ["Treated effluent to river"]
    assert web.items("/aspects?q=%25") == []
    assert web.items("/devices?q=_") == []


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("sort=colour", "sort"),
        ("cursor=%00", "cursor"),
        ("cursor=nonsense", "cursor"),
        ("cursor=W10", "cursor"),
        ("cursor=WyJpZCIsMV0", "cursor"),
        ("state=broken", "state"),
    ],
)
def test_a_list_that_cannot_be_made_is_told_why(web: Web, query: str, field: str) -> None:
    answer = web.get(f"/devices?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert list(answer.json["errors"]) == [field]


def test_a_cursor_of_another_sort_is_refused(web: Web) -> None:
    cursor = web.get("/devices?limit=1&sort=name").json["next"]
    assert web.get(f"/devices?limit=1&sort=id&cursor={cursor}").status_code == 422
