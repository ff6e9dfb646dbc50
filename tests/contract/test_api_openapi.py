"""The OpenAPI document is valid, complete, and says what the application really answers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import validate

from tests.integration import web_walks as walks
from tests.integration import web_world as world
from tests.integration.web_fixtures import Web
from tests.integration.web_world import NOW, SECOND
from webapp.problems import PROBLEMS

PH = "/devices/dairy.effluent/points/ph/readings"
# path in the document -> addresses whose answers are held against it
ANSWERS: dict[str, list[str]] = {
    "/me": ["/me"],
    "/points": ["/points", "/points?spark=6"],
    "/devices/{device}/points/{metric}/readings": [PH, f"{PH}?buckets=0"],
    "/devices": ["/devices"],
    "/devices/{ident}": ["/devices/dairy.effluent", "/devices/stray"],
    "/alarms": ["/alarms?state=all"],
    "/alarms/{ident}": [f"/alarms/{world.PH_ALARM}", "/alarms/silent"],
    "/aspects": ["/aspects"],
    "/aspects/{ident}": [f"/aspects/{world.EFFLUENT_ASPECT}"],
    "/locations": ["/locations"],
    "/locations/{ident}/history": [f"/locations/{world.OUTFALL}/history"],
    "/profiles": ["/profiles"],
    "/locations/{ident}": [f"/locations/{world.OUTFALL}"],
    "/control-limits": ["/control-limits"],
    "/control-limits/{ident}": [f"/control-limits/{world.PH_LIMIT}"],
    "/aspects/{ident}/evidence": [
        f"/aspects/{world.EFFLUENT_ASPECT}/evidence",
        f"/aspects/{world.CHEMICALS_ASPECT}/evidence",
    ],
    "/templates": ["/templates"],
    "/templates/{ident}": [f"/templates/{walks.TEMPLATE}", f"/templates/{walks.TEMPLATE}?version=1"],
    "/templates/{ident}/history": [f"/templates/{walks.TEMPLATE}/history"],
    "/inspections": ["/inspections"],
    "/inspections/{ident}": [f"/inspections/{walks.INSPECTION}", f"/inspections/{walks.BREWERY_INSPECTION}"],
    "/findings": ["/findings"],
    "/findings/{ident}": [f"/findings/{walks.FINDING}"],
    "/findings/{ident}/history": [f"/findings/{walks.FINDING}/history"],
    "/photos/{sha256}/receipt": [f"/photos/{walks.SHA256}/receipt"],
    "/sync": ["/sync", "/sync?site=dairy"],
    "/collectors": ["/collectors"],
    "/dead-letters": ["/dead-letters"],
}
NOT_JSON = {"/live", "/labels.pdf"} | {
    f"/photos/{{sha256}}/{name}" for name in ("thumb.webp", "large.webp", "original")
}
# Seeded straight into the tables, and so without a history.
EMPTY = {f"/{name}/{{ident}}/history" for name in ("templates", "findings", "locations")}


@pytest.fixture
def document(web: Web) -> dict[str, Any]:
    found: dict[str, Any] = web.get("/openapi.json", None).json
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, op) for path, item in document["paths"].items() for method, op in item.items()
            if method in ("get", "post", "put", "delete")]  # fmt: skip


def closed(document: dict[str, Any]) -> dict[str, Any]:
    """The document with every object closed: a field that is sent and not documented is then a fault."""
    strict = copy.deepcopy(document)
    for schema in strict["components"]["schemas"].values():
        if "properties" in schema:
            schema["additionalProperties"] = False
    return strict


def faults(document: dict[str, Any], schema: dict[str, Any], content: object) -> list[str]:
    whole = {**schema, "components": document["components"]}
    return [f"{error.json_path}: {error.message}" for error in OAS30Validator(whole).iter_errors(content)]


def test_the_document_is_valid(document: dict[str, Any]) -> None:
    validate(document)


def test_every_operation_says_who_may_and_what_can_go_wrong(document: dict[str, Any]) -> None:
    for path, method, operation in operations(document):
        responses = operation["responses"]
        assert operation.get("summary") or operation.get("description"), path
        for status, response in responses.items():
            if status == "default" or int(status) >= 400:
                assert list(response["content"]) == ["application/problem+json"], (path, status)
        if operation.get("security") != []:
            assert operation["x-roles"], path
            assert {"401", "403"} <= set(responses), (path, method)


def test_the_headers_of_uploads_and_of_phones_are_described(document: dict[str, Any]) -> None:
    def headers(path: str, method: str) -> set[str]:
        operation = document["paths"][f"/api/v1{path}"][method]
        return {part["name"] for part in operation.get("parameters", []) if part["in"] == "header"}

    assert headers("/uploads", "post") == {"Tus-Resumable", "Upload-Length", "Upload-Metadata"}
    assert headers("/uploads/{ident}", "patch") == {"Tus-Resumable", "Upload-Offset", "Upload-Checksum"}
    body = document["paths"]["/api/v1/uploads/{ident}"]["patch"]["requestBody"]["content"]
    assert list(body) == ["application/offset+octet-stream"]
    assert headers("/inspections/{ident}/answers/{answer}", "put") == {"X-Fieldproof-Author", "X-Fieldproof-Clock"}
    assert headers("/findings/{ident}", "put") == {"If-Match", "X-Fieldproof-Author", "X-Fieldproof-Clock"}
    assert "requestBody" in document["paths"]["/api/v1/findings/{ident}"]["put"]


def test_the_ways_to_sign_in_are_described(document: dict[str, Any]) -> None:
    assert document["security"] == [{"session": []}, {"token": []}]
    schemes = document["components"]["securitySchemes"]
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "fieldproof_session")
    assert (schemes["token"]["type"], schemes["token"]["scheme"]) == ("http", "bearer")


def test_every_call_of_the_document_is_held_against_real_answers(document: dict[str, Any]) -> None:
    paths = {path.removeprefix("/api/v1") for path, method, _ in operations(document) if method == "get"}
    assert paths - NOT_JSON == set(ANSWERS)


@pytest.mark.parametrize("path", ANSWERS)
def test_answers_are_as_documented_and_nothing_is_sent_that_is_not(
    web: Web, document: dict[str, Any], path: str
) -> None:
    web.add(world.alarm("silent", "l", None, "c9", "heartbeat", NOW, source="webapp", kind="silent"))
    web.write_readings("dairy.effluent", "ph", [(NOW - SECOND, 7.1, 0), (NOW - 2 * SECOND, None, 2)])
    walks.add_walkthrough(web)
    strict = closed(document)
    schema = strict["paths"][f"/api/v1{path}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    for address in ANSWERS[path]:
        answer = web.get(address, "admin")
        assert answer.status_code == 200
        assert faults(strict, schema, answer.json) == []
        assert answer.json.get("items") != [] or path in EMPTY


def test_the_check_would_notice_an_answer_that_drifted(web: Web, document: dict[str, Any]) -> None:
    strict = closed(document)
    schema = {"$ref": "#/components/schemas/Points"}
    answer = web.get("/points").json
    assert faults(strict, schema, answer) == []
    answer["items"][0]["surprise"] = 1
    answer["items"][1]["quality"] = "splendid"
    assert len(faults(strict, schema, answer)) == 2


def test_sign_in_and_operations_answer_as_documented(web: Web, document: dict[str, Any]) -> None:
    strict = closed(document)
    credentials = {"username": "manager", "password": world.PASSWORD}
    me = web.browser().post("/api/v1/session", json=credentials).json
    assert faults(strict, {"$ref": "#/components/schemas/Me"}, me) == []
    path = f"/alarms/{world.PH_ALARM}/ops/0190b1a0-0000-7000-8000-000000000001"
    operation = web.ask("PUT", path, "manager", json={"op": "acknowledge"}).json
    assert faults(strict, {"$ref": "#/components/schemas/OperationShown"}, operation) == []


def test_every_problem_code_has_one_status_and_a_title() -> None:
    assert all(400 <= kind.status < 600 and kind.title for kind in PROBLEMS.values())
    assert len({kind.title for kind in PROBLEMS.values()}) == len(PROBLEMS)
