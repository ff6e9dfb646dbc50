"""Every example of every profile is decoded, and must give what the profile says it gives."""

from __future__ import annotations

from typing import Any

import pytest

from collector.devices.examples import differences, unshown
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PROFILES = load_library((device_configs(),), VOCABULARY).profiles
EXAMPLES = [
    pytest.param(profile, example, id=f"{profile.id}: {example['description']}")
    for profile in PROFILES
    for example in profile.examples
]


@pytest.mark.parametrize(("profile", "example"), EXAMPLES)
def test_example(profile: Profile, example: dict[str, Any]) -> None:
    assert differences(profile, example, VOCABULARY) == []


@pytest.mark.parametrize("profile", PROFILES, ids=[profile.id for profile in PROFILES])
def test_every_metric_that_is_not_optional_is_shown_by_an_example(profile: Profile) -> None:
    assert [f"metrics.{index}: {rule.name}" for index, rule in unshown(profile, profile.examples)] == []
