"""What every fault test starts from, and the table of their accounts at the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import astuple, fields
from pathlib import Path

import pytest

from tests.faults.matrix.ledger import Account, Ledger
from tests.faults.matrix.plant import Plant, open_plant
from tests.faults.matrix.stream import BY_HAND
from tests.servers import Server

_ACCOUNTS = pytest.StashKey[list[Account]]()
_NAME = 75


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_ACCOUNTS] = []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if accounts := config.stash[_ACCOUNTS]:
        terminalreporter.section("fault matrix")
        _, *names = [field.name for field in fields(Account)]
        terminalreporter.write_line(" " * _NAME + "".join(f"{name:>12}" for name in names))
        for account in accounts:
            name, *numbers = astuple(account)
            terminalreporter.write_line(
                f"{name[:_NAME]:<{_NAME}}" + "".join(f"{n:>12,.{_digits(n)}f}" for n in numbers)
            )


def _digits(number: float) -> int:
    return 1 if isinstance(number, float) else 0


@pytest.fixture
def readings(request: pytest.FixtureRequest) -> int:
    """How many each fault has to survive."""
    return int(request.config.getoption("--readings"))


@pytest.fixture
def rate(readings: int) -> float:
    """Messages a second, so that a stream is still running when something breaks: 4 s of it, by hand 15 s."""
    return readings / (15 if readings >= BY_HAND else 4)


@pytest.fixture
def plant(tmp_path: Path, broker: Server, influx: Server) -> Iterator[Plant]:
    with open_plant(tmp_path, broker, influx) as found:
        yield found


@pytest.fixture
def ledger(plant: Plant, request: pytest.FixtureRequest, readings: int) -> Ledger:
    name = request.node.name.removeprefix("test_").replace("_", " ")
    return Ledger(plant, name, request.config.stash[_ACCOUNTS], patient=readings >= BY_HAND)
