"""What becomes of one Sparkplug metric: every type, every flag, every property."""

from __future__ import annotations

from typing import Any

import pytest

from tests.edge_node import (
    BOOLEAN,
    BYTES,
    DATASET,
    DATETIME,
    FLOAT,
    INT8,
    INT32,
    INT32_ARRAY,
    INT64,
    STRING,
    T0,
    TEMPLATE,
    UINT32,
    Edge,
    metric,
)
from tests.sparkplug_plant import PH, Plant, ph


@pytest.fixture
def plant() -> Plant:
    return Plant()


def test_what_was_kept_while_there_was_no_network_is_stored_with_its_own_time(plant: Plant) -> None:
    edge = plant.born()
    old = T0 - 3_600_000
    plant.take(edge.device_data("effluent", ph(6.5, old, is_historical=True), ph(7.2, T0 + 1)))
    kept = [reading for result in plant.results for reading in result.readings if reading.value == 6.5]
    assert [(reading.observed_at, reading.quality.word) for reading in kept] == [(old, "good")]


def test_null_and_not_a_number_are_readings_without_a_value(plant: Plant) -> None:
    edge = plant.born()
    plant.take(edge.device_data("effluent", metric(None, None, alias=1, at=T0 + 1, is_null=True)))
    assert plant.last["plant.plc-1.effluent/ph"] == (None, "bad", ["no_value"], T0 + 1)
    plant.take(edge.device_data("effluent", ph(float("nan"), T0 + 2)))
    assert plant.last["plant.plc-1.effluent/ph"] == (None, "bad", ["no_value"], T0 + 2)


@pytest.mark.parametrize(
    ("code", "quality", "reasons"),
    [
        (192, "good", []),
        (500, "uncertain", ["stale"]),
        (0, "bad", ["device_fault"]),
        (64, "uncertain", ["device_fault"]),
    ],
)
def test_the_quality_that_a_node_states_is_the_readings(
    plant: Plant, code: int, quality: str, reasons: list[str]
) -> None:
    edge = plant.born()
    plant.take(edge.device_data("effluent", ph(7.2, T0 + 1, properties={"Quality": code})))
    assert plant.last["plant.plc-1.effluent/ph"] == (7.2, quality, reasons, T0 + 1)


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        (metric(0xFB, INT8), -5.0),
        (metric(0xFFFFFFFB, INT8), -5.0),
        (metric(2**32 - 7, INT32), -7.0),
        (metric(2**64 - 7, INT32, field="long_value"), -7.0),
        (metric(2**64 - 7, INT64), -7.0),
        (metric(4_000_000_000, UINT32), 4_000_000_000.0),
        (metric(0.5, FLOAT), 0.5),
        (metric(True, BOOLEAN), 1.0),
        (metric(1, BOOLEAN, field="int_value"), 1.0),
    ],
)
def test_every_type_of_number_has_its_value(plant: Plant, sent: dict[str, Any], value: float) -> None:
    plant.take(Edge().birth(sent | {"name": "level"}))
    assert plant.readings == [("plant.plc-1/level", value)]


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (metric(1, DATASET, field="dataset_value"), "a DataSet is no value of one point"),
        (metric(True, TEMPLATE, field="template_value"), "a Template is no value of one point"),
        (metric(b"\1\2", BYTES), "a Bytes is no value of one point"),
        (metric(b"\1\0\0\0", INT32_ARRAY), "a Int32Array is no value of one point"),
        (metric(300, INT8), "300 does not fit into a Int8"),
        (metric("x", INT32, field="string_value"), "a Int32 that holds no whole number"),
        (metric(1.0, 99, field="double_value"), "Sparkplug 3.0 knows no type 99"),
    ],
)
def test_what_is_no_value_is_refused_with_the_reason_and_the_rest_of_the_message_stands(
    plant: Plant, sent: dict[str, Any], why: str
) -> None:
    plant.take(Edge().birth(sent | {"name": "odd"}, metric(7.0, **PH)))
    assert plant.readings == [("plant.plc-1/ph", 7.0)]
    assert plant.refused == [f"odd: {why}"]


def test_texts_moments_controls_and_what_is_transient_are_no_readings(plant: Plant) -> None:
    plant.take(
        Edge().birth(
            metric("12345", STRING, name="Properties/Serial"),
            metric(T0, DATETIME, name="started"),
            metric(3.0, name="level", is_transient=True),
        )
    )
    assert plant.readings == []
    assert plant.refused == []


def test_a_device_with_a_name_of_which_no_letter_is_left_is_not_taken_for_its_node(plant: Plant) -> None:
    edge = Edge()
    plant.take(edge.birth(), edge.device_birth("水", metric(7.0, **PH)))
    assert [result.refused.reason for result in plant.results if result.refused] == ["no_device"]
    assert plant.readings == []
