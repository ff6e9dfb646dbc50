"""What edge nodes sent and nobody has leaves a trace: from when to when, of which node, and not without end."""

from __future__ import annotations

from itertools import pairwise

import pytest

from collector.ingest.sparkplug.losses import AWAY, MISSING, Gap, Loss, Losses, detail
from collector.ingest.sparkplug.node import BIRTH_MS, REORDER_MS
from tests.edge_node import T0, Edge, metric
from tests.sparkplug_plant import PH, Plant, ph

GATHER_MS = 10_000


@pytest.fixture
def plant() -> Plant:
    return Plant()


def told(plant: Plant) -> list[Loss]:
    plant.wait(GATHER_MS)
    return plant.host.losses(plant.now)


def lose_one(plant: Plant, edge: Edge, *, answer: bool = True) -> None:
    edge.lose()
    plant.take(edge.device_data("effluent", ph(7.2, T0 + 2)))
    plant.wait(REORDER_MS)
    if answer:
        plant.take(edge.birth(at=T0 + 3), edge.device_birth("effluent", metric(7.3, **PH, at=T0 + 3)))


def test_what_is_missing_between_two_messages_is_told_although_a_rebirth_follows(plant: Plant) -> None:
    edge = plant.born()
    since = plant.wall
    plant.wait(5_000)
    until = plant.wall
    lose_one(plant, edge)
    assert told(plant) == [Loss(["plant/plc-1"], Gap(since, until, MISSING))]
    assert told(plant) == []


def test_what_only_came_late_and_all_births_in_order_are_no_loss(plant: Plant) -> None:
    edge = plant.born()
    first, second = edge.device_data("effluent", ph(7.1, T0 + 1)), edge.device_data("effluent", ph(7.2, T0 + 2))
    plant.take(second)
    plant.wait(REORDER_MS - 1)
    plant.take(first)
    plant.take(edge.birth(), edge.device_birth("effluent", metric(7.0, **PH)), edge.death(), edge.birth())
    plant.wait(BIRTH_MS)
    assert told(plant) == []


def test_a_node_that_never_answers_is_told_with_each_hour(plant: Plant) -> None:
    edge, found = plant.born(), []
    for _ in range(400):
        lose_one(plant, edge, answer=False)
        plant.wait(BIRTH_MS)
        found += told(plant)
    # Over two hours and a quarter; each begins where the one before ended.
    assert len(found) == 3
    assert all(one.gap.until <= other.gap.since for one, other in pairwise(found))


def test_a_node_whose_session_went_on_while_we_were_away_lost_what_it_sent(plant: Plant) -> None:
    edge = plant.born()
    since = plant.wall
    plant.wait(60_000)
    plant.host.lose_sight(plant.now)
    plant.wait(REORDER_MS)
    assert told(plant) == []
    until = plant.wall
    plant.take(edge.birth(at=T0 + 3), edge.device_birth("effluent", metric(7.3, **PH, at=T0 + 3)))
    assert told(plant) == [Loss(["plant/plc-1"], Gap(since, until, AWAY))]


def test_a_node_that_ended_its_session_because_we_were_away_keeps_what_it_measures(plant: Plant) -> None:
    edge = plant.born()
    plant.host.lose_sight(plant.now)
    plant.take(edge.birth(at=T0 + 3, bd_seq=1), edge.device_birth("effluent", metric(7.3, **PH, at=T0 + 3)))
    plant.wait(REORDER_MS)
    assert told(plant) == []


def test_what_was_held_when_the_connection_ended_is_stored_and_hides_no_loss_after_it(plant: Plant) -> None:
    edge = plant.born()
    edge.lose()
    plant.wait(100)
    plant.take(edge.device_data("effluent", ph(7.2, T0 + 2)))
    held = plant.wall
    plant.wait(1_000)
    plant.host.lose_sight(plant.now)
    plant.wait(REORDER_MS)
    until = plant.wall
    plant.take(edge.birth(at=T0 + 3), edge.device_birth("effluent", metric(7.3, **PH, at=T0 + 3)))
    assert told(plant) == [Loss(["plant/plc-1"], Gap(held - 100, until, MISSING))]
    assert [value for point, value in plant.readings if point == "plant.plc-1.effluent/ph"] == [7.0, 7.2, 7.3]


@pytest.mark.parametrize("silent", [False, True])
def test_a_node_that_is_heard_without_a_birth_went_on_sending_while_we_were_away(plant: Plant, silent: bool) -> None:
    edge = plant.born()
    since = plant.wall
    plant.host.lose_sight(plant.now)
    plant.wait(REORDER_MS if silent else 100)
    until = plant.wall
    plant.take(edge.device_data("effluent", ph(7.2, T0 + 2)))
    plant.wait(REORDER_MS)
    assert told(plant) == [Loss(["plant/plc-1"], Gap(since, until, AWAY))]


def test_of_a_node_that_is_met_without_a_birth_nobody_knows_since_when(plant: Plant) -> None:
    edge = Edge()
    edge.lose(3)
    plant.take(edge.data(metric(7.0, **PH)))
    until = plant.wall
    plant.wait(REORDER_MS)
    assert told(plant) == [Loss(["plant/plc-1"], Gap(None, until, AWAY))]


def test_many_at_once_are_told_together(plant: Plant) -> None:
    losses = Losses()
    for number in range(300):
        losses.note(f"plant/n{number}", Gap(1_000 + number, 5_000 + number, AWAY), number)
    (loss,) = losses.due(GATHER_MS + 1)
    assert (len(loss.nodes), loss.gap) == (300, Gap(1_000, 5_299, AWAY))
    assert detail(loss).startswith("Sparkplug edge nodes plant/n0, plant/n1, ")
    assert "plant/n9 and 290 others: went on sending" in detail(loss)


def test_what_is_remembered_of_losses_is_bounded() -> None:
    losses = Losses()
    for number in range(20_000):
        losses.note(f"plant/n{number}", Gap(None, 5_000, MISSING), number)
        losses.due(number)
    assert len(losses._waiting) <= 5_000
    assert len(losses._told) <= 5_000
