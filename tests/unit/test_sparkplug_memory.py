"""A Sparkplug host: what it remembers and holds is bounded whatever edge nodes do, and nothing is lost by that."""

from __future__ import annotations

import pytest

from collector.ingest.sparkplug import host, node
from collector.ingest.sparkplug.node import BIRTH_MS, REORDER_MS
from tests.edge_node import DOUBLE, STRING, T0, Edge, metric
from tests.sparkplug_plant import Plant


@pytest.fixture
def plant() -> Plant:
    return Plant()


def test_memory_stays_bounded_whatever_nodes_do(plant: Plant) -> None:
    small = Plant(most_nodes=3, most_points=50)
    for number in range(20):
        edge = Edge(node=f"plc-{number}")
        small.take(edge.birth(*[metric(1.0, name=f"m{at}", alias=at) for at in range(40)]))
        small.take(edge.data(*[metric(1.0, None, alias=at, field="double_value") for at in range(40)]))
    host = small.host
    assert len(host._nodes) == 3
    assert host._room.left + sum(len(u.points) for n in host._nodes.values() for u in n.units.values()) == 50
    assert host._room.left >= 0


def test_devices_and_aliases_take_room_as_well(plant: Plant) -> None:
    small = Plant(most_nodes=2, most_points=50)
    for number in range(4):
        edge = Edge(node=f"plc-{number}")
        small.take(edge.birth(*[metric(1.0, name="one", alias=at) for at in range(40)]))
        for device in range(40):
            small.take(edge.device_birth(f"d{device}", metric(1.0, name="level")))
        units = [unit for known in small.host._nodes.values() for unit in known.units.values()]
        assert all(len(unit.aliases) <= len(unit.points) for unit in units)
        used = sum(len(unit.points) for unit in units) + len(units) - len(small.host._nodes)
        assert small.host._room.left + used == 50
        assert len(units) <= 50
    # What finds no room is stored nevertheless.
    assert len({point for point, _ in small.readings}) == 4 * 41


def test_long_messages_that_are_held_back_are_bounded_by_their_size(plant: Plant) -> None:
    edge = Edge()
    edge.lose()
    long = metric("x" * 500_000, STRING, name="log")
    for _ in range(250):
        plant.take(edge.data(long, metric(1.0, DOUBLE, name="level")))
        (known,) = plant.host._nodes.values()
        held = known._held + [message for unit in known.units.values() for message in unit.waiting]
        assert len(held) <= 201
    plant.wait(REORDER_MS)
    plant.wait(BIRTH_MS)
    assert len(plant.readings) == 250


def test_a_node_that_is_forgotten_for_others_leaves_what_was_held_of_it(plant: Plant) -> None:
    small = Plant(most_nodes=1)
    for number in range(5):
        edge = Edge(node=f"plc-{number}")
        edge.lose()
        small.take(edge.data(metric(7.0, DOUBLE, name="ph")))
    assert [point for point, _ in small.readings] == [f"plant.plc-{number}/ph" for number in range(4)]


def test_what_is_held_back_is_bounded_and_nothing_of_it_is_dropped(plant: Plant) -> None:
    edge = Edge()
    edge.lose()
    for at in range(6_000):
        plant.take(edge.data(metric(float(at), DOUBLE, name="level", at=T0 + at)))
    assert len(plant.readings) >= 6_000 - 2 * 2_001
    plant.wait(REORDER_MS)
    plant.wait(BIRTH_MS)
    assert len(plant.readings) == 6_000
    assert next(iter(plant.host._nodes.values())).weight == 0


def test_a_birth_of_many_metrics_is_stored_whole_and_so_is_the_death_after_it(plant: Plant) -> None:
    edge = Edge()
    birth = edge.birth(*[metric(1.0, name=f"Folder {at // 100}/Tag {at}", alias=at) for at in range(15_000)])
    plant.take(birth, edge.death())
    assert len(plant.readings) == 30_000
    assert plant.refused == []


def test_of_what_is_too_large_nothing_is_guessed_from_its_beginning(plant: Plant) -> None:
    plant.take(("spBv1.0/plant/NDATA/plc-1", b"\x12\x00" * 500_001))
    assert [result.refused.reason for result in plant.results if result.refused] == ["too_large"]


def test_what_is_held_back_over_all_nodes_is_bounded_too(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "MOST_HELD", 100)
    for number in range(200):
        edge = Edge(node=f"plc-{number}")
        edge.lose()
        plant.take(edge.data(metric(1.0, DOUBLE, name="level")))
        assert sum(node.weight for node in plant.host._nodes.values()) <= 100
    plant.wait(REORDER_MS)
    plant.wait(BIRTH_MS)
    assert len(plant.readings) == 200


def test_a_fault_of_ours_costs_no_more_than_the_node_that_it_is_about(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge, other = plant.born(), Edge(node="plc-2")
    with monkeypatch.context() as patched:
        patched.setattr(node, "document", lambda *_: 1 / 0)
        plant.take(edge.data(metric(7.5, DOUBLE, name="ph", at=T0 + 1)))
        edge.lose()
        plant.take(edge.data(metric(7.6, DOUBLE, name="ph", at=T0 + 2)))
        plant.wait(REORDER_MS)
        plant.wait(BIRTH_MS)
    assert plant.host.requests() == ["spBv1.0/plant/NCMD/plc-1"] * 2
    plant.take(other.birth(metric(7.0, name="ph")), edge.birth(metric(7.7, name="ph", at=T0 + 3)))
    assert [value for point, value in plant.readings if point.endswith("/ph")][1:] == [7.5, 7.0, 7.7]
    plant.wait(10_000)
    assert [loss.nodes for loss in plant.host.losses(plant.now)] == [["plant/plc-1"]]
    units = [unit for known in plant.host._nodes.values() for unit in known.units.values()]
    used = sum(len(unit.points) for unit in units) + len(units) - len(plant.host._nodes)
    assert plant.host._room.left + used == host.MOST_POINTS
