"""Which changes of profiles several collectors cannot take one after the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.loading import load_profile
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PROFILE = """
schema: 1
id: IDENT
decoder: json
match: [{topic: "TOPIC"}]
device_id: "{device}"
group: "GROUP"
metrics: [{name: ph, path: [ph], unit: pH}]
examples: [{description: one, topic: a/b, payload: {}, expect: none}]
"""


def profile(folder: Path, ident: str, topic: str, group: str) -> Profile:
    file = folder / f"{ident}.yaml"
    file.write_text(PROFILE.replace("IDENT", ident).replace("TOPIC", topic).replace("GROUP", group))
    return load_profile(file, VOCABULARY)


@pytest.mark.parametrize(
    ("topic", "group", "otherwise"),
    [
        ("x/{gateway}/{device}", "{gateway}", ["new"]),
        ("x/one/{device}", "one", ["new"]),
        # The same level, by another name.
        ("x/{site}/{device}", "{device}", []),
        ("y/{gateway}/{device}", "{gateway}", []),
    ],
)
def test_a_profile_that_comes_or_goes_must_not_move_messages_that_another_one_read(
    tmp_path: Path, topic: str, group: str, otherwise: list[str]
) -> None:
    known = profile(tmp_path, "known", "x/{area}/{device}", "{device}")
    before, after = Library((known,)), Library((known, profile(tmp_path, "new", topic, group)))
    assert after.groups_otherwise(before) == otherwise
    assert before.groups_otherwise(after) == otherwise


def test_nothing_is_said_of_profiles_that_stay_as_they_are() -> None:
    library = load_library([device_configs()], VOCABULARY)
    assert library.groups_otherwise(library) == []
