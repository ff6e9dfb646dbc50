"""Points with their latest value, and readings over time."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event

from collector.errors import StoreUnavailable
from collector.stores.base import BucketColumns, RawColumns
from tests.integration import web_world as world
from tests.integration.web_fixtures import Web
from tests.integration.web_world import HOUR, MINUTE, NOW, SECOND
from webapp.api import readings as readings_module

PH = "/devices/dairy.effluent/points/ph/readings"
GOOD, UNCERTAIN, BAD = 0, 1, 2


def by_point(items: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {item["point"]: item for item in items}


def test_a_point_says_value_unit_age_place_aspect_limits_and_alarm(web: Web) -> None:
    item = by_point(web.items("/points"))["dairy.effluent/ph"]
    assert item == {
        "point": "dairy.effluent/ph",
        "device": "dairy.effluent",
        "device_name": "dairy.effluent",
        "metric": "ph",
        "label": "pH",
        "unit": "pH",
        "kind": "gauge",
        "precision": 2,
        "site": "dairy",
        "location": {"id": world.OUTFALL, "name": "Outfall", "path": "Effluent plant / Outfall"},
        "aspect": {"id": world.CHEMICALS_ASPECT, "name": "Cleaning chemicals to drain"},
        "value": 9.4,
        "quality": "good",
        "reasons": [],
        "observed_at": "2026-11-23T09:59:57.000Z",
        "age_s": 3.0,
        "stale_after_s": 300,
        "alarm": {"id": world.PH_ALARM, "level": "permit", "state": "active_unacked", "priority": "critical"},
        "limits": [
            {
                "id": world.PH_LIMIT,
                "version": 2,
                "kind": "high",
                "level": "permit",
                "priority": "critical",
                "value": 9.0,
                "deadband": 0.1,
                "on_delay_s": 60,
                "off_delay_s": 120,
                "message": "Close the outfall.",
            }
        ],
    }


def test_a_points_aspect_is_its_devices_unless_it_has_one_of_its_own(web: Web) -> None:
    aspects = {name: item["aspect"] for name, item in by_point(web.items("/points?site=dairy")).items()}
    assert aspects["dairy.effluent/ph"]["id"] == world.CHEMICALS_ASPECT
    assert aspects["dairy.effluent/flow"]["id"] == world.EFFLUENT_ASPECT


def test_a_metric_that_nobody_knows_is_shown_under_its_own_name(web: Web) -> None:
    item = by_point(web.items("/points"))["dairy.effluent/mystery"]
    assert (item["label"], item["unit"], item["quality"], item["reasons"]) == (
        "mystery",
        "",
        "uncertain",
        ["unknown_metric"],
    )


def test_points_of_retired_devices_are_shown_only_when_asked_for(web: Web) -> None:
    assert "dairy.old/ph" not in by_point(web.items("/points"))
    assert list(by_point(web.items("/points?device=dairy.old"))) == ["dairy.old/ph"]


def test_since_gives_the_points_that_changed(web: Web) -> None:
    web.add(world.point("dairy.effluent", "cod", 50.0, forwarded_at=NOW + 5 * SECOND))
    changed = web.items("/points?since=2026-11-23T10:00:00Z")
    assert list(by_point(changed)) == ["dairy.effluent/cod"]
    assert web.items(f"/points?since={NOW / 1000}") == changed


def test_of_several_alarms_the_one_that_matters_most_is_shown(web: Web) -> None:
    place = ("dairy", "dairy.effluent", "flow", NOW)
    web.add(
        world.alarm("warn", "w", *place, level="warning", priority="low"),
        world.alarm("act", "a", *place, level="action", priority="high"),
        world.alarm("over", "o", *place, level="permit", priority="critical", condition="cleared"),
    )
    assert by_point(web.items("/points"))["dairy.effluent/flow"]["alarm"]["id"] == "act"


def test_the_number_of_queries_does_not_grow_with_the_number_of_points(web: Web) -> None:
    seen: list[str] = []
    event.listen(web.parts.db.engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    web.items("/points")
    before, seen[:] = len(seen), []
    web.add(*(world.point("dairy.effluent", f"m{n:03}", n) for n in range(150)))
    seen.clear()
    assert len(web.items("/points")) > 150
    assert len(seen) == before <= 12


def test_a_spark_line_has_48_buckets_with_gaps_where_nothing_was_measured(web: Web) -> None:
    web.write_readings("dairy.effluent", "ph", [(NOW - MINUTE, 7.0, GOOD), (NOW - MINUTE - SECOND, 9.0, GOOD)])
    items = by_point(web.items("/points?spark=6"))
    spark = items["dairy.effluent/ph"]["spark"]
    assert len(spark["t"]) == len(spark["mean"]) == 48
    assert [mean for mean in spark["mean"] if mean is not None] == [8.0]
    assert {later - earlier for earlier, later in zip(spark["t"], spark["t"][1:], strict=False)} == {600_000}
    assert spark["t"][-1] <= NOW < spark["t"][-1] + 600_000
    assert set(items["dairy.effluent/flow"]["spark"]["mean"]) == {None}


def test_a_store_that_is_away_fails_only_what_needs_it(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    (web.parts.settings.data / "collector.db").rename(web.parts.settings.data / "gone.db")
    answer = web.get("/points?spark=6")
    assert (answer.status_code, answer.json["code"]) == (503, "store_unavailable")
    assert answer.headers["Retry-After"]
    assert web.get("/points").status_code == 200


def test_readings_come_in_buckets_with_the_bad_ones_left_out(web: Web) -> None:
    rows = [(NOW - 50 * SECOND, 7.0, GOOD), (NOW - 40 * SECOND, 8.0, UNCERTAIN), (NOW - 30 * SECOND, 99.0, BAD)]
    web.write_readings("dairy.effluent", "ph", rows)
    answer = web.get(f"{PH}?start=2026-11-23T09:00:00Z&end=2026-11-23T10:00:00Z&buckets=60").json
    assert answer == {
        "point": "dairy.effluent/ph",
        "unit": "pH",
        "resolution_s": 60,
        "t": [NOW - MINUTE],
        "mean": [7.5],
        "min": [7.0],
        "max": [8.0],
        "count": [2],
    }


def test_readings_one_by_one_carry_their_quality(web: Web) -> None:
    rows = [(NOW - 2 * SECOND, 7.0, GOOD), (NOW - SECOND, None, BAD), (NOW, 7.2, GOOD)]
    web.write_readings("dairy.effluent", "ph", rows)
    answer = web.get(f"{PH}?buckets=0").json
    assert answer == {
        "point": "dairy.effluent/ph",
        "unit": "pH",
        "t": [NOW - 2 * SECOND, NOW - SECOND],
        "value": [7.0, None],
        "quality": ["good", "bad"],
    }


def test_without_a_span_it_is_the_last_day_in_about_240_buckets(web: Web) -> None:
    web.write_readings("dairy.effluent", "ph", [(NOW - 25 * HOUR, 1.0, GOOD), (NOW - 23 * HOUR, 2.0, GOOD)])
    answer = web.get(PH).json
    assert (answer["resolution_s"], answer["mean"]) == (600, [2.0])


@pytest.mark.parametrize(
    "span", ["start=1795424400&end=1795428000", "start=2026-11-23T09:00:00%2B00:00&end=1795428000"]
)
def test_a_span_may_be_epoch_seconds_or_iso(web: Web, span: str) -> None:
    assert web.get(f"{PH}?{span}").json["resolution_s"] == 15


def test_a_plus_that_was_not_escaped_is_understood(web: Web) -> None:
    assert web.get(f"{PH}?start=2026-11-23T10:00:00+01:00&end=2026-11-23T10:00:00Z").json["resolution_s"] == 15


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("start=yesterday", "start", "ISO 8601"),
        ("start=2026-11-23T10:00:00", "start", "add Z"),
        ("start=999999999999999", "start", "between 1970 and 9999"),
        ("start=2026-11-23T10:00:01Z", "start", "before `end`"),
        ("end=1&start=2", "start", "before `end`"),
        ("buckets=-1", "buckets", "0"),
        ("buckets=many", "buckets", "integer"),
        ("from=1", "from", "Unknown field"),
    ],
)
def test_a_span_that_cannot_be_used_is_told_why(web: Web, query: str, field: str, says: str) -> None:
    answer = web.get(f"{PH}?{query}")
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert says in answer.json["errors"][field][0]


def test_too_many_readings_for_one_answer_are_refused_with_a_way_out(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings_module, "MAX_RAW", 3)
    web.write_readings("dairy.effluent", "ph", [(NOW - n * SECOND, 7.0, GOOD) for n in range(1, 5)])
    answer = web.get(f"{PH}?buckets=0")
    assert (answer.status_code, answer.json["code"]) == (422, "too_many_readings")
    assert "buckets" in answer.json["detail"]
    assert len(web.get(f"{PH}?buckets=0&start={NOW / 1000 - 3}").json["t"]) == 3


def test_a_point_that_was_never_heard_is_not_found(web: Web) -> None:
    assert web.get("/devices/dairy.effluent/points/cod/readings").status_code == 404


def test_a_store_that_says_no_is_a_problem_that_says_try_again(web: Web) -> None:
    class Away:
        def raw(self, *_: Any) -> RawColumns:
            raise StoreUnavailable("influx: connection refused")

        def buckets(self, *_: Any) -> BucketColumns:
            raise StoreUnavailable("influx: connection refused")

        def check(self) -> None:
            raise StoreUnavailable("influx: connection refused")

    web.parts.store = Away()
    answer = web.get(PH)
    assert (answer.status_code, answer.json["code"]) == (503, "store_unavailable")
    # What exactly the store said is for the log and /readyz, not for whoever asks for readings.
    assert "connection refused" not in answer.text
