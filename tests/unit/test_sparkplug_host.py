"""A Sparkplug host: what is stored of what edge nodes send, in whatever order it comes and whatever is lost."""

from __future__ import annotations

import pytest

from collector.ingest.sparkplug.host import ASK_MS
from collector.ingest.sparkplug.node import BIRTH_MS, REORDER_MS
from tests.edge_node import DOUBLE, INT32, T0, UINT32, Edge, metric, payload
from tests.sparkplug_plant import FLOW, PH, WARM, Plant, ph

ASKED = ["spBv1.0/plant/NCMD/plc-1"]


@pytest.fixture
def plant() -> Plant:
    return Plant()


def test_a_birth_brings_the_present_values_of_the_node_and_of_its_devices(plant: Plant) -> None:
    plant.born()
    assert plant.readings == [
        ("plant.plc-1/temperature", 21.5),
        ("plant.plc-1.effluent/ph", 7.0),
        ("plant.plc-1.effluent/flow", pytest.approx(7.2)),
    ]
    assert plant.refused == []
    assert plant.host.requests() == []


def test_an_alias_stands_for_the_name_and_the_unit_of_the_last_birth(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.device_data("effluent", metric(3.0, None, alias=2, at=T0 + 500, field="double_value")))
    assert plant.last["plant.plc-1.effluent/flow"] == (pytest.approx(10.8), "good", [], T0 + 500)


def test_after_another_birth_an_alias_stands_for_what_that_says(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.birth())
    plant.take(edge.device_birth("effluent", metric(7.0, name="ph", alias=2), metric(2.0, name="flow", alias=1)))
    plant.take(edge.device_data("effluent", ph(3.5, T0 + 500)))
    assert plant.last["plant.plc-1.effluent/flow"][0] == 3.5


def test_what_overtook_another_is_put_behind_it(plant: Plant) -> None:
    edge = plant.born()
    first, second = edge.device_data("effluent", ph(7.1, T0 + 1)), edge.device_data("effluent", ph(7.2, T0 + 2))
    third = edge.device_data("effluent", ph(7.3, T0 + 3))
    plant.take(third, second)
    assert len(plant.told) == 2
    plant.take(first)
    assert [value for point, value in plant.readings[3:]] == [7.1, 7.2, 7.3]
    plant.wait(REORDER_MS + BIRTH_MS)
    assert plant.host.requests() == []


def test_a_birth_of_a_device_may_overtake_that_of_its_node(plant: Plant) -> None:
    edge = Edge()
    birth, device = edge.birth(metric(20.0, **WARM)), edge.device_birth("effluent", metric(7.0, **PH))
    data = edge.device_data("effluent", ph(7.1, T0 + 1))
    plant.take(data, device)
    plant.take(birth)
    assert [value for _, value in plant.readings] == [20.0, 7.0, 7.1]
    plant.wait(REORDER_MS)
    assert plant.host.requests() == []


def test_the_numbers_begin_again_after_255(plant: Plant) -> None:
    edge = plant.born()
    for at in range(600):
        plant.take(edge.device_data("effluent", ph(7.0, T0 + at + 1)))
    plant.wait(REORDER_MS)
    assert len(plant.readings) == 3 + 600
    assert plant.host.requests() == []


def test_a_message_that_is_lost_is_followed_by_a_request_for_a_rebirth_and_the_others_are_stored(plant: Plant) -> None:
    edge = plant.born()
    edge.lose()
    plant.take(edge.device_data("effluent", ph(7.2, T0 + 2)))
    plant.wait(REORDER_MS - 100)
    assert plant.host.requests() == []
    plant.wait(100)
    assert plant.host.requests() == ASKED
    plant.take(edge.birth(at=T0 + 3), edge.device_birth("effluent", metric(7.3, **PH, at=T0 + 3)))
    assert plant.readings[3:] == [("plant.plc-1.effluent/ph", 7.2), ("plant.plc-1.effluent/ph", 7.3)]
    plant.take(edge.device_data("effluent", ph(7.4, T0 + 4)))
    assert plant.last["plant.plc-1.effluent/ph"][0] == 7.4
    assert plant.refused == []


def test_the_birth_of_a_device_may_overtake_that_of_its_node_also_when_it_was_asked_for(plant: Plant) -> None:
    """As of edge nodes that give each device a connection of its own."""
    edge = plant.born()
    edge.lose()
    plant.take(edge.device_data("effluent", ph(7.2, T0 + 2), at=T0 + 2))
    plant.wait(REORDER_MS)
    assert plant.host.requests() == ASKED
    birth = edge.birth(at=T0 + 3)
    device, data = edge.device_birth("effluent", metric(7.3, **PH, at=T0 + 3), at=T0 + 3), ph(7.4, T0 + 4)
    plant.take(device, edge.device_data("effluent", data, at=T0 + 4), birth)
    assert [value for _, value in plant.readings[3:]] == [7.2, 7.3, 7.4]
    plant.wait(REORDER_MS + BIRTH_MS)
    assert plant.host.requests() == []
    assert plant.refused == []


def test_what_was_sent_after_a_birth_that_comes_late_is_held_for_what_is_between(plant: Plant) -> None:
    edge = Edge()
    birth = edge.birth(at=T0)
    device = edge.device_birth("effluent", metric(7.0, **PH, at=T0 + 1), at=T0 + 1)
    first, second = (edge.device_data("effluent", ph(7.0 + at / 10, T0 + at), at=T0 + at) for at in (2, 3))
    plant.take(second, first, birth, device)
    assert [value for _, value in plant.readings] == [7.0, 7.2, 7.3]
    plant.take(edge.device_data("effluent", ph(7.4, T0 + 4), at=T0 + 4))
    plant.wait(REORDER_MS)
    assert plant.last["plant.plc-1.effluent/ph"][0] == 7.4
    assert plant.host.requests() == []


def test_an_alias_that_the_last_birth_does_not_tell_is_forgotten(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.birth(), edge.device_birth("effluent", metric(7.0, name="ph", alias=5)))
    plant.take(edge.device_data("effluent", ph(9.9, T0 + 1)))
    assert "alias 1" in plant.refused[0]
    assert 9.9 not in [value for _, value in plant.readings]


def test_over_a_loss_an_alias_whose_type_has_changed_is_not_believed(plant: Plant) -> None:
    edge = Edge()
    plant.take(edge.birth(metric(1, INT32, name="level", alias=1)))
    edge.lose()
    plant.take(edge.data(metric(2**32 - 7, None, alias=1, at=T0 + 1, field="int_value"), at=T0 + 1))
    plant.wait(REORDER_MS)
    plant.take(edge.birth(metric(1, UINT32, name="level", alias=1, at=T0 + 2), at=T0 + 2))
    assert plant.readings == [("plant.plc-1/level", 1.0), ("plant.plc-1/level", 1.0)]
    assert "alias 1" in plant.refused[0]


def test_over_a_loss_an_alias_is_believed_only_if_the_births_before_and_after_agree(plant: Plant) -> None:
    edge = plant.born()
    edge.lose()
    plant.take(
        edge.device_data("effluent", ph(7.2, T0 + 2), metric(2.2, None, alias=2, at=T0 + 2, field="double_value"))
    )
    plant.wait(REORDER_MS)
    again = [metric(7.0, **PH), metric(1.0, name="turbidity", alias=2)]
    plant.take(edge.birth(), edge.device_birth("effluent", *again))
    assert "alias 2" in plant.refused[0]
    assert ("plant.plc-1.effluent/ph", 7.2) in plant.readings
    assert not any(value in (2.2, pytest.approx(7.92)) for _, value in plant.readings)


def test_a_node_that_never_answers_a_request_is_gone_on_with(plant: Plant) -> None:
    edge = plant.born()
    edge.lose()
    plant.take(edge.device_data("effluent", ph(7.2, T0 + 2)))
    plant.wait(REORDER_MS)
    plant.wait(BIRTH_MS)
    plant.take(edge.device_data("effluent", ph(7.3, T0 + 3)))
    assert [value for _, value in plant.readings[3:]] == [7.2, 7.3]


def test_data_before_any_birth_asks_for_one_and_its_aliases_are_refused(plant: Plant) -> None:
    edge = Edge()
    edge.lose(17)
    plant.take(edge.data(metric(7.1, None, alias=1, field="double_value"), metric(3.0, DOUBLE, name="flow")))
    plant.wait(REORDER_MS)
    assert plant.host.requests() == ASKED
    plant.wait(BIRTH_MS)
    assert plant.refused == ["alias 1: no birth that is still valid tells what this alias stands for"]
    # A person may know it.
    assert plant.told[0].content is not None
    assert plant.told[0].content["metrics"][0]["value"] == 7.1
    # Its unit would stand in a birth.
    assert plant.last == {"plant.plc-1/flow": (3.0, "uncertain", ["unit"], T0)}


def test_the_birth_that_was_asked_for_tells_the_unit_of_what_came_before_it(plant: Plant) -> None:
    edge = Edge()
    edge.lose(17)
    plant.take(edge.data(metric(3.0, DOUBLE, name="flow")))
    plant.wait(REORDER_MS)
    plant.take(edge.birth(metric(4.0, **FLOW, at=T0 + 10)))
    assert plant.readings == [("plant.plc-1/flow", pytest.approx(10.8)), ("plant.plc-1/flow", pytest.approx(14.4))]
    assert plant.refused == []


def test_an_alias_that_no_birth_told_is_refused_and_asks_for_a_rebirth(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.device_data("effluent", ph(7.1, T0 + 1), metric(1.0, None, alias=77, field="double_value")))
    assert plant.last["plant.plc-1.effluent/ph"][0] == 7.1
    assert "alias 77" in plant.refused[0]
    assert plant.host.requests() == ASKED


def test_a_node_that_always_miscounts_is_asked_ever_more_rarely(plant: Plant) -> None:
    edge = plant.born()
    asked = 0
    for _ in range(3_600):
        plant.take((edge.topic("DDATA", "effluent"), payload([ph(7.0)], 7)))
        plant.wait(1_000)
        for _ in plant.host.requests():
            asked += 1
            plant.take(edge.birth(), edge.device_birth("effluent", metric(7.0, **PH)))
    assert 5 < asked < 15


def test_a_request_that_is_lost_is_repeated(plant: Plant) -> None:
    edge = Edge()
    edge.lose(3)
    plant.take(edge.data(metric(7.0, **PH)))
    plant.wait(REORDER_MS)
    assert plant.host.requests() == ASKED
    plant.take(edge.data(metric(7.0, **PH)))
    assert plant.host.requests() == []
    plant.wait(ASK_MS)
    assert plant.host.requests() == ASKED


def test_when_a_node_dies_all_its_points_and_those_of_its_devices_are_stale(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.device_data("effluent", ph(7.4, T0 + 500)))
    plant.take(edge.death())
    assert plant.last == {
        "plant.plc-1/temperature": (21.5, "uncertain", ["stale"], plant.wall),
        "plant.plc-1.effluent/ph": (7.4, "uncertain", ["stale"], plant.wall),
        "plant.plc-1.effluent/flow": (pytest.approx(7.2), "uncertain", ["stale"], plant.wall),
    }
    told = len(plant.told)
    # The will that repeats the goodbye says nothing new.
    plant.take(edge.death())
    assert len(plant.told) == told


def test_a_point_that_no_birth_told_of_is_stale_with_the_others_also_after_another_birth(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.data(metric(6.5, DOUBLE, name="ph", at=T0 + 1)), edge.birth(), edge.death())
    assert plant.last["plant.plc-1/ph"] == (6.5, "uncertain", ["stale"], plant.wall)


def test_when_a_device_dies_only_its_points_are_stale_from_the_time_that_its_node_tells(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.device_death("effluent", at=T0 + 700))
    assert plant.last["plant.plc-1.effluent/ph"] == (7.0, "uncertain", ["stale"], T0 + 700)
    assert plant.last["plant.plc-1/temperature"] == (21.5, "good", [], T0)


def test_after_a_birth_values_that_did_not_change_meanwhile_are_good_again(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.death())
    plant.wait(60_000)
    at = plant.wall
    plant.take(edge.birth(at=at), edge.device_birth("effluent", metric(7.0, **PH, at=T0), metric(2.0, **FLOW), at=at))
    assert plant.last["plant.plc-1.effluent/ph"] == (7.0, "good", [], at)
    readings = len(plant.readings)
    # While nobody called it dead, nothing is said twice.
    plant.take(edge.birth(at=at + 1), edge.device_birth("effluent", metric(7.0, **PH, at=T0), at=at + 1))
    assert len(plant.readings) == readings + 1


def test_a_death_stands_behind_the_last_value_although_the_clocks_disagree(plant: Plant) -> None:
    edge = plant.born()
    ahead = plant.wall + 5_000
    plant.take(edge.device_data("effluent", ph(7.4, ahead)), edge.death())
    assert plant.last["plant.plc-1.effluent/ph"] == (7.4, "uncertain", ["stale"], ahead + 1)


def test_the_death_of_an_earlier_session_that_comes_late_changes_nothing(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.birth(metric(22.0, **WARM, at=T0 + 1), bd_seq=1))
    plant.take(edge.device_birth("effluent", metric(7.0, **PH)))
    plant.take(edge.death(bd_seq=0))
    assert plant.host.requests() == ASKED
    plant.take(edge.device_data("effluent", ph(7.5, T0 + 2)))
    plant.wait(BIRTH_MS)
    assert plant.last["plant.plc-1.effluent/ph"][:2] == (7.5, "good")


def test_a_death_with_a_wrong_number_counts_when_the_node_does_not_answer(plant: Plant) -> None:
    """As of edge nodes whose birth counts one more than their will: those made with Eclipse Tahu's Python files."""
    edge = plant.born()
    plant.take(edge.death(bd_seq=250))
    died = plant.wall
    # A will in the name of a device, as they give it too, is no sign of life.
    plant.take((edge.topic("DDEATH", "other"), payload([])))
    plant.wait(BIRTH_MS)
    assert plant.last["plant.plc-1.effluent/ph"] == (7.0, "uncertain", ["stale"], died)


def test_a_device_that_is_not_born_again_with_its_node_is_stale(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.birth(metric(21.5, **WARM)))
    since = plant.wall
    plant.wait(BIRTH_MS)
    assert plant.last["plant.plc-1.effluent/ph"] == (7.0, "uncertain", ["stale"], since)
    assert plant.last["plant.plc-1/temperature"][1] == "good"


def test_after_a_death_aliases_mean_nothing_until_the_next_birth(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.death(), edge.device_data("effluent", ph(9.9, T0 + 5)))
    plant.wait(REORDER_MS)
    plant.wait(BIRTH_MS)
    assert 9.9 not in [value for _, value in plant.readings]
    assert "alias 1" in plant.refused[0]


def test_bytes_that_are_no_sparkplug_are_a_dead_letter_with_what_came(plant: Plant) -> None:
    plant.take(("spBv1.0/plant/NDATA/plc-1", b"\xff\xff\xff"), ("spBv1.0/plant/NOISE/plc-1", b"\xff"))
    assert [result.refused.reason for result in plant.results if result.refused] == ["bad_format", "bad_format"]
    assert plant.results[0].message.payload == b"\xff\xff\xff"


def test_what_hosts_say_is_not_stored(plant: Plant) -> None:
    plant.take(
        ("spBv1.0/STATE/scada", b'{"online": true}'), ("spBv1.0/plant/NCMD/plc-1", b"x"), ("spBv1.0/p/STATE/x", b"ON")
    )
    assert plant.told == []


def test_a_retained_birth_is_no_news_but_tells_that_there_is_a_node_to_ask(plant: Plant) -> None:
    plant.take(Edge().birth(metric(7.0, **PH)), ("spBv1.0/plant/readme", b"hello"), retained=True)
    assert plant.told == []
    assert plant.host.requests() == ASKED


def test_after_the_connection_was_away_every_node_is_asked_unless_it_is_born_by_then(plant: Plant) -> None:
    edge = plant.born()
    other = Edge(node="plc-2")
    plant.take(other.birth(metric(7.0, **PH)))
    plant.host.lose_sight(plant.now)
    plant.take(other.birth(metric(7.1, **PH, at=T0 + 1)))
    plant.take(edge.device_data("effluent", ph(9.9, T0 + 1)))
    plant.wait(REORDER_MS)
    assert plant.host.requests() == ASKED
    plant.wait(BIRTH_MS)
    assert 9.9 not in [value for _, value in plant.readings]
    assert "alias 1" in plant.refused[0]


def test_after_the_connection_was_away_it_is_of_no_account_how_often_a_node_was_asked_before(plant: Plant) -> None:
    edge = plant.born()
    for _ in range(20):
        edge.lose()
        plant.take(edge.data())
        plant.wait(REORDER_MS)
        plant.wait(ASK_MS)
        plant.take(edge.birth(), edge.device_birth("effluent", metric(7.0, **PH)))
    plant.host.requests()
    plant.host.lose_sight(plant.now)
    plant.wait(REORDER_MS)
    assert plant.host.requests() == ASKED
