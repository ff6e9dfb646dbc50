"""What requests of phones have in common: the body as it was sent, its digest, its clock, and If-Match."""

from __future__ import annotations

import re

import orjson
from flask import Request
from marshmallow import ValidationError

from webapp.access import principal
from webapp.auth import Principal
from webapp.canonical import digest
from webapp.inspections.arrival import Arrival, clock_error
from webapp.problems import Problem
from webapp.resource import flatten

AUTHOR_HEADER = "X-Fieldproof-Author"
CLOCK_HEADER = "X-Fieldproof-Clock"
# Of every request that brings something from a phone; both may be left out.
PHONE_HEADERS = {
    AUTHOR_HEADER: "user id of who made it: refused with `other_author` when somebody else is signed in",
    CLOCK_HEADER: "the phone's clock in epoch milliseconds: its error is recorded",
}
IF_MATCH = {"If-Match": "the revision that was changed; left out for a new record"}
_REVISION = re.compile(r'^(?:W/)?"?(\d{1,9})"?$')


def check_author(request: Request, who: Principal) -> None:
    """On a phone that several people share the cookie may change between two requests: a row must not change hands.

    A phone names the maker of what it sends; programs need not. Raises `other_author`.
    """
    author = request.headers.get(AUTHOR_HEADER)
    if author is not None and author != who.user_id:
        raise Problem("other_author", f"You are signed in as {who.username}. Sign in as its author to send this.")


def arrival(request: Request, now: int) -> Arrival:
    check_author(request, principal())
    return Arrival(now, clock_error(request.headers.get(CLOCK_HEADER), now))


def body_digest(request: Request, **ids: str) -> str:
    """Of the body exactly as it was sent, with the ids of the address: what the phone computed too."""
    raw = request.get_data(cache=True)
    if b"\\u0000" in raw:
        raise _unusable("it contains U+0000, which PostgreSQL does not keep")
    try:
        return digest({**orjson.loads(raw), **ids})
    except ValueError as error:
        raise _unusable(str(error)) from error


def _unusable(why: str) -> Problem:
    fault = f"The body has no canonical form that can be kept: {why}"
    return Problem("invalid", fault, errors={"body": [fault]})


def expected_revision(request: Request) -> int | None:
    """From If-Match; None where there is none, which means that the record should not exist yet."""
    header = request.headers.get("If-Match")
    if header is None or not header.strip():
        return None
    found = _REVISION.match(header.strip())
    if found is None:
        fault = 'If-Match takes one revision, such as "3".'
        raise Problem("invalid", fault, errors={"If-Match": [fault]})
    return int(found[1])


def flat_faults(error: ValidationError, place: str) -> Problem:
    """The faults of a document inside the body, each with its path."""
    errors: dict[str, list[str]] = {}
    flatten(error.messages, place, errors)
    first = next(f"{name}: {texts[0]}" for name, texts in errors.items())
    return Problem("invalid", first, errors=errors)
