"""`fieldproof doctor` on a data folder: collector.db, disk, clocks, session, site database and photos."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from collector.clock import now_ms
from collector.doctor import clocks, database, disk, mosquitto_conf, outbox, queue, session, site
from collector.doctor.finding import State, duration
from collector.doctor.patient import Patient, messages_a_second
from collector.domain.reading import Reason
from collector.sitedb.tables import Collector, CollectorEvent
from collector.stores.collector_db import MIGRATIONS, open_collector_db, set_meta
from tests.integration.doctor_ward import BROKER, HOUR, damage, messages, only, patient, readings, states, used, write
from webapp.db import Database


@pytest.fixture
def who(tmp_path: Path) -> Patient:
    return used(tmp_path)


# -- collector.db ----------------------------------------------------------------------------------------------------


def test_a_whole_file_is_called_whole(who: Patient) -> None:
    (found,) = database.look(who)
    assert found.state is State.OK
    assert "is whole" in found.what


def test_a_damaged_file_is_called_damaged(who: Patient) -> None:
    write(who, "INSERT INTO meta VALUES (?, ?)", [(f"key {n}", "x" * 500) for n in range(200)])
    content = bytearray(who.settings.collector_db.read_bytes())
    for place in range(4096 * 3, len(content), 4096):
        content[place : place + 2000] = b"\xff" * 2000
    who.settings.collector_db.write_bytes(content)
    found = list(database.look(who))
    assert only(found, State.BAD).what.startswith(f"{who.settings.collector_db} is damaged")


def test_what_is_no_database_at_all_is_called_damaged(who: Patient) -> None:
    damage(who.settings.collector_db)
    assert "is damaged" in only(list(database.look(who)), State.BAD).what


def test_a_file_of_a_newer_version_asks_for_an_update(who: Patient) -> None:
    db = sqlite3.connect(who.settings.collector_db)
    db.execute(f"PRAGMA user_version={len(MIGRATIONS) + 1}")
    db.close()
    assert "newer version" in only(list(database.look(who)), State.BAD).what


def test_a_file_that_was_set_aside_is_remembered(who: Patient) -> None:
    who.settings.collector_db.with_name("collector.db.corrupt-20261125").touch()
    assert "collector.db.corrupt-20261125" in only(list(database.look(who)), State.WARN).what


def test_without_a_collector_yet_nothing_is_bad(tmp_path: Path) -> None:
    who = patient(tmp_path)
    found = [*database.look(who), *disk.look(who), *session.look(who), *site.look(who)]
    assert states(found) == ["unknown"] * len(found)
    assert not who.settings.data.exists(), "looking made something"


# -- disk ------------------------------------------------------------------------------------------------------------


def test_looking_leaves_the_folder_as_it_was(who: Patient) -> None:
    before = sorted(who.settings.data.iterdir())
    found = [*disk.look(who), *database.look(who), *clocks.look(who)]
    assert any("safe from a power cut" in finding.what for finding in found)
    assert any("GiB free" in finding.what for finding in found)
    assert sorted(who.settings.data.iterdir()) == before


def test_a_slow_disk_is_told(who: Patient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk, "fsync_times", lambda _: [0.2] * 20)
    assert "200.0 ms" in only(list(disk.look(who)), State.WARN).what


def on_a_disk_of_its_own(folder: Path, then: str) -> subprocess.CompletedProcess[str]:
    """The doctor where `folder` is a file system of 2 MB. Root may write anywhere but on a disk that is read-only."""
    folder.mkdir(exist_ok=True)
    command = f"{sys.executable} -m webapp.cli doctor --mqtt mqtt://127.0.0.1:1 --data {folder} --json"
    script = f"mount -t tmpfs -o size=2m tmpfs {folder} && {then} && exec {command}"
    return subprocess.run(["unshare", "-rm", "sh", "-c", script], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ("mount -o remount,ro {}", "cannot be written: Read-only file system"),
        ("head -c 2000000 /dev/zero > {}/filled", "MiB free of 2.0 MiB"),
    ],
)
def test_a_disk_that_is_read_only_or_full_is_bad(tmp_path: Path, then: str, words: str) -> None:
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode != 0:
        pytest.skip("needs unshare -rm for a small disk")
    done = on_a_disk_of_its_own(tmp_path / "small", then.format(tmp_path / "small"))
    found = [finding for finding in json.loads(done.stdout) if finding["check"] == "disk"]
    assert any(words in finding["what"] for finding in found if finding["state"] == "bad"), found


@pytest.mark.parametrize(("kind", "state"), [("nfs4", State.BAD), ("cifs", State.BAD), ("tmpfs", State.WARN)])
def test_a_file_system_that_does_not_suit_is_named(
    who: Patient, monkeypatch: pytest.MonkeyPatch, kind: str, state: State
) -> None:
    monkeypatch.setattr(disk, "filesystem", lambda _: kind)
    assert kind in only(list(disk.look(who)), state).what


def test_the_type_of_a_mount_is_read_from_the_kernel() -> None:
    assert disk.filesystem(Path("/proc/self")) == "proc"


def test_growth_tells_how_long_the_room_lasts(who: Patient) -> None:
    now = now_ms()
    seen = [("d", "d", None, None, now - 24 * HOUR, now)]
    write(who, "INSERT INTO device VALUES (?, ?, ?, ?, ?, ?)", seen)
    room = next(finding for finding in disk.look(who) if "GiB free" in finding.what)
    assert "MiB a day" in room.what


# -- clocks ----------------------------------------------------------------------------------------------------------


def test_devices_whose_clocks_are_off_are_named_with_how_far(who: Patient) -> None:
    readings(who, "good", 0.4)
    readings(who, "ahead", -120)
    readings(who, "zone", 2 * 3600 + 1)
    readings(who, "lost", 0, int(Reason.CLOCK))
    found = [finding.what for finding in clocks.look(who) if finding.state is State.WARN and "devices" in finding.what]
    assert found == [
        "devices whose times are ahead of this machine's: ahead (2 min)",
        "devices whose times are behind this machine's: zone (2 h)",
        "devices whose own times cannot be used: lost",
    ]


def test_devices_that_agree_are_counted(who: Patient) -> None:
    readings(who, "good", 0.4)
    assert "the times of 1 devices agree with this machine's" in [finding.what for finding in clocks.look(who)]


@pytest.mark.services
def test_a_database_server_with_another_time_is_bad(
    tmp_path: Path, postgres_url: str, request: pytest.FixtureRequest
) -> None:
    who = patient(tmp_path, database_url=postgres_url)
    request.addfinalizer(who.engine.dispose)
    assert any("PostgreSQL and this machine agree" in finding.what for finding in clocks.look(who))
    who.clock = lambda: now_ms() + 90_000
    assert "this machine is 90 s ahead of PostgreSQL" in only(list(clocks.look(who)), State.BAD).what


# -- session ---------------------------------------------------------------------------------------------------------


def ran(who: Patient, last_received_at: int) -> None:
    db = open_collector_db(who.settings.collector_db)
    set_meta(db, "installation", "abcd1234")
    set_meta(db, f"session.{BROKER}", "1")
    set_meta(db, f"last_received_at.{BROKER}", str(last_received_at))
    db.close()


def beat(who: Patient, at: int, *, connected: bool = True, **stats: Any) -> None:
    row = Collector(
        id="fieldproof-abcd1234-0", started_at=at, last_seen_at=at, connected=connected, broker=BROKER,
        config_version=1, stats=stats,
    )  # fmt: skip
    with Database(who.engine).write() as db:
        db.add(row)


def test_a_collector_at_work_is_in_order(who: Patient) -> None:
    ran(who, now_ms())
    beat(who, now_ms())
    assert states(list(session.look(who))) == ["ok", "ok"]


def test_a_session_that_has_ended_is_bad(who: Patient) -> None:
    ran(who, now_ms() - 8 * 24 * HOUR)
    assert "for 8 days" in only(list(session.look(who)), State.BAD).what


def test_a_silent_a_disconnected_and_a_troubled_collector_are_told_apart(who: Patient) -> None:
    ran(who, now_ms())
    beat(who, now_ms(), connected=False, trouble={"kind": "disk_full", "detail": "no space"}, durable_broker=False)
    found = list(session.look(who))
    told = " | ".join(finding.what for finding in found if finding.state is not State.OK)
    assert "is not connected and subscribed" in told
    assert "cannot store (disk_full): no space" in told
    assert "the demo's own" in told
    who.clock = lambda: now_ms() + HOUR
    assert any("has not reported for 60 min" in finding.what for finding in session.look(who))


def test_a_session_that_the_broker_forgot_is_remembered(who: Patient) -> None:
    ran(who, now_ms())
    lost = {"collector_id": "c", "kind": "possible_loss", "detail": "", "started_at": 1, "ended_at": now_ms()}
    with Database(who.engine).write() as db:
        db.add(CollectorEvent(id=str(uuid.uuid4()), **lost))
    assert "noticed once" in only(list(session.look(who)), State.WARN).what


# -- what waits for the stores, and what they refused ----------------------------------------------------------------


def told_of(who: Patient, at: int, dead_letters: dict[str, int] | None = None, **influx: Any) -> None:
    taken = {"depth": 0, "age_s": 0.0, "parked": 0, "error": None}
    beat(who, at, outbox={"site": taken, "influx": {**taken, **influx}}, dead_letters=dead_letters or {})


def test_stores_that_take_all_are_in_order(who: Patient) -> None:
    told_of(who, now_ms(), depth=3, age_s=2.0)
    (found,) = outbox.look(who)
    assert found.state is State.OK
    assert "InfluxDB and the site database take all" in found.what


@pytest.mark.parametrize(
    ("waiting", "words"),
    [
        ({"depth": 41, "age_s": 9.0, "error": "400: field type conflict"}, "9 s: 400: field type conflict"),
        ({"depth": 5_000, "age_s": 301.0, "error": None}, "5 min, and it has not caught up"),
    ],
)
def test_a_store_that_refuses_or_lags_is_bad_and_named(who: Patient, waiting: dict[str, Any], words: str) -> None:
    told_of(who, now_ms(), **waiting)
    found = only(list(outbox.look(who)), State.BAD)
    assert f"{waiting['depth']:,} entries for InfluxDB" in found.what
    assert words in found.what
    assert "InfluxDB" in found.change


def test_what_was_refused_is_told_with_its_reasons_also_of_a_collector_that_is_silent(who: Patient) -> None:
    told_of(who, now_ms() - HOUR, error="away", parked=19, dead_letters={"type_conflict": 7, "not_json": 2})
    parked, dead = outbox.look(who)
    assert [parked.state, dead.state] == [State.WARN, State.WARN]
    assert "InfluxDB has refused 19 entries of fieldproof-abcd1234-0" in parked.what
    assert dead.what.endswith("not_json 2, type_conflict 7")
    assert "type_conflict: The field took its type" in dead.change


def test_a_heartbeat_of_another_version_disturbs_nothing(who: Patient) -> None:
    beat(who, now_ms(), outbox={"influx": 7}, dead_letters=[1])
    assert list(outbox.look(who)) == []


# -- site database and photos ----------------------------------------------------------------------------------------


def test_a_current_site_database_is_in_order_and_an_old_one_is_not(who: Patient) -> None:
    assert "answers, and is of this version" in only(list(site.look(who)), State.OK).what
    with Database(who.engine).write() as db:
        db.connection().exec_driver_sql("UPDATE alembic_version SET version_num='0000'")
    assert "is of another version" in only(list(site.look(who)), State.BAD).what


def test_a_site_database_that_does_not_answer_hides_the_password(tmp_path: Path) -> None:
    who = patient(tmp_path, database_url="postgresql+psycopg://fieldproof:secret@127.0.0.1:1/x")
    found = only(list(site.look(who)), State.BAD)
    assert "does not answer" in found.what
    assert "secret" not in found.what


# -- what the checks share -------------------------------------------------------------------------------------------


def test_the_limit_that_a_broker_is_set_to_is_weighed_with_the_rate(
    who: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too large to be tried here; that the file of a real Mosquitto is found shows in test_doctor_broker.py."""
    messages(who, 50, 100)
    told: dict[str, str] = {}
    monkeypatch.setattr(mosquitto_conf, "find", lambda *_: (Path("mosquitto.conf"), told))
    told["max_queued_messages"] = "1000000"
    found = queue.judge(who, who.brokers[0], queue.FEW, queue.FEW)
    assert (found.state, "6 h at the present 50 messages" in found.what) == (State.WARN, True)
    assert "max_queued_messages 4400000" in found.change
    told["max_queued_messages"] = "5000000"
    assert queue.judge(who, who.brokers[0], queue.FEW, queue.FEW).state is State.OK
    found = queue.judge(who, who.brokers[0], 1_000, queue.FEW)
    assert "an absence of one hour costs 179,002 of them" in found.why


def test_the_rate_is_that_of_the_last_hour_with_messages(who: Patient) -> None:
    assert messages_a_second(who) is None
    messages(who, 50, 30)
    assert messages_a_second(who) is None, "half a minute is no rate"
    messages(who, 50, 100)
    assert messages_a_second(who) == pytest.approx(65, rel=0.02)


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "5 s"), (119, "119 s"), (600, "10 min"), (7200, "2 h"), (7e5, "8 days")]
)
def test_durations_are_said_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
