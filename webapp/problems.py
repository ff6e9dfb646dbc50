"""Every error the API can answer with, in one table (RFC 9457). Documentation and tests read it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    status: int
    title: str


PROBLEMS: Mapping[str, Kind] = {
    "bad_request": Kind(400, "The request could not be understood"),
    "unauthenticated": Kind(401, "Sign in first"),
    "bad_credentials": Kind(401, "Wrong user name or password"),
    "forbidden": Kind(403, "Your role does not allow this"),
    "other_author": Kind(403, "This was made by somebody else than who is signed in"),
    "cross_site": Kind(403, "The request did not come from this site's own pages"),
    "not_found": Kind(404, "There is no such thing, or you may not see it"),
    "no_rendition": Kind(404, "There is no picture of this photo to show"),
    "method_not_allowed": Kind(405, "This address does not take that method"),
    "conflict": Kind(409, "The same id was used for something else"),
    "retired": Kind(409, "The device was retired"),
    "unassigned": Kind(409, "The device was not adopted yet"),
    "adopted": Kind(409, "Somebody else has adopted the device"),
    "device_bound": Kind(409, "Something in its site rests on the device"),
    "content_differs": Kind(409, "What is here is not what was submitted"),
    "wrong_offset": Kind(409, "The upload goes on at another offset"),
    "upload_gone": Kind(410, "The upload is over or was given up"),
    "stale": Kind(412, "The record was changed meanwhile"),
    "tus_version": Kind(412, "The upload protocol's version is not spoken here"),
    "too_large": Kind(413, "The request is too large"),
    "unsupported_media_type": Kind(415, "The body is of another type than this address takes"),
    "not_a_photo": Kind(415, "Not a photo of a kind that is kept here"),
    "invalid": Kind(422, "Some of the values cannot be used"),
    "upload_locked": Kind(423, "Another request is writing to this upload"),
    "checksum_mismatch": Kind(460, "The bytes are not those that were announced"),
    "too_many_readings": Kind(422, "More readings than one answer can carry"),
    "too_many_attempts": Kind(429, "Too many failed attempts"),
    "internal": Kind(500, "Something went wrong on our side"),
    "store_unavailable": Kind(503, "The store of readings does not answer"),
    "database_unavailable": Kind(503, "The site database does not answer"),
    "too_many_streams": Kind(503, "All live streams are taken"),
}

# What a plain HTTP error from the framework is called here; anything else keeps its status as `bad_request`.
CODE_OF_STATUS: Mapping[int, str] = {
    400: "bad_request",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_media_type",
    422: "invalid",
    500: "internal",
}

MEDIA_TYPE = "application/problem+json"


class Problem(Exception):  # noqa: N818 - the name of the thing in RFC 9457
    """Raise it anywhere in a request: the error handler answers with it."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.kind = PROBLEMS[code]
        self.detail = detail
        self.errors = dict(errors or {})
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        return {
            "type": f"urn:fieldproof:problem:{self.code}",
            "title": self.kind.title,
            "status": self.kind.status,
            "detail": self.detail,
            "code": self.code,
            "errors": self.errors,
        }


def not_found(what: str, ident: str) -> Problem:
    """One answer for what does not exist and for what belongs to another site: it must not tell which."""
    return Problem("not_found", f"There is no {what} '{ident[:128]}' that you may see.")
