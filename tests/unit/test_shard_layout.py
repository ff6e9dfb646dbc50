"""A data folder is divided in one way at a time, and says so to a collector that thinks otherwise."""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from collector.errors import ConfigError
from collector.sharding import plan as plans
from collector.sharding.layout import ALONE, Shard, claim, client_id, files, groups, installation, recorded, shards
from collector.sharding.plan import Plan
from collector.stores.collector_db import open_collector_db, set_meta

BY_DEVICE = {"plain": "{site}.{device}"}


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._open: list[sqlite3.Connection] = []

    def file(self, shard: Shard) -> sqlite3.Connection:
        self._open.append(open_collector_db(shard.database(self.path)))
        return self._open[-1]

    def claim(self, text: str, templates: dict[str, str] | None = None) -> str:
        shard = Shard.parse(text)
        return claim(self.file(shard), self.path, shard, BY_DEVICE if templates is None else templates)

    def close(self) -> None:
        for db in self._open:
            db.close()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    made = Folder(tmp_path)
    yield made
    made.close()


def test_the_first_keeps_the_names_of_a_collector_alone(tmp_path: Path) -> None:
    assert Shard.parse("0/1") == ALONE
    names = [Shard(index, 3).database(tmp_path).name for index in range(3)]
    assert names == ["collector.db", "collector-1.db", "collector-2.db"]
    assert [Shard(index, 2).lock(tmp_path).name for index in range(2)] == ["collector.lock", "collector-1.lock"]
    assert client_id("ab12", 2) == "fieldproof-ab12-2"


@pytest.mark.parametrize("text", ["", "1", "3/3", "-1/3", "0/0", "0/65", "1/2/3", "a/b", "0 / 2"])
def test_what_is_no_shard_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"collectors|of the form"):
        Shard.parse(text)


def test_a_fresh_folder_takes_what_it_is_given_and_all_have_one_installation(folder: Folder) -> None:
    assert shards(folder.path) == [ALONE]
    assert len({folder.claim(f"{index}/3") for index in range(3)}) == 1
    assert folder.claim("1/3") == installation(folder.path)
    assert recorded(folder.file(Shard(2, 3))) == Shard(2, 3)
    assert shards(folder.path) == [Shard(0, 3), Shard(1, 3), Shard(2, 3)]


def test_all_that_begin_at_once_are_of_one_installation_also_where_there_are_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FAT and exFAT have none."""

    def none(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", none)
    for attempt in range(20):
        (folder := tmp_path / str(attempt)).mkdir()
        with ThreadPoolExecutor(8) as at_once:
            assert len(set(at_once.map(lambda _, folder=folder: installation(folder), range(8)))) == 1


def test_another_layout_than_the_recorded_one_is_refused_with_what_to_do(folder: Folder) -> None:
    folder.claim("0/3")
    for text in ("0/1", "0/4"):
        with pytest.raises(ConfigError, match=f"collector 0/3; .*'fieldproof reshard {text[2]}'"):
            folder.claim(text)
    with pytest.raises(ConfigError, match="collector 0/3"):
        folder.claim("1/2")


def test_a_folder_of_a_version_that_knew_one_collector_keeps_its_session(folder: Folder) -> None:
    set_meta(folder.file(ALONE), "installation", "0ld1d")
    with pytest.raises(ConfigError, match="collector 0/1"):
        folder.claim("1/2")
    assert folder.claim("0/1") == "0ld1d"
    assert (folder.path / "installation").read_text() == "0ld1d"


def test_no_collector_starts_while_a_reshard_is_unfinished(folder: Folder) -> None:
    folder.claim("0/1")
    plans.save(folder.path, Plan.new(1, 2))
    with pytest.raises(ConfigError, match="was not finished"):
        folder.claim("0/1")
    plans.remove(folder.path)
    folder.claim("0/1")


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = Plan.new(4, 2)
    plans.save(tmp_path, plan)
    assert plans.load(tmp_path) == plan
    assert (list(plan.added), list(plan.removed)) == ([], [2, 3])
    plans.remove(tmp_path)
    assert plans.load(tmp_path) is None


def test_another_grouping_is_refused_where_it_would_change_owners(folder: Folder) -> None:
    changed, added = {"plain": "{site}"}, {**BY_DEVICE, "new": "{gateway}"}
    folder.claim("0/1")
    folder.claim("0/1", changed)
    assert groups(folder.file(ALONE)) == changed
    other = Folder(folder.path / "other")
    other.claim("0/2")
    other.claim("0/2", added)
    with pytest.raises(ConfigError, match=r"profile plain .*'fieldproof reshard 2'"):
        other.claim("0/2", changed)
    other.close()


def test_only_collectors_files_count_as_such(tmp_path: Path) -> None:
    for name in ("collector.db", "collector-2.db", "collector-10.db", "collector-2.db.retired-20261125T100000",
                 "collector.db.corrupt-1", "collector-x.db", "collector-1.lock"):  # fmt: skip
        (tmp_path / name).touch()
    assert {index: path.name for index, path in files(tmp_path).items()} == {
        0: "collector.db",
        2: "collector-2.db",
        10: "collector-10.db",
    }
