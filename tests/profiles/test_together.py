"""All profiles stand in one library: none may take what is another's."""

from __future__ import annotations

from typing import Any

import pytest

from collector.devices.examples import example_payload
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import load_vocabulary

LIBRARY = load_library((device_configs(),), load_vocabulary(device_configs()))


def gives_readings(example: dict[str, Any]) -> bool:
    expect = example["expect"]
    return expect != "none" and not (isinstance(expect, dict) and "refused" in expect)


@pytest.mark.parametrize("profile", LIBRARY.profiles, ids=[profile.id for profile in LIBRARY.profiles])
def test_what_a_profile_gives_as_its_own_is_taken_by_it_among_all(profile: Profile) -> None:
    for example in filter(gives_readings, profile.examples):
        taken = LIBRARY.decode(example["topic"], example_payload(example))
        assert taken is not None, example["description"]
        assert taken[0].id == profile.id, example["description"]
