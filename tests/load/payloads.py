"""Messages for load tests in our plain format. Every message has a number, and its time is that number's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, TypeAlias

from collector.clock import now_ms

Messages: TypeAlias = Iterator[tuple[str, bytes]]
SITE = "plant"
FILTER = f"fieldproof/{SITE}/#"
FOUR = ("active_power", "energy_import", "voltage_l1", "current_l1")


def device(number: int) -> str:
    return f"meter-{number:04d}"


def device_id(number: int) -> str:
    """As the plain format's profile makes it."""
    return f"{SITE}.{device(number)}"


def topic(number: int) -> str:
    return f"fieldproof/{SITE}/{device(number)}/readings"


def one_value(count: int, devices: int = 100, first: int = 0, start: int | None = None) -> Messages:
    """A temperature each. `start` is the time of message 0 in epoch ms: by default the last one is of now."""
    start = _start(count, first, start)
    topics = [topic(number) for number in range(devices)]
    for i in range(first, first + count):
        value = f"{15 + i % 17}.{i * 7919 % 1000:03d}"
        yield topics[i % devices], f'{{"time":{start + i},"values":{{"temperature":{value}}}}}'.encode()


def four_values(count: int, devices: int = 100, first: int = 0, start: int | None = None) -> Messages:
    """What an energy meter says: power, energy, voltage, current."""
    start = _start(count, first, start)
    topics = [topic(number) for number in range(devices)]
    for i in range(first, first + count):
        values = (
            f'{{"active_power":{10 + i % 7}.{i * 31 % 100:02d},"energy_import":{1000 + i // devices}.5,'
            f'"voltage_l1":{225 + i % 11}.{i * 7919 % 10},"current_l1":{15 + i % 5}.{i * 13 % 100:02d}}}'
        )
        yield topics[i % devices], f'{{"time":{start + i},"values":{values}}}'.encode()


def numbered(count: int, devices: int = 100, first: int = 0, start: int | None = None) -> Messages:
    """Each value is the message's number, so that a lost or doubled one shows in what was stored."""
    start = _start(count, first, start)
    topics = [topic(number) for number in range(devices)]
    for i in range(first, first + count):
        yield topics[i % devices], f'{{"time":{start + i},"values":{{"volume_total":{i}}}}}'.encode()


def numbered_without_time(count: int, devices: int = 100, first: int = 0, start: int | None = None) -> Messages:
    """The same, from devices that have no clock: their identity rests on the packet id."""
    topics = [topic(number) for number in range(devices)]
    for i in range(first, first + count):
        yield topics[i % devices], f'{{"values":{{"energy_import":{i}}}}}'.encode()


def _start(count: int, first: int, start: int | None) -> int:
    return now_ms() - first - count if start is None else start


class Shape(Protocol):
    def __call__(self, count: int, devices: int = 100, first: int = 0, start: int | None = None) -> Messages: ...


SHAPES: dict[str, Shape] = {
    "one": one_value,
    "four": four_values,
    "numbered": numbered,
    "numbered-without-time": numbered_without_time,
}
