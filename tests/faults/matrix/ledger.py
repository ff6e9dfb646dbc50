"""The account at the end of a fault: every message that the broker took, in every store, counted and compared."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from collector.clock import now_ms
from collector.domain.times import FUTURE_TOLERANCE_MS
from tests.faults.matrix.plant import Plant
from tests.faults.matrix.stream import STAMPED, TIMED, Numbered, Stream, device, is_timed
from tests.servers import wait_for
from tests.world import publish

_SENTINEL = "fieldproof/plant/sentinel/readings"
_NUMBERED = "device LIKE 'plant.meter-%'"
# (device, metric) -> [(observed_at, value)], oldest first.
Series = dict[tuple[str, str], list[tuple[int, float]]]


@dataclass
class Account:
    """A line of the table.

    `known_again`: redeliveries that the collector which ran last dropped. `sent_twice`: numbers of which the publisher
    had to send a second message, because it cannot know whether the broker had taken the first, and both were stored.
    """

    fault: str
    published: int
    acked: int
    stored: int
    in_influx: int
    known_again: int
    sent_twice: int
    lost: int
    doubled: int
    seconds: float


@dataclass
class Ledger:
    """`fault` names the line. Seconds are counted from when it is made.

    `patient`: it waits for the heartbeat that tells the last counts.
    """

    plant: Plant
    fault: str
    accounts: list[Account] = field(default_factory=list)
    patient: bool = False
    began: float = field(default_factory=time.monotonic)
    _marks: int = 0

    def settle(self, seconds: float = 60) -> None:
        """Until a last message has come through behind all others, and nothing waits to be forwarded any more."""
        self._marks += 1
        publish(self.plant.broker.port, [{"values": {"level": self._marks}}], _SENTINEL)
        mark = "SELECT 1 FROM reading JOIN series ON id=series_id WHERE device='plant.sentinel' AND value=?"
        wait_for(lambda: bool(self.plant.query(mark, self._marks)), seconds, "the last message")
        wait_for(lambda: self.plant.waiting() == 0, seconds, "an empty outbox")
        if self.patient:
            beat = self.plant.last_beat()
            wait_for(lambda: self.plant.last_beat() != beat, 30, "a heartbeat that counts all of it")

    def check(
        self,
        messages: Numbered,
        stream: Stream,
        *,
        may_lose: Collection[int] = (),
        not_in_influx: Collection[int] = (),
        dead_letters: Mapping[str, int] | None = None,
    ) -> Account:
        """Asserts that all is where it belongs, once."""
        stored = self.stored()
        found = Counter(int(value) for rows in stored.values() for _, value in rows)
        lost = set(range(messages.count)) - set(found)
        twice = {number for number, times in found.items() if times > 1}
        doubled = {number for number in twice if is_timed(number) or number not in stream.repeated}
        influx = self.in_influx()
        account = Account(
            self.fault, stream.count, stream.acked, found.total(), sum(map(len, influx.values())),
            self._known_again(), len(twice - doubled), len(lost), len(doubled), time.monotonic() - self.began,
        )  # fmt: skip
        self.accounts.append(account)
        assert stream.acked == stream.count
        assert sorted(lost - set(may_lose)) == [], f"{len(lost)} lost"
        assert sorted(doubled) == [], "stored twice"
        assert set(found) <= set(range(messages.count))
        assert_in_their_places(messages, stored)
        assert influx == without(stored, not_in_influx)
        assert self.latest() == newest(stored)
        assert self.plant.count("conflict") == 0
        self.assert_dead_letters(dead_letters or {})
        assert self.plant.waiting() == 0
        assert self.plant.running is not None
        assert self.plant.running.process is not None
        assert self.plant.running.process.poll() is None
        return account

    def numbers(self) -> set[int]:
        """All that is stored."""
        return {int(value) for rows in self.stored().values() for _, value in rows}

    def stored(self) -> Series:
        sql = f"SELECT device, metric, observed_at, value FROM reading JOIN series ON id=series_id WHERE {_NUMBERED}"
        found: Series = {}
        for name, metric, observed_at, value in self.plant.query(f"{sql} ORDER BY series_id, observed_at"):
            found.setdefault((name, metric), []).append((observed_at, value))
        return found

    def in_influx(self) -> Series:
        """Each point as often as InfluxDB has it: another tag would be another point at the same time."""
        statement = 'SELECT value FROM readings WHERE device =~ /^plant.meter-/ GROUP BY "device", "metric"'
        return {
            (series["tags"]["device"], series["tags"]["metric"]): [(at, value) for at, value in series["values"]]
            for series in self.plant.influxql(statement)
        }

    def latest(self) -> dict[tuple[str, str], tuple[int, float]]:
        rows = self.plant.site_query("SELECT device_id, metric, observed_at, value FROM point")
        return {(name, metric): (at, value) for name, metric, at, value in rows if name.startswith("plant.meter-")}

    def assert_dead_letters(self, expected: Mapping[str, int]) -> None:
        sql = "SELECT reason, sum(count) FROM dead_letter GROUP BY reason"
        assert dict(self.plant.query(sql)) == dict(expected)
        assert {reason: int(count) for reason, count in self.plant.site_query(sql)} == dict(expected)

    def _known_again(self) -> int:
        rows = self.plant.site_query("SELECT stats FROM collector ORDER BY started_at DESC")
        return int(json.loads(rows[0][0])["duplicates"]) if rows else 0


def assert_in_their_places(messages: Numbered, stored: Series) -> None:
    """Each number at its device, under its metric, and at its own time where it has one."""
    for (name, metric), rows in stored.items():
        assert metric in (TIMED, STAMPED)
        for at, value in rows:
            number = int(value)
            assert (name, metric == TIMED) == (f"plant.{device(number)}", is_timed(number))
            assert metric == STAMPED or at == messages.time(number)


def newest(stored: Series) -> dict[tuple[str, str], tuple[int, float]]:
    """Of each point; what a clock that ran ahead has left in the future is not the newest."""
    horizon = now_ms() + FUTURE_TOLERANCE_MS
    return {point: next(row for row in reversed(rows) if row[0] <= horizon) for point, rows in stored.items()}


def without(stored: Series, numbers: Collection[int]) -> Series:
    kept = {point: [row for row in rows if int(row[1]) not in numbers] for point, rows in stored.items()}
    return {point: rows for point, rows in kept.items() if rows}
