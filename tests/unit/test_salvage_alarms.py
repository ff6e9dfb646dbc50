"""After a salvage no alarm stays open that nothing can clear, and no limit waits for an alarm that is gone."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest

from collector.domain.reading import Quality, Reading, Reason
from collector.stores import salvage
from collector.stores.collector_db import open_collector_db, transaction
from collector.stores.reading_table import ReadingTable
from collector.stores.salvage_readings import ReadingsSalvage
from tests.unit.test_committer import NOW, Plant, message

ASIDE = "collector.db.corrupt-20261125T000000Z"


def salvaged(folder: Path, *spoil: str) -> Plant:
    """A plant with an alarm raised five seconds ago, after its file was spoilt, set aside and salvaged."""
    file = folder / "collector.db"
    plant = Plant(file)
    plant.committer.commit([message(9.6, 1, time=NOW - 5_000)])
    for statement in spoil:
        plant.db.execute(statement)
    plant.db.close()
    file.rename(folder / ASIDE)
    db = open_collector_db(file)
    salvage.essentials(folder / ASIDE, db, NOW)
    db.close()
    return Plant(file)


def alarms(plant: Plant) -> list[tuple[int, int | None]]:
    return plant.db.execute("SELECT raised_at - ?1, cleared_at - ?1 FROM alarm ORDER BY raised_at", (NOW,)).fetchall()


def forwarded(db: sqlite3.Connection, kind: str) -> Any:
    """The last record of a kind that is to reach the site database."""
    (body,) = db.execute("SELECT body FROM outbox WHERE kind=? ORDER BY seq DESC LIMIT 1", (kind,)).fetchone()
    return orjson.loads(body)


def test_an_alarm_and_its_state_that_were_both_carried_over_go_on(tmp_path: Path) -> None:
    plant = salvaged(tmp_path)
    assert alarms(plant) == [(-5_000, None)]
    plant.committer.commit([message(7.0, 2, time=NOW - 1_000)])
    assert alarms(plant) == [(-5_000, -1_000)]


@pytest.mark.parametrize("phase", ["active", "clearing"])
def test_a_limit_whose_alarm_was_lost_begins_afresh_and_costs_no_reading(tmp_path: Path, phase: str) -> None:
    plant = salvaged(tmp_path, "UPDATE alarm SET limit_json=x'7b00'", f"UPDATE limit_state SET phase='{phase}'")
    assert plant.count("alarm") == 0
    for packet, value in enumerate((7.0, 9.7, 7.1)):
        plant.committer.commit([message(value, 10 + packet, time=NOW - 4_000 + 1_000 * packet)])
    assert plant.count("reading") == 4
    assert plant.count("dead_letter") == 0
    assert alarms(plant) == [(-3_000, -2_000)]


@pytest.mark.parametrize(
    "spoil",
    [
        "UPDATE limit_state SET phase='activf'",
        "UPDATE limit_state SET phase='normal'",
        "UPDATE limit_state SET alarm_id=NULL",
        "UPDATE limit_state SET alarm_id='another'",
        "DELETE FROM limit_state",
    ],
)
def test_an_open_alarm_whose_state_was_lost_is_cleared_and_the_site_hears_of_it(tmp_path: Path, spoil: str) -> None:
    plant = salvaged(tmp_path, spoil)
    assert alarms(plant) == [(-5_000, 0)]
    told = forwarded(plant.db, "transition")
    assert (told["kind"], told["note"], told["at"], told["value"]) == (
        "cleared",
        "state lost with the damaged file",
        NOW,
        None,
    )
    sent = forwarded(plant.db, "alarm")
    assert (sent["id"], sent["condition"], sent["cleared_at"], sent["revision"]) == (
        told["alarm_id"],
        "cleared",
        NOW,
        2,
    )
    kept = plant.db.execute("SELECT kind, note FROM alarm_transition ORDER BY recorded_at, at").fetchall()
    assert kept == [("raised", None), ("cleared", "state lost with the damaged file")]


def test_a_value_that_is_still_beyond_the_limit_raises_one_alarm_and_it_clears(tmp_path: Path) -> None:
    plant = salvaged(tmp_path, "DELETE FROM limit_state")
    plant.committer.commit([message(9.7, 2, time=NOW - 4_000)])
    assert alarms(plant) == [(-5_000, 0), (-4_000, None)]
    plant.committer.commit([message(7.0, 3, time=NOW - 3_000)])
    assert alarms(plant) == [(-5_000, 0), (-4_000, -3_000)]


def test_an_alarm_that_is_missing_in_a_file_salvaged_before_costs_no_reading(tmp_path: Path) -> None:
    plant = Plant(tmp_path / "collector.db")
    plant.committer.commit([message(9.6, 1, time=NOW - 5_000)])
    plant.db.execute("DELETE FROM alarm")
    plant.db.close()
    again = Plant(tmp_path / "collector.db")
    again.committer.commit([message(7.0, 2, time=NOW - 4_000)])
    again.committer.commit([message(9.6, 3, time=NOW - 3_000)])
    assert again.count("reading") == 3
    assert alarms(again) == [(-3_000, None)]


def test_an_old_value_is_kept_beside_another_that_a_device_sent_before_the_copy(tmp_path: Path) -> None:
    plant = salvaged(tmp_path)
    # The newest is carried over at once; this one is not there yet when the device sends another value for its moment.
    with sqlite3.connect(tmp_path / ASIDE) as old:
        old.executemany(
            "INSERT INTO reading VALUES (1, ?, ?, 0, 0, ?)",
            [(NOW - 9_000, 7.25, NOW), (NOW - 8_000, 7.5, NOW), (NOW - 7_000, None, NOW)],
        )
    old.close()
    sent = [(NOW - 9_000, 7.75), (NOW - 8_000, 7.5), (NOW - 7_000, 8.0)]
    with transaction(plant.db):
        readings = [
            Reading("dairy.effluent", "ph", at, value, Quality.GOOD, Reason.NONE, NOW, stamped=False)
            for at, value in sent
        ]
        ReadingTable(plant.db).store(readings)
    thread = ReadingsSalvage(tmp_path / "collector.db", lambda: NOW)
    thread.start()
    thread.join(30)
    found = plant.db.execute("SELECT observed_at, value FROM reading WHERE observed_at < ?", (NOW - 6_000,)).fetchall()
    assert found == sent
    assert plant.db.execute("SELECT observed_at, value FROM conflict").fetchall() == [
        (NOW - 9_000, 7.25),
        (NOW - 7_000, None),
    ]
