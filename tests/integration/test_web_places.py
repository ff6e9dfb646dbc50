"""Locations as managers make and change them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.integration import web_world as world
from tests.integration.web_fixtures import Web, both_databases

BOILER = {"site": "dairy", "parent": world.PLANT, "name": "Boiler house"}


def put(web: Web, ident: str, body: Any, revision: int | None = None, who: str = "manager") -> Any:
    headers = {} if revision is None else {"If-Match": f'"{revision}"'}
    return web.ask("PUT", f"/locations/{ident}", who, json=body, headers=headers)


@pytest.fixture
def ident() -> str:
    return str(uuid.uuid4())


@both_databases
def test_a_location_is_made_under_an_id_of_the_client_and_the_same_again_changes_nothing(web: Web, ident: str) -> None:
    made = put(web, ident, BOILER)
    assert made.status_code == 201
    assert made.json == made.json | {
        "id": ident, "name": "Boiler house", "path": "Effluent plant / Boiler house", "parent": world.PLANT,
        "site": "dairy", "revision": 1, "created_by": "token:manager",
    }  # fmt: skip
    again = put(web, ident, BOILER)
    assert (again.status_code, again.json) == (200, made.json)
    assert web.get(f"/locations/{ident}").json == made.json
    assert ident in {item["id"] for item in web.get("/sync?site=dairy", "inspector").json["changed"]["locations"]}


@both_databases
def test_a_change_names_the_revision_it_was_made_from(web: Web, ident: str) -> None:
    token = put(web, ident, BOILER).json["token"]
    renamed = put(web, ident, {**BOILER, "name": "Steam plant"}, 1)
    assert (renamed.status_code, renamed.json["revision"], renamed.json["token"]) == (200, 2, token)
    stale = put(web, ident, {**BOILER, "name": "Kettles"}, 1)
    assert (stale.status_code, stale.json["code"]) == (412, "stale")
    assert stale.json["errors"]["If-Match"] == ["yours: 1", "current: 2"]
    assert put(web, ident, {**BOILER, "name": "Kettles"}).status_code == 412
    history = web.items(f"/locations/{ident}/history")
    assert [(event["action"], event["actor"]) for event in history] == [
        ("location.create", "token:manager"),
        ("location.change", "token:manager"),
    ]
    assert (history[1]["before"]["name"], history[1]["after"]["name"]) == ("Boiler house", "Steam plant")


def test_phones_learn_of_a_new_name_in_the_paths_of_all_below_it(web: Web) -> None:
    plant, below = str(uuid.uuid4()), str(uuid.uuid4())
    put(web, plant, BOILER)
    put(web, below, {"site": "dairy", "parent": plant, "name": "Burner"})
    cursor = web.get("/sync?site=dairy", "inspector").json["cursor"]
    put(web, plant, {**BOILER, "name": "Steam plant"}, 1)
    changed = web.get(f"/sync?site=dairy&since={cursor}", "inspector").json["changed"]
    paths = {place["id"]: place["path"] for place in changed["locations"]}
    assert paths[below] == "Effluent plant / Steam plant / Burner"


def test_without_a_parent_a_location_lies_below_the_top_of_its_site(web: Web, ident: str) -> None:
    made = put(web, ident, {"site": "dairy", "name": "Boiler house"}).json
    assert (made["parent"], made["path"]) == (world.TOP, "Boiler house")
    top = web.get(f"/locations/{world.TOP}").json
    assert top["parent"] is None


def test_the_first_location_of_a_site_is_its_top(web: Web, ident: str) -> None:
    from collector.sitedb.tables import Site

    web.add(Site(id="mill", name="Mill", timezone="UTC"))
    assert put(web, ident, {"site": "mill", "name": "Mill"}, who="admin").json["parent"] is None


def test_a_location_cannot_lie_within_itself_or_in_another_site(web: Web, ident: str) -> None:
    below = str(uuid.uuid4())
    put(web, ident, BOILER)
    put(web, below, {"site": "dairy", "parent": ident, "name": "Burner"})
    for parent in (ident, below, "loc-brewery", "nothing"):
        answer = put(web, ident, {**BOILER, "parent": parent}, 1)
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["parent"])
    assert web.get(f"/locations/{ident}").json["revision"] == 1


def test_locations_do_not_lie_within_one_another_for_ever(web: Web) -> None:
    parent, answers = world.OUTFALL, []
    for _ in range(12):
        ident = str(uuid.uuid4())
        answers.append(put(web, ident, {"site": "dairy", "parent": parent, "name": "Deeper"}).status_code)
        parent = ident
    assert (answers[0], answers[-1]) == (201, 422)


def test_the_location_of_another_site_is_not_taken_over(web: Web, ident: str) -> None:
    put(web, ident, BOILER)
    theirs = put(web, ident, {"site": "brewery", "name": "Ours"}, 1, "stranger")
    assert (theirs.status_code, theirs.json["code"]) == (409, "conflict")
    assert put(web, str(uuid.uuid4()), {"site": "brewery", "name": "Ours"}).status_code == 404


@pytest.mark.parametrize("name", ["", "   ", "n" * 201])
def test_a_location_needs_a_name_that_fits(web: Web, ident: str, name: str) -> None:
    answer = put(web, ident, {**BOILER, "name": name})
    assert (answer.status_code, list(answer.json["errors"])) == (422, ["name"])


def test_each_location_has_a_token_of_its_own_that_says_nothing(web: Web) -> None:
    tokens = {item["id"]: item["token"] for item in web.items("/locations", "admin")}
    assert len(set(tokens.values())) == len(tokens) >= 4
    assert all(len(token) == 10 and token.isalnum() and token not in ident for ident, token in tokens.items())
