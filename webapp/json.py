"""JSON by orjson: answers are columns of numbers, where it is several times faster than the standard library."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Response
from flask.json.provider import JSONProvider

from collector.domain.times import iso_utc


class OrjsonProvider(JSONProvider):
    def dumps(self, obj: Any, **_kwargs: Any) -> str:
        return orjson.dumps(obj).decode()

    def loads(self, s: str | bytes, **_kwargs: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        return json_answer(self._prepare_response_obj(args, kwargs))


def json_answer(content: Any, status: int = 200, media_type: str = "application/json") -> Response:
    return Response(orjson.dumps(content), status=status, mimetype=media_type)


def iso(ms: int | None) -> str | None:
    """ISO 8601 in UTC with milliseconds, as every time in a record is written."""
    if ms is None:
        return None
    return iso_utc(ms)
