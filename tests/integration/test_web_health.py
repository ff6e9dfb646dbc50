"""/healthz, /readyz and /metrics."""

from __future__ import annotations

from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_world import MINUTE


def metrics(web: Web) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = web.get("/metrics", None)
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def checks(web: Web) -> tuple[int, dict[str, dict[str, Any]]]:
    answer = web.get("/readyz", None)
    return answer.status_code, answer.json["checks"]


@both_databases
def test_everything_in_place_is_ready(web: Web) -> None:
    status, found = checks(web)
    assert (status, [check["ok"] for check in found.values()]) == (200, [True] * 4)
    assert set(found) == {"database", "migrations", "readings", "collectors"}


def test_a_collector_that_went_silent_makes_it_unready_and_says_what_to_do(web: Web) -> None:
    web.clock.advance(2 * MINUTE)
    status, found = checks(web)
    assert status == 503
    assert found["collectors"] == {
        "ok": False,
        "detail": "no collector has reported for 122 s",
        "todo": "See its log and restart it: 'fieldproof collect'.",
    }
    assert web.get("/healthz", None).json == {"ok": True}


def test_without_any_collector_it_says_to_start_one(web: Web) -> None:
    with web.parts.db.write() as db:
        db.connection().exec_driver_sql("DELETE FROM collector")
    assert "fieldproof collect" in checks(web)[1]["collectors"]["todo"]


def test_an_older_schema_is_not_ready(web: Web) -> None:
    with web.parts.db.write() as db:
        db.connection().exec_driver_sql("UPDATE alembic_version SET version_num='0000'")
    status, found = checks(web)
    assert (status, found["migrations"]["ok"], found["database"]["ok"]) == (503, False, True)


def test_a_store_that_is_away_is_not_ready(web: Web) -> None:
    (web.parts.settings.data / "collector.db").rename(web.parts.settings.data / "gone.db")
    status, found = checks(web)
    assert (status, found["readings"]["ok"]) == (503, False)


def test_metrics_count_what_the_collectors_counted(web: Web) -> None:
    found = metrics(web)
    of = (("collector", "collector-1"),)
    assert found["fieldproof_collector_received_total", of] == 1200
    assert found["fieldproof_collector_stored_total", of] == 5000
    assert found["fieldproof_collector_outbox_depth", of] == 4
    assert found["fieldproof_collector_outbox_age_seconds", of] == 0.5
    assert found["fieldproof_collector_up", of] == 1
    assert found["fieldproof_collector_dead_letters_total", (*of, ("reason", "not_json"))] == 2
    assert found["fieldproof_alarms_open", (("level", "permit"),)] == 2
    assert found["fieldproof_site_database_up", ()] == 1


def test_metrics_count_requests_by_status_and_open_streams(web: Web) -> None:
    web.get("/me", "manager")
    web.get("/me", None)
    stream = web.get("/live?max_seconds=30", "manager", buffered=False)
    found = metrics(web)
    assert found["fieldproof_http_requests_total", (("status", "200"),)] == 2
    assert found["fieldproof_http_requests_total", (("status", "401"),)] == 1
    assert found["fieldproof_live_streams", ()] == 1
    stream.close()
    assert metrics(web)["fieldproof_live_streams", ()] == 0


def test_metrics_still_answer_when_the_site_database_does_not(web: Web) -> None:
    with web.parts.db.write() as db:
        db.connection().exec_driver_sql("ALTER TABLE collector RENAME TO collector_away")
    assert metrics(web)["fieldproof_site_database_up", ()] == 0


def test_a_collector_that_sends_odd_counters_breaks_nothing(web: Web) -> None:
    from collector.sitedb.tables import Collector

    with web.parts.db.write() as db:
        db.get_one(Collector, "collector-1").stats = {"received": None, "dead_letters": None}
    assert metrics(web)["fieldproof_collector_received_total", (("collector", "collector-1"),)] == 0
    assert web.items("/collectors")[0]["received"] == 0
