"""Whatever an edge node sends, in whatever order: readings or a reasoned dead letter, in bounded memory, no stall."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.errors import MessageError
from collector.ingest.pipeline import Processed
from collector.ingest.sparkplug.host import ASK_MS
from collector.ingest.sparkplug.node import BIRTH_MS, REORDER_MS
from collector.profiles.sparkplug.payload import MOST_METRICS, parse
from tests.edge_node import T0, Edge, Sent, metric, payload
from tests.sparkplug_plant import PH, Plant, ph

types = st.integers(0, 40)
fields = st.sampled_from(["int_value", "long_value", "float_value", "double_value", "boolean_value", "string_value"])
times = st.sampled_from([None, 0, 1, T0, T0 + 500, 2**63, 2**64 - 1]) | st.integers(0, 2**64 - 1)
names = st.sampled_from([None, "ph", "flow", "bdSeq", "Inputs/Flow Rate", "Node Control/Rebirth", "", "/"]) | st.text(
    st.characters(codec="utf-8"), max_size=300
)
aliases = st.none() | st.integers(0, 5) | st.just(2**64 - 1)


@st.composite
def metrics(draw: st.DrawFn) -> dict[str, object]:
    field = draw(fields)
    value: object = {
        "int_value": draw(st.integers(0, 2**32 - 1)),
        "long_value": draw(st.integers(0, 2**64 - 1)),
        "float_value": draw(st.floats(width=32)),
        "double_value": draw(st.floats()),
        "boolean_value": draw(st.booleans()),
        "string_value": draw(st.text(st.characters(codec="utf-8"), max_size=20)),
    }[field]
    flags = draw(st.dictionaries(st.sampled_from(["is_null", "is_historical", "is_transient"]), st.booleans()))
    properties = draw(
        st.dictionaries(
            st.sampled_from(["Quality", "engUnit", "x"]), st.integers(0, 600) | st.sampled_from(["L/s", ""])
        )
    )
    datatype = draw(st.none() | types)
    return metric(
        value, datatype, name=draw(names), alias=draw(aliases), at=draw(times), field=field, properties=properties,
        **flags,
    )  # fmt: skip


kinds = st.sampled_from(["NBIRTH", "NDATA", "NDEATH", "DBIRTH", "DDATA", "DDEATH", "NCMD", "NOISE"])
payloads = st.one_of(
    st.binary(max_size=200),
    st.builds(payload, st.lists(metrics(), max_size=4), st.none() | st.integers(0, 300) | st.just(2**64 - 1), times),
)


@st.composite
def messages(draw: st.DrawFn) -> Sent:
    kind = draw(kinds)
    device = draw(st.sampled_from(["", "", "effluent", "süß"]) if kind[0] == "D" else st.sampled_from(["", "", "x"]))
    return Edge(node=draw(st.sampled_from(["n1", "n2"]))).topic(kind, device), draw(payloads)


def check(result: Processed) -> None:
    if result.refused is not None:
        assert result.refused.reason in ("bad_format", "bad_time", "no_device", "not_json", "no_profile")
        assert result.refused.detail
    for reading in result.readings:
        assert 0 < len(reading.metric) <= 64
        assert reading.value is None or math.isfinite(reading.value)
        assert 0 < reading.observed_at <= reading.received_at + 300_000


@settings(max_examples=1500, deadline=None)
@given(st.binary(max_size=400))
def test_arbitrary_bytes_are_a_payload_or_refused(content: bytes) -> None:
    try:
        parse(content)
    except MessageError as error:
        assert error.reason == "bad_format"  # noqa: PT017


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.tuples(messages(), st.integers(0, 3_000)), max_size=12))
def test_arbitrary_messages_in_any_order(sent: list[tuple[Sent, int]]) -> None:
    plant = Plant()
    for message, pause in sent:
        plant.take(message)
        plant.wait(pause)
    plant.wait(REORDER_MS)
    plant.wait(BIRTH_MS)
    for result in plant.results:
        check(result)
    assert all(node.weight == 0 for node in plant.host._nodes.values())


@settings(max_examples=500, deadline=None)
@given(st.permutations(range(8)), st.sets(st.integers(0, 7), max_size=3), st.data())
def test_no_reading_is_lost_or_doubled_by_disorder_or_loss(
    order: list[int], lost: set[int], data: st.DataObject
) -> None:
    """Of eight messages some never come and the others in any order: each that came is stored once, with its value."""
    plant = Plant()
    edge = plant.born()
    sent = [edge.device_data("effluent", ph(number / 10, T0 + 1 + number)) for number in range(8)]
    for number in order:
        if number not in lost:
            plant.take(sent[number])
            plant.wait(data.draw(st.integers(0, 100)))
    plant.wait(REORDER_MS)
    if plant.host.requests() and data.draw(st.booleans()):
        plant.take(edge.birth(at=T0 + 20), edge.device_birth("effluent", metric(7.0, **PH), at=T0 + 20))
    plant.wait(BIRTH_MS)
    found = sorted(
        reading.value for r in plant.results for reading in r.readings if reading.value and reading.value < 1
    )
    assert found == [number / 10 for number in range(1, 8) if number not in lost]
    assert plant.refused == []


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=1, max_size=40), st.integers(0, 200), st.integers(0, 3))
def test_a_birth_with_some_bytes_changed(bytes_in: bytes, place: int, cut: int) -> None:
    topic, content = Edge().birth(metric(7.0, **PH), metric(3, 3, name="level", properties={"engUnit": "m"}))
    plant = Plant()
    plant.take((topic, content[:place] + bytes_in + content[place + cut :]))
    plant.wait(ASK_MS)
    for result in plant.results:
        check(result)


@pytest.mark.parametrize(
    "content",
    [
        b"\x12\x00" * 100_000,
        b"\x12\x00" * (MOST_METRICS + 1),
        # Groups within groups, and lengths that lead nowhere.
        b"\x0b" * 100_000,
        b"\x12\xff\xff\xff\xff\x0f",
        b"\x80" * 100_000,
    ],
)
def test_payloads_made_to_hurt_are_refused_at_once(content: bytes) -> None:
    with pytest.raises(MessageError):
        parse(content)
