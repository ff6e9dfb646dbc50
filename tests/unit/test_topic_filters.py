"""What is subscribed to, so that a message comes once from brokers that deliver it for each subscription."""

from __future__ import annotations

import pytest

from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.matching import without_covered
from collector.profiles.vocabulary import load_vocabulary


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
