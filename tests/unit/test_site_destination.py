"""The site database as a destination: whatever comes twice, or after what is newer, changes nothing."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from collector.errors import StoreRejected
from collector.sitedb.destination import SiteDestination
from collector.sitedb.engine import make_engine
from collector.stores.entries import Entry
from webapp.migrate import migrate

T0 = 1_795_521_600_000
SHOWN = {
    "point": "SELECT device_id, metric, value, quality, observed_at FROM point ORDER BY 1, 2",
    "device": "SELECT id, source_name, first_seen_at, last_seen_at, last_topic, last_payload_size FROM device",
    "alarm": 'SELECT id, "condition", peak, revision FROM alarm ORDER BY 1',
    "alarm_transition": "SELECT id, kind FROM alarm_transition ORDER BY 1",
    "dead_letter": 'SELECT id, "count" FROM dead_letter ORDER BY 1',
    "collector_event": "SELECT id, kind FROM collector_event ORDER BY 1",
}


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("site") / "site.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def engine(empty: Path, tmp_path: Path) -> Engine:
    (tmp_path / "site.db").write_bytes(empty.read_bytes())
    return make_engine(f"sqlite:///{tmp_path / 'site.db'}")


def destination(engine: Engine) -> SiteDestination:
    return SiteDestination(engine, "collector-1", lambda: T0)


def shown(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as db:
        return {table: [tuple(row) for row in db.execute(text(query))] for table, query in SHOWN.items()}


def clear(engine: Engine) -> None:
    with engine.begin() as db:
        for table in SHOWN:
            db.execute(text(f"DELETE FROM {table}"))


def row(at: int, value: float, metric: str = "ph") -> list[Any]:
    return ["plant.effluent", metric, None, at, value, 0, 0, at]


def device(name: str, first: int, last: int, topic: str | None = None) -> dict[str, Any]:
    """Without a topic as earlier versions told of it."""
    message = {"last_topic": topic, "last_payload": "eyJ2IjogMX0=", "last_payload_size": 8, "last_message_at": last}
    return (message if topic else {}) | {
        "id": "plant.effluent", "source_name": name, "profile": "plain", "site_id": None, "first_seen_at": first,
        "last_seen_at": last, "stale_after_s": 300,
    }  # fmt: skip


def alarm(revision: int, condition: str, peak: float) -> dict[str, Any]:
    return {
        "id": "a-1", "limit_id": "l", "limit_version": 1, "site_id": "plant", "device_id": "plant.effluent",
        "metric": "ph", "kind": "high", "level": "permit", "priority": "high", "threshold": 9.0, "aspect_id": None,
        "message": "", "condition": condition, "raised_at": T0, "cleared_at": None, "acknowledged_at": None,
        "acknowledged_by": None, "value": 9.1, "peak": peak, "revision": revision,
    }  # fmt: skip


def transition(ident: str, kind: str) -> dict[str, Any]:
    return {
        "id": ident, "alarm_id": "a-1", "kind": kind, "at": T0, "recorded_at": T0, "limit_version": 1, "by": None,
        "note": None, "value": 9.1,
    }  # fmt: skip


def letter(count: int) -> dict[str, Any]:
    return {
        "id": "d-1", "topic": "t", "site_id": None, "reason": "not_json", "detail": "", "payload": "aGVsbG8=",
        "first_seen_at": T0, "last_seen_at": T0 + count, "count": count,
    }  # fmt: skip


EVENT = {"id": "e-1", "kind": "possible_loss", "detail": "", "started_at": T0, "ended_at": T0}
# Three stretches of one outbox, in the order in which they happened.
STRETCHES: list[list[tuple[Any, Any]]] = [
    [("device", device("old name", T0, T0, "old/topic")), ("latest", [row(T0, 7.0), row(T0, 1.0, "flow")]),
     ("alarm", alarm(1, "active", 9.1)), ("transition", transition("t-1", "raised")), ("dead_letter", letter(1))],
    [("readings", [row(T0 + 2, 7.2), row(T0 + 1, 7.1)]), ("alarm", alarm(2, "active", 9.7)),
     ("dead_letter", letter(2)), ("event", EVENT)],
    [("device", device("new name", T0, T0 + 9, "a/b")), ("latest", [row(T0 + 3, 7.3)]),
     ("alarm", alarm(3, "cleared", 9.7)), ("transition", transition("t-2", "cleared")), ("dead_letter", letter(3))],
]  # fmt: skip


def entries(stretch: list[tuple[Any, Any]]) -> list[Entry]:
    return [Entry(seq, kind, body) for seq, (kind, body) in enumerate(stretch)]


def test_in_whatever_order_lanes_deliver_and_however_often_the_end_is_the_same(engine: Engine) -> None:
    """The live lane overtakes the backlog, and after a kill everything may come again."""
    ends = []
    for order in itertools.permutations(STRETCHES):
        clear(engine)
        for stretch in (*order, order[0], order[-1]):
            destination(engine).deliver(entries(stretch))
        ends.append(shown(engine))
    assert all(end == ends[0] for end in ends)
    assert ends[0] == {
        "point": [
            ("plant.effluent", "flow", 1.0, "good", T0),
            ("plant.effluent", "ph", 7.3, "good", T0 + 3),
        ],
        "device": [("plant.effluent", "new name", T0, T0 + 9, "a/b", 8)],
        "alarm": [("a-1", "cleared", 9.7, 3)],
        "alarm_transition": [("t-1", "raised"), ("t-2", "cleared")],
        "dead_letter": [("d-1", 3)],
        "collector_event": [("e-1", "possible_loss")],
    }


def test_many_commits_are_folded_to_one_row_for_each_point(engine: Engine) -> None:
    commits = [Entry(seq, "latest", [row(T0 + seq, float(seq)), row(T0 + seq, 1.0, "flow")]) for seq in range(500)]
    destination(engine).deliver(commits)
    assert [(metric, value) for _, metric, value, _, _ in shown(engine)["point"]] == [("flow", 1.0), ("ph", 499.0)]


def test_a_row_that_the_database_refuses_is_said_to_be_refused(engine: Engine) -> None:
    broken = {**letter(1), "topic": None}
    with pytest.raises(StoreRejected, match="NOT NULL"):
        destination(engine).deliver([Entry(1, "dead_letter", broken)])


def known(engine: Engine, columns: str) -> Any:
    with engine.connect() as db:
        return tuple(db.execute(text(f"SELECT {columns} FROM device")).one())


def tell(engine: Engine, *bodies: dict[str, Any]) -> None:
    destination(engine).deliver([Entry(seq, "device", body) for seq, body in enumerate(bodies)])


def test_a_new_device_is_told_of_with_its_last_message(engine: Engine) -> None:
    tell(engine, device("probe", T0, T0 + 5, "a/\0b"))
    assert known(engine, "last_topic, last_payload, last_message_at") == ("a/\ufffdb", b'{"v": 1}', T0 + 5)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("Zähler 3 (Süd) 电表", "Zähler 3 (Süd) 电表"),
        ("\u202eretem\u202c\x1b[31m\n", "retem[31m"),
        ("\u2066\r\n", "plant.effluent"),
        ("x" * 300, "x" * 200),
    ],
)
def test_a_new_device_is_called_by_what_can_be_seen_of_its_own_name(engine: Engine, source: str, name: str) -> None:
    tell(engine, device(source, T0, T0))
    assert known(engine, "name, source_name") == (name, source)


def test_what_an_earlier_version_told_of_a_device_leaves_its_last_message(engine: Engine) -> None:
    tell(engine, device("probe", T0, T0 + 5, "a/b"), device("probe", T0, T0 + 9))
    assert known(engine, "last_topic, last_seen_at") == ("a/b", T0 + 9)


def test_the_profile_that_reads_a_device_is_told_until_people_have_chosen_one(engine: Engine) -> None:
    tell(engine, device("probe", T0, T0), {**device("probe", T0, T0 + 5), "profile": "other", "stale_after_s": 60})
    assert known(engine, "profile, stale_after_s") == ("other", 60)
    with engine.begin() as db:
        db.execute(text("UPDATE device SET state='active'"))
    tell(engine, device("probe", T0, T0 + 9))
    assert known(engine, "profile, stale_after_s") == ("other", 60)
