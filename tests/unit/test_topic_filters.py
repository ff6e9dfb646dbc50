"""What is subscribed to, so that a message comes once from brokers that deliver it for each subscription."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.ingest.sessions import note_filters, noted_filters
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.matching import without_covered
from collector.profiles.vocabulary import load_vocabulary
from collector.stores.collector_db import open_collector_db, transaction


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        (["plant/+/+", "plant/+/ph", "plant/et1/ph"], ["plant/+/+"]),
        # Neither has all that the other has.
        (["plant/+/ph", "plant/et1/+"], ["plant/+/ph", "plant/et1/+"]),
        (["plant/+", "plant/+/ph"], ["plant/+", "plant/+/ph"]),
        (["+/uptime", "$SYS/uptime"], ["$SYS/uptime", "+/uptime"]),
        ([], []),
    ],
)
def test_a_filter_that_another_one_covers_is_not_subscribed_to(filters: list[str], left: list[str]) -> None:
    assert without_covered(filters) == left


def test_nothing_that_a_profile_asks_for_is_missed() -> None:
    library = load_library([device_configs()], load_vocabulary(device_configs()))
    assert without_covered([*library.topic_filters(), *library.all_filters()]) == library.topic_filters()


def test_what_a_session_is_subscribed_to_is_noted_as_it_is(tmp_path: Path) -> None:
    """Torn apart at a space, a filter could not be given back, and no reshard would know it."""
    filters = ["zigbee2mqtt/Pump House/+", "Straße/+", "a/50%20/#", "$SYS/+"]
    db = open_collector_db(tmp_path / "collector.db")
    with transaction(db):
        note_filters(db, "broker:1883", filters)
    assert noted_filters(db, "broker:1883") == filters
    assert noted_filters(db, "another:1883") == []
    db.close()
