"""Children of `fieldproof up` that die: when they are started again, and what is said of it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.servers import wait_for
from webapp import children as module
from webapp.children import Child, Children

Making = Callable[[int], tuple[Children, list[bool]]]


@pytest.fixture
def making(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Making]:
    """Of a child that ends with a code at once: its watcher, and for each time it was told of whether as refused."""
    monkeypatch.setattr(module, "_RESTART_AFTER_S", (0.0,))
    made: list[Children] = []

    def make(code: int) -> tuple[Children, list[bool]]:
        told: list[bool] = []
        made.append(Children(lambda child: told.append(child.refused)))
        command = [sys.executable, "-c", f"print('began', flush=True); raise SystemExit({code})"]
        made[-1].start(Child("one", command, tmp_path / "one.log"))
        return made[-1], told

    yield make
    for children in made:
        children.stop()


def begun(folder: Path) -> int:
    return (folder / "one.log").read_text().count("began")


def watched_until(children: Children, condition: Callable[[], bool], what: str) -> None:
    def now() -> bool:
        children.watch()
        return condition()

    wait_for(now, 20, what)


def test_one_that_dies_is_started_again_and_told_of_each_time(making: Making, tmp_path: Path) -> None:
    children, told = making(1)
    watched_until(children, lambda: begun(tmp_path) >= 3, "three starts")
    assert told[:2] == [False, False]


def test_one_that_cannot_use_its_configuration_waits_longer(making: Making, tmp_path: Path) -> None:
    """Such as a collector in a folder with an unfinished reshard: somebody must act first."""
    children, told = making(module.EXIT_CONFIG)
    watched_until(children, lambda: bool(told), "its end")
    for _ in range(50):
        children.watch()
    assert (told, begun(tmp_path)) == ([True], 1)


def test_what_it_said_of_its_configuration_is_told_once(
    making: Making, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CONFIG_AGAIN_S", 0.0)
    children, told = making(module.EXIT_CONFIG)
    watched_until(children, lambda: begun(tmp_path) >= 3, "three starts")
    assert told == [True]
