"""Which changes of the profile files are taken, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.profiles.watch import LibraryWatch

VOCABULARY = load_vocabulary(device_configs())
PROFILE = """
schema: 1
id: NAME
decoder: json
match: [{topic: "x/{device}"}]
device_id: "{device}"
metrics: [{name: ph, path: [PH], unit: pH}]
examples: [{description: one, topic: x/a, payload: {PH: 7}, expect: none}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "profiles").mkdir()
    write(tmp_path, "first")
    return tmp_path


def write(folder: Path, name: str, text: str = PROFILE) -> None:
    (folder / "profiles" / f"{name}.yaml").write_text(text.replace("NAME", name))


def taken(watch: LibraryWatch) -> list[str] | None:
    library = watch.take()
    return None if library is None else [profile.id for profile in library.profiles]


def test_nothing_is_taken_while_nothing_changes(folder: Path) -> None:
    watch = LibraryWatch([folder], VOCABULARY)
    watch.step()
    watch.step()
    assert taken(watch) is None


def test_a_new_file_is_taken_once_and_only_when_it_is_no_longer_written(folder: Path) -> None:
    watch = LibraryWatch([folder], VOCABULARY)
    write(folder, "second", PROFILE[:60])
    watch.step()
    write(folder, "second")
    watch.step()
    assert (taken(watch), watch.faults) == (None, ())
    watch.step()
    assert taken(watch) == ["first", "second"]
    watch.step()
    assert taken(watch) is None


def test_a_file_that_goes_takes_its_profile_along(folder: Path) -> None:
    write(folder, "second")
    watch = LibraryWatch([folder], VOCABULARY)
    (folder / "profiles" / "second.yaml").unlink()
    watch.step()
    watch.step()
    assert taken(watch) == ["first"]


def test_a_fault_is_kept_until_it_is_mended_and_nothing_is_taken(folder: Path) -> None:
    watch = LibraryWatch([folder], VOCABULARY)
    write(folder, "first", PROFILE.replace("unit: pH", "unit: kWh"))
    watch.step()
    watch.step()
    assert taken(watch) is None
    assert "cannot be converted to" in watch.faults[0]
    write(folder, "first", PROFILE + "# mended\n")
    watch.step()
    watch.step()
    assert (taken(watch), watch.faults) == (["first"], ())


def test_what_could_not_be_used_yet_is_offered_again(folder: Path) -> None:
    watch = LibraryWatch([folder], VOCABULARY)
    write(folder, "second")
    watch.step()
    watch.step()
    library = watch.take()
    assert library is not None
    watch.give_back(library)
    assert taken(watch) == ["first", "second"]


def test_a_folder_that_is_not_there_for_a_while_takes_no_profile_along(folder: Path) -> None:
    watch = LibraryWatch([device_configs(), folder], VOCABULARY)
    (folder / "profiles").rename(folder / "away")
    watch.step()
    watch.step()
    assert (watch.take(), watch.faults) == (None, (f"{folder / 'profiles'}: the folder is gone",))
    (folder / "away").rename(folder / "profiles")
    watch.step()
    watch.step()
    assert watch.faults == ()
    assert "first" in (taken(watch) or [])


def test_a_folder_that_was_never_there_is_a_fault(folder: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder") as refused:
        load_library([folder, folder / "misspelt"], VOCABULARY)
    assert len(refused.value.faults) == 1


@pytest.mark.parametrize("text", ["a: &a [*a]\n", "a: " + "[" * 5000])
def test_whatever_stands_in_a_file_the_next_change_is_seen(folder: Path, text: str) -> None:
    watch = LibraryWatch([folder], VOCABULARY)
    write(folder, "second", text)
    watch.step()
    watch.step()
    assert taken(watch) is None
    assert "second.yaml" in watch.faults[0]
    write(folder, "second")
    watch.step()
    watch.step()
    assert taken(watch) == ["first", "second"]


def test_a_folder_that_goes_while_it_is_looked_at_does_not_end_the_watch(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch = LibraryWatch([folder], VOCABULARY)
    write(folder, "second")
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rglob", lambda *_: (_ for _ in ()).throw(FileNotFoundError("gone")))
        watch.step()
    watch.step()
    watch.step()
    assert taken(watch) == ["first", "second"]
