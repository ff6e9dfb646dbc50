"""Every route, as every role, as a stranger from another site, and signed out.

The table is written by hand: what the code declares is what is being tested.
"""

from __future__ import annotations

import uuid

import pytest
from flask import Flask

from tests.integration import web_walks as walks
from tests.integration import web_world as world
from tests.integration.tus import CHUNK, TUS
from tests.integration.web_fixtures import Web
from webapp.access import declared

PEOPLE = ("inspector", "manager", "admin", "auditor", "stranger", None)
ALL = dict.fromkeys(PEOPLE[:-1], 200) | {None: 401}
OPEN = dict.fromkeys(PEOPLE, 200)
DAIRY_ONLY = ALL | {"stranger": 404}
MANAGERS = DAIRY_ONLY | {"inspector": 403, "auditor": 403}
OPERATION = f"/api/v1/alarms/{world.PH_ALARM}/ops/"
ACKNOWLEDGE = {"op": "acknowledge", "done_at": "2026-11-23T09:59:00Z", "note": None}

NEW = "<new>"
MAKERS = dict.fromkeys(PEOPLE[:-1], 201) | {None: 401}
PUTS = MAKERS | {"auditor": 403, "stranger": 404}
NOBODYS = dict.fromkeys(PEOPLE[:-1], 404) | {"auditor": 403, None: 401}
_AT = "2026-11-23T10:00:00.000Z"
HEAD = {"site": "dairy", "template": walks.TEMPLATE, "template_version": 1, "started_at": _AT, **walks.BY}
ANSWER = {
    "item": "clear", "repeat": 0, "value": {"choice": "pass"}, "note": "", "aspect": None, "location": None,
    "reading": None, "photos": [], "answered_at": _AT, "replaces": [], **walks.BY,
}  # fmt: skip
SUBMIT = {
    "content_sha256": "0" * 64, "answers": [], "findings": [], "photos": [], "submitted_at": _AT, "device_id": "p",
}  # fmt: skip
FINDING = {
    "site": "dairy", "inspection": None, "item": None, "kind": "minor", "text": "Drip", "aspect": None,
    "location": None, "photos": [], "found_at": _AT, **walks.BY,
}  # fmt: skip
# Requests of tus have no JSON.
HEADERS = {"POST": {**TUS, "Upload-Length": "10"}, "PATCH": {**CHUNK, "Upload-Offset": "0"}, "HEAD": TUS, "DELETE": TUS}

# endpoint -> (method, address, body, who gets which status)
ROUTES: dict[str, tuple[str, str, object, dict[str | None, int]]] = {
    "api-docs.openapi_json": ("GET", "/api/v1/openapi.json", None, OPEN),
    "session.sign_in": ("POST", "/api/v1/session", {"username": "nobody", "password": "x"}, dict.fromkeys(PEOPLE, 401)),
    # A token has no session to end, whoever it belongs to.
    "session.sign_out": ("DELETE", "/api/v1/session", None, dict.fromkeys(PEOPLE[:-1], 400) | {None: 401}),
    "session.me": ("GET", "/api/v1/me", None, ALL),
    "points.points": ("GET", "/api/v1/points?site=dairy", None, DAIRY_ONLY),
    "readings.readings": ("GET", "/api/v1/devices/dairy.effluent/points/ph/readings", None, DAIRY_ONLY),
    "devices.devices": ("GET", "/api/v1/devices?site=dairy", None, DAIRY_ONLY),
    "devices.device": ("GET", "/api/v1/devices/dairy.effluent", None, DAIRY_ONLY),
    "devices.adopt_device": ("POST", "/api/v1/devices/dairy.effluent/adopt", {"site": "dairy"}, MANAGERS),
    "devices.retire_device": ("POST", "/api/v1/devices/dairy.silent/retire", None, MANAGERS),
    "labels.labels_pdf": (
        "GET",
        "/api/v1/labels.pdf?of=devices&ids=dairy.effluent",
        None,
        DAIRY_ONLY | {"inspector": 403},
    ),
    "profiles.profiles": ("GET", "/api/v1/profiles", None, ALL),
    "alarms.alarms": ("GET", "/api/v1/alarms?site=dairy", None, DAIRY_ONLY),
    "alarms.alarm": ("GET", f"/api/v1/alarms/{world.PH_ALARM}", None, DAIRY_ONLY),
    "alarms.operation": ("PUT", OPERATION, ACKNOWLEDGE, DAIRY_ONLY | {"auditor": 403}),
    "aspects.aspects": ("GET", "/api/v1/aspects?site=dairy", None, DAIRY_ONLY),
    "aspects.aspect": ("GET", f"/api/v1/aspects/{world.EFFLUENT_ASPECT}", None, DAIRY_ONLY),
    "locations.locations": ("GET", "/api/v1/locations?site=dairy", None, DAIRY_ONLY),
    "locations.location": ("GET", f"/api/v1/locations/{world.OUTFALL}", None, DAIRY_ONLY),
    "locations.location_history": ("GET", f"/api/v1/locations/{world.OUTFALL}/history", None, DAIRY_ONLY),
    "locations.put_location_record": (
        "PUT",
        "/api/v1/locations/" + NEW,
        {"site": "dairy", "name": "Boiler house"},
        PUTS | {"inspector": 403},
    ),
    "control-limits.control_limits": ("GET", "/api/v1/control-limits?site=dairy", None, DAIRY_ONLY),
    "control-limits.control_limit": ("GET", f"/api/v1/control-limits/{world.PH_LIMIT}", None, DAIRY_ONLY),
    "collectors.collectors": ("GET", "/api/v1/collectors", None, ALL),
    "dead-letters.dead_letters": ("GET", "/api/v1/dead-letters?site=dairy", None, DAIRY_ONLY | {"inspector": 403}),
    "live.live": ("GET", "/api/v1/live?site=dairy&max_seconds=1", None, DAIRY_ONLY),
    "aspects.aspect_evidence": ("GET", f"/api/v1/aspects/{world.EFFLUENT_ASPECT}/evidence", None, DAIRY_ONLY),
    "templates.templates": ("GET", "/api/v1/templates?site=dairy", None, DAIRY_ONLY),
    "templates.template": ("GET", f"/api/v1/templates/{walks.TEMPLATE}", None, DAIRY_ONLY),
    "templates.template_history": ("GET", f"/api/v1/templates/{walks.TEMPLATE}/history", None, DAIRY_ONLY),
    "templates.put_template": (
        "PUT",
        "/api/v1/templates/" + NEW,
        {"site": "dairy", "content": walks.CONTENT},
        PUTS | {"inspector": 403, "stranger": 404},
    ),
    "inspections.inspections": ("GET", "/api/v1/inspections?site=dairy", None, DAIRY_ONLY),
    "inspections.inspection": ("GET", f"/api/v1/inspections/{walks.INSPECTION}", None, DAIRY_ONLY),
    "inspections.put_inspection_head": ("PUT", "/api/v1/inspections/" + NEW, HEAD, PUTS),
    "inspections.put_inspection_answer": (
        "PUT",
        f"/api/v1/inspections/{walks.INSPECTION}/answers/" + NEW,
        ANSWER,
        PUTS,
    ),
    # What it submits is not what is there: the roles come before that.
    "inspections.submit_inspection": (
        "POST",
        f"/api/v1/inspections/{walks.INSPECTION}/submit",
        SUBMIT,
        dict.fromkeys(PUTS, 409) | {"auditor": 403, "stranger": 404, None: 401},
    ),
    "findings.findings": ("GET", "/api/v1/findings?site=dairy", None, DAIRY_ONLY),
    "findings.finding": ("GET", f"/api/v1/findings/{walks.FINDING}", None, DAIRY_ONLY),
    "findings.finding_history": ("GET", f"/api/v1/findings/{walks.FINDING}/history", None, DAIRY_ONLY),
    "findings.put_finding_record": ("PUT", "/api/v1/findings/" + NEW, FINDING, PUTS),
    "photos.has_photo": ("HEAD", f"/api/v1/photos/{walks.SHA256}", None, DAIRY_ONLY),
    "photos.photo_receipt": ("GET", f"/api/v1/photos/{walks.SHA256}/receipt", None, DAIRY_ONLY),
    "photos.photo_thumb": ("GET", f"/api/v1/photos/{walks.SHA256}/thumb.webp", None, DAIRY_ONLY),
    "photos.photo_large": ("GET", f"/api/v1/photos/{walks.SHA256}/large.webp", None, DAIRY_ONLY),
    "photos.photo_original": ("GET", f"/api/v1/photos/{walks.SHA256}/original", None, DAIRY_ONLY),
    "photos.link_photo": (
        "PUT",
        f"/api/v1/photos/{walks.SHA256}/links/" + NEW,
        {"aspect": world.EFFLUENT_ASPECT},
        PUTS,
    ),
    "uploads.upload_options": ("OPTIONS", "/api/v1/uploads", None, dict.fromkeys(PEOPLE, 204)),
    "uploads.create_upload": ("POST", "/api/v1/uploads", None, MAKERS | {"auditor": 403, "stranger": 201}),
    # An upload is its maker's alone: to everybody else there is none.
    "uploads.upload_offset": ("HEAD", "/api/v1/uploads/nobodys", None, NOBODYS),
    "uploads.append_upload": ("PATCH", "/api/v1/uploads/nobodys", None, NOBODYS),
    "uploads.end_upload": ("DELETE", "/api/v1/uploads/nobodys", None, NOBODYS),
    "sync.sync": ("GET", "/api/v1/sync?site=dairy", None, DAIRY_ONLY),
    "report_inspection": ("GET", f"/reports/inspections/{walks.INSPECTION}", None, DAIRY_ONLY),
    "scan_device": ("GET", "/d/dairy.effluent", None, dict.fromkeys(PEOPLE, 302)),
    # A place's token says nothing to who may not see the place, and one that is not known leads to the app.
    "scan_location": ("GET", "/l/nothing", None, dict.fromkeys(PEOPLE, 302)),
    "healthz": ("GET", "/healthz", None, OPEN),
    "readyz": ("GET", "/readyz", None, OPEN),
    "metrics": ("GET", "/metrics", None, OPEN),
    # Without a build the shell says so, to everybody alike.
    "shell": ("GET", "/", None, dict.fromkeys(PEOPLE, 503)),
    "shell_path": ("GET", "/alarms", None, dict.fromkeys(PEOPLE, 503)),
}
CASES = [(endpoint, who) for endpoint in ROUTES for who in PEOPLE]


def endpoints(app: Flask) -> set[str]:
    return {rule.endpoint for rule in app.url_map.iter_rules()}


def test_the_table_has_every_route_there_is(web: Web) -> None:
    assert endpoints(web.app) == set(ROUTES)


def test_every_route_declares_who_may_use_it(web: Web) -> None:
    assert endpoints(web.app) == set(declared(web.app))


@pytest.mark.parametrize(("endpoint", "who"), CASES, ids=[f"{endpoint}-{who}" for endpoint, who in CASES])
def test_each_role_gets_what_is_its_own_and_nothing_else(web: Web, endpoint: str, who: str | None) -> None:
    walks.add_walkthrough(web)
    method, address, body, expected = ROUTES[endpoint]
    target = address + str(uuid.uuid4()) if address == OPERATION else address.replace(NEW, str(uuid.uuid4()))
    headers = {"Authorization": f"Bearer {world.token_of(who)}"} if who else {}
    if endpoint.startswith("uploads."):
        headers |= HEADERS.get(method, {})
    answer = web.app.test_client().open(target, method=method, json=body, headers=headers)
    assert answer.status_code == expected[who], answer.text if endpoint != "live.live" else ""
    answer.close()


def test_a_view_without_a_declared_role_is_refused_to_everybody(web: Web) -> None:
    web.app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    for who in PEOPLE:
        headers = {"Authorization": f"Bearer {world.token_of(who)}"} if who else {}
        answer = web.app.test_client().get("/forgotten", headers=headers)
        assert (answer.status_code, answer.json["code"]) == (403, "forbidden")


LISTS = (
    "points", "devices", "alarms", "aspects", "locations", "control-limits", "dead-letters", "templates", "inspections",
    "findings",
)  # fmt: skip
# The stranger's site has none of its own.
MINE_ALONE = ("findings",)


@pytest.mark.parametrize("name", LISTS)
def test_a_stranger_sees_no_row_of_another_site_in_any_list(web: Web, name: str) -> None:
    walks.add_walkthrough(web)
    extra = "?state=all" if name == "alarms" else ""
    mine = web.items(f"/{name}{extra}", "manager")
    theirs = web.items(f"/{name}{extra}", "stranger")
    assert mine
    assert theirs or name in MINE_ALONE
    assert {item["site"] for item in mine} <= {"dairy", None}
    assert {item["site"] for item in theirs} <= {"brewery", None}


def test_unassigned_devices_are_for_managers_and_for_auditors_of_all_sites(web: Web) -> None:
    saw = {who: "stray" in {item["id"] for item in web.items("/devices", who)} for who in world.PEOPLE}
    assert saw == {
        "inspector": False,
        "manager": True,
        "admin": True,
        "auditor": False,
        "chief_auditor": True,
        "stranger": True,
    }


@pytest.mark.parametrize(
    ("own", "unknown"),
    [
        (f"/alarms/{world.BREWERY_ALARM}", "/alarms/11111111-0000-4000-8000-00000000ffff"),
        ("/devices/brewery.meter", "/devices/nothing"),
        (f"/aspects/{world.BREWERY_ASPECT}", "/aspects/nothing"),
        ("/locations/loc-brewery", "/locations/nothing"),
        (f"/control-limits/{world.BREWERY_LIMIT}", "/control-limits/nothing"),
        (f"/templates/{walks.BREWERY_TEMPLATE}", "/templates/nothing"),
        (f"/inspections/{walks.BREWERY_INSPECTION}", "/inspections/nothing"),
        (f"/aspects/{world.BREWERY_ASPECT}/evidence", "/aspects/nothing/evidence"),
        ("/devices/brewery.meter/points/active_power/readings", "/devices/nothing/points/ph/readings"),
        ("/points?site=brewery", "/points?site=nothing"),
    ],
)
def test_another_sites_id_answers_like_one_that_does_not_exist(web: Web, own: str, unknown: str) -> None:
    walks.add_walkthrough(web)
    foreign, missing = web.get(own, "manager"), web.get(unknown, "manager")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json["code"] == missing.json["code"] == "not_found"
    assert foreign.json["title"] == missing.json["title"]


def test_a_user_without_any_site_sees_nothing(web: Web) -> None:
    from webapp.credentials import token_hash
    from webapp.models import ApiToken

    row = ApiToken(
        id="t",
        name="lost",
        role="inspector",
        token_hash=token_hash(world.token_of("lost")),
        created_by="t",
        created_at=0,
    )
    web.add(row)
    assert all(web.items(f"/{name}", "lost") == [] for name in LISTS if name != "dead-letters")
