"""/healthz, /readyz and /metrics."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from collector.settings import Settings
from collector.sitedb.tables import Collector
from collector.stores.influx import Influx
from collector.stores.influx_readings import InfluxReadingStore
from tests.integration.web_fixtures import Web, both_databases
from tests.integration.web_world import MINUTE, NOW, SECOND
from tests.servers import free_port
from webapp import readiness

NAMES = {"database", "migrations", "readings", "disk", "collectors", "brokers", "storing", "outbox"}


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
    assert (status, [check["ok"] for check in found.values()]) == (200, [True] * 8)
    assert set(found) == NAMES


def test_a_collector_that_went_silent_makes_it_unready_and_says_what_to_do(web: Web) -> None:
    web.clock.advance(2 * MINUTE)
    status, found = checks(web)
    assert status == 503
    assert found["collectors"] == {
        "ok": False,
        "detail": "collector-1 has not reported for 122 s",
        "todo": "See its log and restart it: 'fieldproof collect'; taken out of service for good:"
        " 'fieldproof collectors remove collector-1'.",
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


def beat(web: Web, ident: str = "collector-1", *, connected: bool = True, **stats: Any) -> None:
    """A heartbeat of now with these counts in it."""
    with web.parts.db.write() as db:
        row = db.get(Collector, ident)
        if row is None:
            row = Collector(id=ident, started_at=NOW, broker="b:1883", config_version=1, stats={})
            db.add(row)
        row.connected, row.last_seen_at, row.stats = connected, web.clock(), {**row.stats, **stats}


def only_fault(web: Web, name: str) -> dict[str, Any]:
    """What this check finds, where it is the only one that finds anything."""
    status, found = checks(web)
    assert status == 503
    assert [key for key, check in found.items() if not check["ok"]] == [name]
    return found[name]


def test_one_silent_collector_of_two_is_enough_to_be_unready(web: Web) -> None:
    web.clock.advance(2 * MINUTE)
    beat(web, "collector-2")
    assert "collector-1 has not reported" in only_fault(web, "collectors")["detail"]


def test_a_collector_of_several_that_was_never_started_is_named(web: Web) -> None:
    """Its devices are collected by nobody, and nobody is silent."""
    beat(web, "fieldproof-ab12-0", shard="0/3")
    beat(web, "fieldproof-ab12-1", shard="1/3")
    beat(web, "fieldproof-cd34-0", shard="0/1")
    found = only_fault(web, "collectors")
    assert found["detail"].startswith("fieldproof-ab12-2 (2/3) has never reported")
    assert found["todo"] == "Start it: 'fieldproof collect --shard 2/3'."
    beat(web, "fieldproof-ab12-2", shard="2/3")
    assert checks(web)[0] == 200


def test_after_a_reshard_the_new_number_of_collectors_counts(web: Web) -> None:
    beat(web, "fieldproof-ab12-1", shard="1/3")
    web.clock.advance(5 * SECOND)
    beat(web, "fieldproof-ab12-0", shard="0/2")
    assert checks(web)[0] == 200
    beat(web, "fieldproof-ab12-0", shard="odd")
    assert "(0/3)" not in checks(web)[1]["collectors"]["detail"]


def test_a_broker_that_is_not_connected_is_named(web: Web) -> None:
    beat(web, brokers={"north:1883": True, "south:1883": False})
    assert only_fault(web, "brokers")["detail"] == "collector-1 is not connected and subscribed to south:1883"


def test_a_collector_that_cannot_store_says_since_when_and_what_to_do(web: Web) -> None:
    beat(web, trouble={"kind": "disk_full", "detail": "/data: no space left", "since": NOW - MINUTE})
    found = only_fault(web, "storing")
    assert "(disk_full): /data: no space left" in found["detail"]
    assert "since 20" in found["detail"]
    assert "Free space" in found["todo"]
    assert metrics(web)["fieldproof_collector_storing", (("collector", "collector-1"),)] == 0
    assert web.items("/collectors")[0]["trouble"]["kind"] == "disk_full"


def test_what_waits_too_long_for_a_destination_is_told_with_its_last_words(web: Web) -> None:
    waiting = {"depth": 900, "age_s": 301.0, "parked": 0, "error": "InfluxDB answered 503"}
    beat(web, outbox={"influx": waiting, "site": {"depth": 0, "age_s": 0.0, "parked": 0, "error": None}})
    found = only_fault(web, "outbox")
    assert "900 entries for influx waiting for 5 min (InfluxDB answered 503)" in found["detail"]
    beat(web, outbox={"influx": {**waiting, "age_s": 299.0}})
    assert checks(web)[0] == 200


def test_what_a_silent_collector_said_last_is_no_second_fault(web: Web) -> None:
    beat(web, brokers={"b:1883": False}, trouble={"kind": "locked", "detail": "", "since": None})
    web.clock.advance(2 * MINUTE)
    only_fault(web, "collectors")


def test_a_disk_that_is_nearly_full_is_not_ready(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size of a real disk cannot be chosen here: what is called nearly full is set above it."""
    assert readiness.nearly_full(web.parts.settings.data / "not" / "yet" / "there") is None
    monkeypatch.setattr(readiness, "FREE_SHARE", 1.1)
    monkeypatch.setattr(readiness, "FREE_BYTES", 1 << 60)
    assert "GiB free of" in only_fault(web, "disk")["detail"]


def test_an_influxdb_that_does_not_answer_is_not_ready(web: Web) -> None:
    settings = Settings(influx_url=f"http://127.0.0.1:{free_port()}", influx_bucket="plant")
    web.parts.store = InfluxReadingStore(Influx(settings))
    assert "InfluxDB does not answer" in only_fault(web, "readings")["detail"]


def test_a_load_balancer_asks_for_what_a_web_worker_needs(web: Web) -> None:
    """Taking every worker away because a collector is silent would hide the screen that says so."""
    web.clock.advance(2 * MINUTE)
    some = web.get("/readyz?only=database,migrations", None)
    assert (some.status_code, set(some.json["checks"])) == (200, {"database", "migrations"})
    rest = web.get("/readyz?exclude=collectors", None)
    assert (rest.status_code, set(rest.json["checks"])) == (200, NAMES - {"collectors"})


def test_a_misspelt_check_watches_nothing_and_says_so(web: Web) -> None:
    answer = web.get("/readyz?only=databse", None)
    assert answer.status_code == 503
    assert "database" in answer.json["checks"]["databse"]["todo"]


def test_metrics_count_what_the_collectors_counted(web: Web) -> None:
    found = metrics(web)
    of = (("collector", "collector-1"),)
    influx = (*of, ("destination", "influx"))
    assert found["fieldproof_collector_received_total", of] == 1200
    assert found["fieldproof_collector_stored_total", of] == 5000
    assert found["fieldproof_collector_redelivered_total", of] == 1
    assert found["fieldproof_collector_foreign_total", of] == 2400
    assert found["fieldproof_collector_commits_total", of] == 40
    assert found["fieldproof_collector_commit_failures_total", of] == 2
    assert found["fieldproof_collector_outbox_depth", influx] == 4
    assert found["fieldproof_collector_outbox_age_seconds", influx] == 0.5
    assert found["fieldproof_collector_outbox_parked", influx] == 1
    assert found["fieldproof_collector_outbox_depth", (*of, ("destination", "site"))] == 0
    assert found["fieldproof_collector_up", of] == 1
    assert found["fieldproof_collector_storing", of] == 1
    assert found["fieldproof_collector_disk_free_bytes", of] == 7_000_000_000
    assert found["fieldproof_collector_connected", (("broker", "broker:1883"), *of)] == 1
    assert found["fieldproof_collector_dead_letters_total", (*of, ("reason", "not_json"))] == 2
    assert found["fieldproof_alarms_open", (("level", "permit"),)] == 2
    assert found["fieldproof_site_database_up", ()] == 1


def test_durations_are_histograms_that_prometheus_can_sum(web: Web) -> None:
    found = metrics(web)
    of = ("collector", "collector-1")
    name = "fieldproof_collector_commit_latency_seconds"
    buckets = [found[f"{name}_bucket", (of, ("le", bound))] for bound in ("0.01", "0.1", "+Inf")]
    assert buckets == [30, 39, 40]
    assert (found[f"{name}_count", (of,)], found[f"{name}_sum", (of,)]) == (40, 0.75)


def test_every_device_says_when_it_last_spoke(web: Web) -> None:
    name = "fieldproof_device_last_seen_timestamp_seconds"
    found = {labels: at for (sample, labels), at in metrics(web).items() if sample == name}
    assert found[("device", "dairy.effluent"), ("site", "dairy")] == (NOW - 3 * SECOND) / 1000
    assert ("device", "dairy.old") not in {label for labels in found for label in labels}


def test_too_many_devices_are_counted_and_the_same_ones_shown(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each series costs the watcher memory."""
    monkeypatch.setattr("webapp.metrics.DEVICES_SHOWN", 1)
    found = metrics(web)
    shown = [labels for name, labels in found if name == "fieldproof_device_last_seen_timestamp_seconds"]
    assert len(shown) == 1
    assert found["fieldproof_devices", ()] > 1


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
    with web.parts.db.write() as db:
        db.get_one(Collector, "collector-1").stats = {"received": None, "dead_letters": None}
    assert metrics(web)["fieldproof_collector_received_total", (("collector", "collector-1"),)] == 0
    assert web.items("/collectors")[0]["received"] == 0
