"""Rows go from file to file: all of them, once, in whatever statement the power fails."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from collector.domain.reading import Reason
from collector.sharding import move as moving
from collector.sharding.fold import fold, forget_notes
from collector.sharding.move import OF_COLLECTORS, OF_DEVICES, beside, devices, groups, limits_of, move
from collector.sharding.shared import share_commands, share_snapshot, trim_from
from collector.stores.collector_db import get_meta, open_collector_db, set_meta, transaction

# What `folded.` notes say is forgotten at the end of a reshard; numbers of rows differ, as they may.
NUMBERS = {"series": "device, metric", "outbox": "kind, count, body", "raw_block": "count, body",
           "parked": "destination, body, parked_at"}  # fmt: skip
JOINED = (
    "SELECT device, metric, observed_at, value, t.quality, reasons, received_at FROM {} t JOIN series ON id=series_id"
)


class PowerCut(Exception):  # noqa: N818
    """Stands for the end of the process: only what was committed is left."""


class Failing:
    """A connection on which the power fails at a statement."""

    def __init__(self, db: sqlite3.Connection, at: int) -> None:
        self._db = db
        self._at = at
        self.statements = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql != "ROLLBACK":
            if self.statements == self._at:
                raise PowerCut
            self.statements += 1
        return self._db.execute(sql, *values)

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction


class Files:
    def __init__(self, folder: Path) -> None:
        self.old, self.new = folder / "collector-1.db", folder / "collector.db"
        self._folder = folder

    @contextmanager
    def open(self, path: Path) -> Iterator[sqlite3.Connection]:
        with closing(open_collector_db(path)) as db:
            # Nobody pulls a plug here, and waiting for the disk would take most of the time.
            db.execute("PRAGMA synchronous=OFF")
            yield db

    @contextmanager
    def beside(self) -> Iterator[sqlite3.Connection]:
        with self.open(self.new) as db, beside(db, self.old):
            yield db

    def empty(self, fail_at: int = 1_000_000) -> int:
        """All that the old file has to the new one; how many statements that took."""
        with self.open(self.old) as old:
            names, limits = devices(old), limits_of(old)
        with self.beside() as db:
            failing = Failing(db, fail_at)
            for device in sorted(names):
                move(failing, device, limits.get(device, ()), lambda _: None)  # type: ignore[arg-type]
            fold(failing, "occasion")  # type: ignore[arg-type]
            return failing.statements

    def content(self) -> dict[str, list[Any]]:
        """Of both files together, by table; what stands twice is there twice."""
        found: dict[str, list[Any]] = {}
        for path in (self.new, self.old):
            with self.open(path) as db:
                for table in sorted(OF_DEVICES | OF_COLLECTORS - {"meta"}):
                    found.setdefault(table, []).extend(db.execute(query(table)).fetchall())
        return {table: sorted(rows, key=repr) for table, rows in found.items()}

    def copy(self, name: str) -> Files:
        """As they are now, in a folder beside."""
        folder = self._folder / name
        folder.mkdir()
        for path in (self.old, self.new):
            shutil.copy(path, folder)
        return Files(folder)


def query(table: str) -> str:
    return (
        JOINED.format(table) if table in ("reading", "conflict") else f"SELECT {NUMBERS.get(table, '*')} FROM {table}"
    )


def limit(ident: str, device: str) -> bytes:
    return orjson.dumps({"id": ident, "device": device})


def fill(db: sqlite3.Connection, device: str, first: int, *, alarm: str | None = "a") -> None:
    """A device with two points of 30 readings each, a conflict, a group, and an open alarm."""
    with transaction(db):
        db.execute("INSERT INTO device VALUES (?, ?, 'p', 'plant', ?, ?)", (device, device, first, first + 30))
        db.execute("INSERT INTO device_group VALUES (?, 'east')", (device,))
        for metric in ("ph", "flow"):
            series = db.execute("INSERT INTO series (device, metric) VALUES (?, ?)", (device, metric)).lastrowid
            db.executemany(
                "INSERT INTO reading VALUES (?, ?, ?, 0, 0, ?)",
                [(series, at, at, at) for at in range(first, first + 30)],
            )
            db.execute("INSERT INTO conflict VALUES (?, ?, NULL, 0, 0, 5)", (series, first))
        if alarm:
            db.execute(
                "INSERT INTO limit_state VALUES (?, 1, 'active', 1, ?, 9.5, 9.6, ?)", (f"l-{device}", first, alarm)
            )
            db.execute("INSERT INTO alarm VALUES (?, ?, ?, 1, NULL, NULL, NULL, 9.5, 9.6, 1)",
                       (alarm, f"l-{device}", limit(f"l-{device}", device)))  # fmt: skip
            db.execute(
                "INSERT INTO alarm_transition VALUES (?, ?, 'raised', 1, 1, 1, NULL, NULL, 9.5)", (f"t-{alarm}", alarm)
            )


def fill_rest(db: sqlite3.Connection) -> None:
    with transaction(db):
        insert(
            db, "outbox (created_at, kind, count, body)", *[(1, "latest", 1, bytes([number])) for number in range(9)]
        )
        insert(db, "raw_block (first_received_at, last_received_at, count, body)", *[(1, 2, 3, b"raw")] * 4)
        insert(
            db,
            "parked (destination, kind, body, detail, tries, next_try_at, parked_at)",
            ("influx", "lines", b"line", "", 0, 1, 7),
        )
        insert(db, "dead_letter", ("d", "t", None, "not_json", "", b"\0", 1, 5, 2))


def insert(db: sqlite3.Connection, into: str, *rows: tuple[Any, ...]) -> None:
    db.executemany(f"INSERT INTO {into} VALUES ({','.join('?' * len(rows[0]))})", rows)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    """A shard that goes, with two devices and all the rest, and the first one, which has a device too."""
    monkeypatch.setattr(moving, "CHUNK", 8)
    made = Files(tmp_path)
    with made.open(made.old) as old, made.open(made.new) as new:
        fill(old, "plant.one", 100)
        fill(old, "plant.two", 200, alarm="b")
        fill(new, "plant.three", 300, alarm="c")
        fill_rest(old)
        fill_rest(new)
    return made


def test_every_table_is_known_to_go_with_its_device_or_to_stay(files: Files) -> None:
    """A new table needs its place in move.py, or in fold.py and shared.py: else reshard would leave rows behind."""
    with files.open(files.new) as db:
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
    assert {name for name in tables if not name.startswith("sqlite_")} == OF_DEVICES | OF_COLLECTORS
    assert not OF_DEVICES & OF_COLLECTORS


def test_all_that_a_removed_shard_has_goes_to_the_first(files: Files) -> None:
    before = files.content()
    files.empty()
    after = files.content()
    assert before["dead_letter"] == [("d", "t", None, "not_json", "", b"\0", 1, 5, 2)] * 2
    assert after["dead_letter"][-1] == ("d", "t", None, "not_json", "", b"\0", 1, 5, 4)
    for table in OF_DEVICES:
        assert after[table] == before[table]
    # What was handed over still stands in the file that is set aside.
    for table in ("outbox", "raw_block", "parked"):
        assert len(after[table]) == len(before[table]) * 3 // 2
    with files.open(files.old) as old:
        assert devices(old) == set()
        assert all(old.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,) for table in OF_DEVICES)


def test_wherever_the_power_fails_running_again_ends_with_the_same(files: Files) -> None:
    whole = files.copy("whole")
    statements = whole.empty()
    expected = whole.content()
    assert statements > 100
    for at in range(1, statements, 5):
        broken = files.copy(f"broken-{at}")
        with pytest.raises(PowerCut):
            broken.empty(at)
        broken.empty()
        assert broken.content() == expected, at


def test_of_a_device_that_both_know_nothing_is_lost_and_nothing_twice(files: Files) -> None:
    """As when it changed its gateway. The other value of one moment is kept beside the first, as always."""
    with files.open(files.new) as new:
        fill(new, "plant.one", 110, alarm=None)
        new.execute("UPDATE reading SET value=-1 WHERE observed_at=115")
        # One that the device later said was of a calibration, and one whose time we flagged.
        new.execute("UPDATE reading SET quality=2, reasons=? WHERE observed_at=116", (int(Reason.CALIBRATION),))
        new.execute("UPDATE reading SET quality=1, reasons=? WHERE observed_at=117", (int(Reason.CLOCK),))
        new.execute("UPDATE device_group SET name='west' WHERE device='plant.one'")
    files.empty()
    with files.open(files.new) as new:
        rows = new.execute(
            "SELECT observed_at, value FROM reading JOIN series ON id=series_id"
            " WHERE device='plant.one' AND metric='ph' ORDER BY 1"
        ).fetchall()
        assert rows == [(at, -1.0 if at == 115 else float(at)) for at in range(100, 140)]
        beside_it = new.execute("SELECT observed_at, value FROM conflict WHERE value IS NOT NULL").fetchall()
        assert sorted(beside_it) == [(115, 115.0)] * 2 + [(116, 116.0)] * 2
        seen = new.execute("SELECT first_seen_at, last_seen_at FROM device WHERE id='plant.one'").fetchone()
        assert seen == (100, 140)
        assert groups([new])["plant.one"] == "west"
        assert new.execute("SELECT alarm_id FROM limit_state WHERE limit_id='l-plant.one'").fetchone() == ("a",)


def test_a_limit_goes_with_the_device_that_it_is_on_now(files: Files) -> None:
    body = orjson.dumps({"limits": [{"id": "l-plant.one", "device": "plant.two"}]})
    with files.open(files.old) as old:
        old.execute("INSERT INTO config_snapshot VALUES (1, ?, 1)", (body,))
        assert limits_of(old) == {"plant.two": {"l-plant.one", "l-plant.two"}}


def test_a_command_that_one_collector_did_not_see_is_asked_of_all_again(files: Files) -> None:
    with (
        files.open(files.old) as old,
        files.open(files.new) as new,
        files.open(files.new.with_name("third.db")) as third,
    ):
        for ident, seq in ("a", 1), ("b", 2), ("c", 3):
            new.execute("INSERT INTO applied_command VALUES (?, ?, 9)", (ident, seq))
        old.execute("INSERT INTO applied_command VALUES ('a', 1, 8)")
        old.execute("INSERT INTO applied_command VALUES ('c', 3, 8)")
        for _ in range(2):
            share_commands([new, old], [new, old, third])
            for db in (new, old, third):
                assert db.execute("SELECT id FROM applied_command ORDER BY seq").fetchall() == [("a",), ("c",)]


def test_the_newest_configuration_is_given_to_new_collectors(files: Files) -> None:
    with (
        files.open(files.old) as old,
        files.open(files.new) as new,
        files.open(files.new.with_name("third.db")) as third,
    ):
        share_snapshot([new, old], [new, old, third])
        new.execute("INSERT INTO config_snapshot VALUES (7, x'37', 100)")
        old.execute("INSERT INTO config_snapshot VALUES (8, x'38', 200)")
        share_snapshot([new, old], [new, old, third])
        assert [db.execute("SELECT version FROM config_snapshot").fetchall() for db in (new, third)] == [[(7,)], [(8,)]]


def test_readings_that_may_not_have_gone_to_influxdb_are_not_trimmed(files: Files) -> None:
    key = "forwarding_since.influx"
    with files.open(files.old) as old, files.open(files.new) as new:
        set_meta(new, key, "100")
        set_meta(old, key, "300")
        trim_from([new, old], [new], 900)
        assert get_meta(new, key) == "300"
        old.execute("DELETE FROM meta")
        trim_from([new, old], [new], 900)
        assert get_meta(new, key) == "900"


def test_what_was_noted_on_the_way_is_forgotten_at_the_end(files: Files) -> None:
    files.empty()
    with files.open(files.new) as db:
        assert db.execute("SELECT count(*) FROM meta WHERE key LIKE 'folded.%'").fetchone() == (4,)
        forget_notes(db)
        assert db.execute("SELECT count(*) FROM meta WHERE key LIKE 'folded.%'").fetchone() == (0,)
