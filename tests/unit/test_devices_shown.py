"""`devices list` and `devices check` on a screen: a line for each profile, however narrow."""

from __future__ import annotations

from io import StringIO

import pytest
from rich.console import Console

from collector.devices.catalogue import products_of, search
from collector.devices.check import check_folders
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from webapp.device_library import profiles_shown

VOCABULARY = load_vocabulary(device_configs())
PROFILES = load_library((device_configs(),), VOCABULARY).profiles


def shown(width: int, searched: str = "") -> list[str]:
    out = StringIO()
    console = Console(file=out, width=width, highlight=False, emoji=False)
    profiles_shown.profiles(console, search(PROFILES, searched), searched)
    return out.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_each_profile_is_one_line_whole_in_its_name_and_within_the_screen(width: int) -> None:
    lines = shown(width)
    assert max(map(len, lines)) <= width
    for profile in PROFILES:
        assert sum(line.split()[:2] == [profile.id, profile.about.kind] for line in lines) == 1
    # A blank line above and below, the headings, a rule, and the count.
    assert len(lines) == len(PROFILES) + 5


def test_metrics_are_shown_where_there_is_room() -> None:
    assert "metrics" not in shown(80)[1]
    assert "metrics" in shown(120)[1]


def test_what_was_searched_for_is_not_cut_away() -> None:
    text = " ".join(" ".join(shown(80, "multical 803")).split())
    assert "Multical 803" in text
    assert "…" not in text


def test_a_vendor_is_named_once() -> None:
    by_id = {profile.id: profile for profile in PROFILES}
    assert products_of(by_id["shelly-plug-s"]) == "Shelly Plug S, Plug, 1PM"
    assert products_of(by_id["zigbee2mqtt-metering-plug"]).count("; ") == 1


def test_a_check_takes_a_line_for_each_profile_that_is_well() -> None:
    out = StringIO()
    console = Console(file=out, width=80, highlight=False, emoji=False)
    profiles_shown.report(console, check_folders([device_configs()], VOCABULARY))
    lines = out.getvalue().splitlines()
    assert sum(line.startswith("✓ ") for line in lines) == len(PROFILES)
    assert all(len(line) <= 80 and "example" in line for line in lines if line.startswith("✓ "))
