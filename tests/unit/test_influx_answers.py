"""What InfluxDB's answers mean, generation by generation: the words and numbers are those of the real servers."""

from __future__ import annotations

import pytest

from collector.errors import StoreRejected, StoreUnavailable
from collector.stores.influx_answers import Generation, generation_of, judge, retry_after

V1_CONFLICT = (
    '{"error":"partial write: field type conflict: input field \\"value\\" on measurement \\"readings\\" is type float,'
    ' already exists as type string dropped=2"}'
)
V1_RETENTION = '{"error":"partial write: points beyond retention policy dropped=3"}'
V2_SYNTAX = '{"code":"invalid","message":"unable to parse \'readings value=\': missing field value"}'
V2_PARTIAL = (
    '{"code":"unprocessable entity","message":"failure writing points to database: partial write: field type conflict:'
    ' input field \\"value\\" on measurement \\"readings\\" is type float, already exists as type string dropped=1"}'
)
V3_TROUBLE = "write buffer error: error from wal: Error with object store"
V3_CONFLICT = "invalid column type for column 'value', expected iox::column_type::field::string"


def rejected(generation: Generation, status: int, text: str, lines: int = 5) -> StoreRejected:
    found = judge(generation, status, text, {}, lines)
    assert isinstance(found, StoreRejected)
    return found


def unavailable(status: int, text: str = "", **headers: str) -> StoreUnavailable:
    found = judge(Generation.V1_6, status, text, {name.replace("_", "-"): value for name, value in headers.items()}, 5)
    assert isinstance(found, StoreUnavailable)
    return found


@pytest.mark.parametrize(
    ("version", "generation"),
    [
        ("1.6.7~rc0", Generation.V1_6),
        ("1.7.11", Generation.V1_6),
        ("1.8.10", Generation.V1_8),
        ("1.11.8", Generation.V1_8),
        ("v2.7.11", Generation.V2),
        ("2.0.9", Generation.V2),
        ("3.4.1", Generation.V3),
        ("0.9.6", Generation.UNKNOWN),
        ("unknown", Generation.UNKNOWN),
        (None, Generation.UNKNOWN),
    ],
)
def test_the_generation_is_read_from_the_version(version: str | None, generation: Generation) -> None:
    assert generation_of(version) is generation


@pytest.mark.parametrize(
    ("generation", "status", "text", "reason", "doubtful"),
    [
        (Generation.V1_6, 400, V1_CONFLICT, "type_conflict", False),
        (Generation.V1_8, 400, V1_RETENTION, "out_of_retention", False),
        (Generation.V1_6, 400, '{"error":"unable to parse \'x\': missing fields"}', "bad_line", False),
        # An operator's own limit, which he may raise.
        (Generation.V1_6, 400, '{"error":"partial write: max-series-per-database limit exceeded"}', "refused", True),
        (Generation.V2, 400, V2_SYNTAX, "bad_line", False),
        (Generation.V2, 422, V2_PARTIAL, "type_conflict", False),
        (Generation.V3, 400, V3_TROUBLE, "refused", True),
        (Generation.V3, 400, V3_CONFLICT, "type_conflict", True),
        (Generation.V3, 422, "too many tables", "refused", True),
        # What speaks here is no InfluxDB that we know.
        (Generation.V1_6, 400, "<html>Bad Request</html>", "refused", True),
        (Generation.UNKNOWN, 400, V1_CONFLICT, "type_conflict", True),
        (Generation.UNKNOWN, 422, V2_PARTIAL, "type_conflict", True),
        (Generation.V2, 413, "Request Entity Too Large", "refused", True),
    ],
)
def test_a_refused_line_is_a_dead_letter_unless_the_server_may_mean_its_own_trouble(
    generation: Generation, status: int, text: str, reason: str, doubtful: bool
) -> None:
    found = rejected(generation, status, text)
    assert (found.reason, found.doubtful) == (reason, doubtful)
    assert str(status) in str(found)


def test_all_lines_are_known_to_be_refused_when_as_many_were_dropped_as_were_sent() -> None:
    assert rejected(Generation.V1_6, 400, V1_CONFLICT, lines=2).every
    assert not rejected(Generation.V1_6, 400, V1_CONFLICT, lines=3).every
    assert rejected(Generation.V2, 422, V2_PARTIAL, lines=1).every
    # From one that may mean something else by it, this is not believed.
    assert not rejected(Generation.UNKNOWN, 400, V1_CONFLICT, lines=2).every


def test_a_type_conflict_says_what_to_do() -> None:
    assert "Remove those points" in str(rejected(Generation.V1_6, 400, V1_CONFLICT))


def test_what_is_older_than_the_bucket_keeps_tells_nothing_about_other_lines() -> None:
    assert not rejected(Generation.V1_6, 400, V1_RETENTION).wholesale
    assert rejected(Generation.V1_6, 400, V1_CONFLICT).wholesale


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 429, 500, 502, 503, 504])
def test_any_other_answer_keeps_the_lines(status: int) -> None:
    assert str(unavailable(status, "words").args[0]).startswith("InfluxDB")


def test_a_refused_token_and_a_missing_bucket_say_what_to_do() -> None:
    assert "FIELDPROOF_INFLUX_TOKEN" in str(unavailable(401, "unauthorized access"))
    assert "create the database or bucket" in str(unavailable(404, 'database not found: "plant"'))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 120 "}, 120.0),
        # Bounded: an hour for a slip of the pen would be an hour without readings.
        ({"Retry-After": "86400"}, 300.0),
        # A date is told by the server's clock, which need not be ours.
        ({"Retry-After": "Fri, 01 Jan 2010 10:00:30 GMT", "Date": "Fri, 01 Jan 2010 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Fri, 01 Jan 2010 10:00:00 GMT", "Date": "Fri, 01 Jan 2010 10:00:30 GMT"}, 0.0),
        ({"Retry-After": "Fri, 01 Jan 2010 10:00:00 GMT"}, 0.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-3"}, None),
    ],
)
def test_how_long_a_server_wants_to_be_left_alone(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


def test_a_wait_that_the_server_asks_for_travels_with_the_error() -> None:
    assert unavailable(429, "slow down", Retry_After="5").retry_after_s == 5
    assert unavailable(503).retry_after_s is None
