"""The profile that people gave to a device, on its way from the site database into the collector."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from sqlalchemy import Engine

from collector.errors import MessageError
from collector.profiles.files import device_configs
from collector.profiles.library import Library
from collector.profiles.loading import load_profile
from collector.profiles.vocabulary import load_vocabulary
from collector.sitedb import snapshot
from collector.sitedb.engine import begin_write, make_engine
from collector.sitedb.snapshot import NEVER_TAKEN, Snapshot
from collector.sitedb.tables import Device, Site
from collector.stores.collector_db import open_collector_db, transaction
from webapp.migrate import migrate

VOCABULARY = load_vocabulary(device_configs())
PROFILE = """
schema: 1
id: NAME
decoder: json
match: [{topic: "probes/{device}/up"}]
device_id: "{device}"
METRICS
examples:
  - {description: one, topic: probes/a/up, payload: {}, expect: none}
"""
FIRST = "time: {path: [t], unit: ms}\nmetrics: [{name: ph, path: [a], unit: pH}]"
SECOND = "metrics: [{name: turbidity, path: [b], unit: NTU}]"


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    url = f"sqlite:///{tmp_path / 'site.db'}"
    migrate(url)
    return make_engine(url)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    found = []
    for name, metrics in (("first", FIRST), ("second", SECOND)):
        path = tmp_path / f"{name}.yaml"
        path.write_text(PROFILE.replace("NAME", name).replace("METRICS", metrics))
        found.append(load_profile(path, VOCABULARY))
    return Library(tuple(found))


def read_by(library: Library, payload: bytes) -> tuple[str, list[str]]:
    found = library.decode("probes/tank/up", payload)
    assert found is not None
    return found[0].id, [value.metric for part in found[1].decoded for value in part.values]


def test_what_was_chosen_reads_also_a_message_in_which_the_first_profile_finds_nothing(library: Library) -> None:
    assert read_by(library, b'{"b": 2}') == ("first", [])
    library.assigned = {"tank": "second"}
    assert read_by(library, b'{"b": 2}') == ("second", ["turbidity"])


def test_what_was_chosen_reads_also_a_message_that_the_first_profile_refuses(library: Library) -> None:
    payload = b'{"t": "no time", "a": 7, "b": 2}'
    with pytest.raises(MessageError):
        library.decode("probes/tank/up", payload)
    library.assigned = {"tank": "second"}
    assert read_by(library, payload) == ("second", ["turbidity"])


def test_a_message_that_is_not_for_what_was_chosen_is_read_as_it_would_be_without_a_choice(tmp_path: Path) -> None:
    """A device may send two kinds of messages on one topic: adopting it must not lose one of them."""
    found = []
    for name, key in (("first", "a"), ("second", "b")):
        path = tmp_path / f"{name}.yaml"
        when = PROFILE.replace('/up"}]', f'/up", when: {{path: [{key}], exists: true}}}}]')
        metric = "ph, path: [a], unit: pH" if key == "a" else "turbidity, path: [b], unit: NTU"
        path.write_text(when.replace("NAME", name).replace("METRICS", f"metrics: [{{name: {metric}}}]"))
        found.append(load_profile(path, VOCABULARY))
    library = Library(tuple(found))
    for chosen in ({}, {"tank": "first"}, {"tank": "second"}):
        library.assigned = chosen
        assert read_by(library, b'{"a": 7}') == ("first", ["ph"])
        assert read_by(library, b'{"b": 2}') == ("second", ["turbidity"])
    assert read_by(library, b'{"a": 7, "b": 2}') == ("second", ["turbidity"])


def test_a_collector_is_told_the_profiles_of_adopted_devices_alone(engine: Engine) -> None:
    with begin_write(engine) as db:
        db.execute(Site.__table__.insert(), [{"id": "plant", "name": "Plant", "timezone": "UTC"}])
        rows = [
            {"id": state, "source_name": "x", "name": "x", "profile": "plain", "state": state, "site_id": "plant"}
            for state in ("unassigned", "active", "retired")
        ]
        db.execute(Device.__table__.insert(), rows)
    with engine.connect() as db:
        assert snapshot.take(db).profiles == {"active": "plain"}


def test_it_knows_them_after_a_restart(tmp_path: Path) -> None:
    db = open_collector_db(tmp_path / "collector.db")
    kept = Snapshot(3, (), {"tank": "plant"}, {"plant": "UTC"}, {"tank": "second"})
    with transaction(db):
        snapshot.save(db, kept, 0)
    assert snapshot.load(db) == kept


def test_a_snapshot_of_an_earlier_version_is_used_and_asked_for_again(tmp_path: Path) -> None:
    db = open_collector_db(tmp_path / "collector.db")
    body = orjson.dumps({"limits": [], "sites": {"tank": "plant"}, "zones": {"plant": "UTC"}})
    db.execute("INSERT INTO config_snapshot VALUES (3, ?, 0)", (body,))
    assert snapshot.load(db) == Snapshot(NEVER_TAKEN, (), {"tank": "plant"}, {"plant": "UTC"}, {})


def test_a_choice_that_would_make_another_device_of_it_is_not_followed(tmp_path: Path) -> None:
    """What the device measured so far would end, and go on under a name that nobody has adopted."""
    found = []
    for name, ident in (("first", "{device}"), ("second", "{device}.probe")):
        path = tmp_path / f"{name}.yaml"
        metrics = "metrics: [{name: ph, path: [a], unit: pH}]"
        text = PROFILE.replace("NAME", name).replace("METRICS", metrics).replace('"{device}"', f'"{ident}"')
        path.write_text(text)
        found.append(load_profile(path, VOCABULARY))
    library = Library(tuple(found), {"tank": "second"})
    decoded = library.decode("probes/tank/up", b'{"a": 7}')
    assert decoded is not None
    assert (decoded[0].id, decoded[1].decoded[0].device) == ("first", "tank")
