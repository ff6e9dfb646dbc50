"""A blueprint per resource, where one decorator says all about a view: address, who may, what goes in and out.

The only place that touches flask-smorest's untyped decorators; a view cannot be made without `access`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import flask_smorest  # type: ignore[import-untyped]
from flask import Flask, Response
from marshmallow import RAISE, Schema, ValidationError
from webargs.flaskparser import FlaskParser

from webapp.access import PUBLIC, Access, declare
from webapp.json import json_answer
from webapp.problems import MEDIA_TYPE, PROBLEMS, Problem

PREFIX = "/api/v1"
View = Callable[..., Any]
V = TypeVar("V", bound=View)


class ProblemParser(FlaskParser):
    """Validation faults become the same problem document as everything else."""

    # A misspelt parameter that is passed over in silence gives a wrong answer that looks right.
    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012

    def handle_error(self, error: ValidationError, *_args: Any, **_kwargs: Any) -> Any:
        errors: dict[str, list[str]] = {}
        # The outermost key is the place that was read, such as "query".
        for messages in error.messages_dict.values():
            flatten(messages, "", errors)
        first = next((f"{name}: {texts[0]}" for name, texts in errors.items()), "")
        raise Problem("invalid", first, errors=errors) from error

    def load_json(self, req: Any, schema: Schema) -> Any:
        if not req.is_json:
            raise Problem("unsupported_media_type", "Send a JSON body with 'Content-Type: application/json'.")
        body = super().load_json(req, schema)
        if not _keepable(body):
            text = "A text has U+0000 or half of a surrogate pair in it, which cannot be kept."
            raise Problem("invalid", text, errors={"body": [text]})
        return body

    def handle_invalid_json_error(self, error: Any, *_args: Any, **_kwargs: Any) -> Any:
        raise Problem("bad_request", "The body is not JSON.") from error


def _keepable(value: Any) -> bool:
    """Whether every database takes the texts in it: PostgreSQL no NUL, and none of them half a letter."""
    if isinstance(value, str):
        return "\0" not in value and (value.isascii() or value == value.encode(errors="ignore").decode())
    if isinstance(value, Mapping):
        return all(map(_keepable, value)) and all(map(_keepable, value.values()))
    return all(map(_keepable, value)) if isinstance(value, list) else True


def flatten(messages: Any, path: str, into: dict[str, list[str]]) -> None:
    """marshmallow's nested faults as texts by dotted path."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            flatten(value, f"{path}.{key}" if path else str(key), into)
    else:
        texts = messages if isinstance(messages, list) else [messages]
        into.setdefault(path, []).extend(str(text) for text in texts)


class Resource(flask_smorest.Blueprint):  # type: ignore[misc]
    """Views of one resource under /api/v1."""

    ARGUMENTS_PARSER = ProblemParser()

    def __init__(self, name: str, description: str) -> None:
        super().__init__(name, __name__, url_prefix=PREFIX, description=description)

    def view(
        self,
        rule: str,
        method: str = "GET",
        *,
        access: Access,
        query: type[Schema] | None = None,
        body: type[Schema] | None = None,
        answer: type[Schema] | None = None,
        status: int = 200,
        media_type: str = "application/json",
        problems: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        raw_body: str | None = None,
    ) -> Callable[[V], V]:
        """`query` and `body` hand the checked values to the view as its first arguments, in that order.

        `headers` of the request, and a body of the type `raw_body`, the view reads itself: here they are documented.
        """

        def decorate(func: V) -> V:
            endpoint = func.__name__
            wrapped = self.response(status, answer, content_type=media_type)(_answering(func, status))
            if body is not None:
                wrapped = self.arguments(body)(wrapped)
            if query is not None:
                wrapped = self.arguments(query, location="query")(wrapped)
            wrapped = self.doc(**_documented(access, problems, query, body), **_by_hand(headers, raw_body))(wrapped)
            self.add_url_rule(rule, endpoint, wrapped, methods=[method])
            # Recorded when the blueprint is registered, because only then the application is known.
            self.record(lambda state: declare(state.app, f"{self.name}.{endpoint}", access))
            return func

        return decorate


def _answering(func: View, status: int) -> View:
    """Answers are written as they are built. Their schemas document them, and a contract test holds the two together:
    running 200,000 readings through a serializer would cost seconds."""

    def call(*args: Any, **kwargs: Any) -> Response:
        result = func(*args, **kwargs)
        if isinstance(result, Response):
            return result
        return Response(status=status) if result is None else json_answer(result, status)

    call.__name__ = func.__name__
    call.__doc__ = func.__doc__
    return call


def _documented(
    access: Access, problems: tuple[str, ...], query: type[Schema] | None, body: type[Schema] | None
) -> dict[str, Any]:
    codes = list(problems)
    if query is not None or body is not None:
        codes.append("invalid")
    if body is not None:
        codes += ["bad_request", "unsupported_media_type"]
    doc: dict[str, Any] = {}
    if access is PUBLIC:
        doc["security"] = []
    else:
        codes += ["unauthenticated", "forbidden"]
        doc["x-roles"] = sorted(access)
    by_status: dict[int, list[str]] = {}
    for code in codes:
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    doc["responses"] = {status: _problem_response(found) for status, found in sorted(by_status.items())}
    # flask-smorest adds one of its own shape otherwise.
    doc["responses"]["default"] = _problem_response(["internal", "database_unavailable"])
    return doc


def _by_hand(headers: Mapping[str, str] | None, raw_body: str | None) -> dict[str, Any]:
    """What no schema checks. `parameters` would take the place of those of a query: no view has both."""
    doc: dict[str, Any] = {}
    if headers:
        doc["parameters"] = [
            {"in": "header", "name": name, "description": text, "schema": {"type": "string"}}
            for name, text in headers.items()
        ]
    if raw_body:
        doc["requestBody"] = {"content": {raw_body: {"schema": {"type": "string", "format": "binary"}}}}
    return doc


def _problem_response(codes: list[str]) -> dict[str, Any]:
    text = "; ".join(f"`{code}`: {PROBLEMS[code].title}" for code in codes)
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}


class Api(flask_smorest.Api):  # type: ignore[misc]
    """flask-smorest's registry and OpenAPI document, without its error handlers: ours answer everywhere."""

    def _register_error_handlers(self) -> None:
        pass


def make_api(app: Flask, problem_schema: type[Schema]) -> Api:
    app.config.update(
        API_TITLE="Fieldproof",
        API_VERSION="v1",
        OPENAPI_VERSION="3.0.3",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={
            "info": {"description": "Readings, alarms and registers. Times in records are ISO 8601 UTC."},
            "security": [{"session": []}, {"token": []}],
        },
    )
    api = Api(app)
    api.spec.components.security_scheme(
        "session",
        {
            "type": "apiKey",
            "in": "cookie",
            "name": "fieldproof_session",
            "description": "Made by POST /session. Changes also need the header `X-Fieldproof: 1`.",
        },
    )
    api.spec.components.security_scheme("token", {"type": "http", "scheme": "bearer"})
    api.spec.components.schema("Problem", schema=problem_schema)
    declare(app, "api-docs.openapi_json", PUBLIC)
    return api
