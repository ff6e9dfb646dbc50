"""Of several collectors exactly one takes a message, whatever it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.ingest.message import Message
from collector.ingest.pipeline import MAX_PAYLOAD, OWN_TOPICS, Pipeline
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.sharding.layout import ALONE, Shard
from collector.sharding.owner import owner
from collector.sharding.pipeline import ShardedPipeline, pipeline_for

VOCABULARY = load_vocabulary(device_configs())
LIBRARY = load_library((device_configs(),), VOCABULARY)
EXAMPLES = """
examples:
  - description: one value
    topic: nodes/plant/east/readings
    payload: {node: n1, device: meter, values: {flow: 1.0}}
    expect: {device: plant.east, readings: {flow: 1.0}}
"""
PROFILE = """
schema: 1
id: nodes
decoder: plain
match: [{topic: "nodes/{site}/{device}/readings"}]
device_id: "{site}.{device}"
"""


def message(topic: str, payload: bytes = b'{"values": {"ph": 7}}', *, retained: bool = False) -> Message:
    return Message(topic, payload, 1, 1, False, retained, 1, 1_795_521_600_000)


def shards(count: int, library: Library = LIBRARY) -> list[ShardedPipeline]:
    return [ShardedPipeline(library, VOCABULARY, {}, Shard(index, count)) for index in range(count)]


def takers(pipelines: list[ShardedPipeline], asked: Message) -> list[int]:
    return [index for index, pipeline in enumerate(pipelines) if pipeline.mine([asked])]


def grouping(tmp_path: Path, group: str) -> Library:
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "nodes.yaml").write_text(f"{PROFILE}group: '{group}'\n{EXAMPLES}")
    return load_library((device_configs(), tmp_path), VOCABULARY)


def test_alone_it_asks_nothing() -> None:
    assert type(pipeline_for(ALONE, LIBRARY, VOCABULARY, {})) is Pipeline
    assert type(pipeline_for(Shard(1, 2), LIBRARY, VOCABULARY, {})) is ShardedPipeline


@given(st.text(max_size=60), st.binary(max_size=60))
def test_any_message_has_one_taker(topic: str, payload: bytes) -> None:
    assert len(takers(shards(3), message(topic, payload))) == 1


def test_a_device_is_what_belongs_together_unless_the_profile_says_otherwise() -> None:
    pipelines = shards(4)
    for number in range(50):
        asked = message(f"fieldproof/Dairy/Meter {number}/readings")
        assert takers(pipelines, asked) == [owner(f"dairy.meter-{number}", 4)]
        # A message that cannot be read goes where the device's others go.
        assert takers(pipelines, asked._replace(payload=b"garbage")) == takers(pipelines, asked)


def test_devices_of_a_group_have_one_owner_and_bear_its_name(tmp_path: Path) -> None:
    library = grouping(tmp_path, "{site}")
    pipelines = shards(4, library)
    for number in range(30):
        asked = message(f"nodes/plant/meter-{number}/readings")
        assert takers(pipelines, asked) == [owner("plant", 4)]
        (device,) = pipelines[0].process(asked).devices
        assert (device.id, device.group) == (f"plant.meter-{number}", "plant")
    assert pipelines[0].process(message("fieldproof/plant/meter/readings")).devices[0].group is None


def test_a_group_can_stand_in_the_payload(tmp_path: Path) -> None:
    pipelines = shards(4, grouping(tmp_path, "{payload:node}"))
    for number in range(30):
        asked = message("nodes/plant/meter/readings", b'{"node": "n%d", "values": {"flow": 1}}' % number)
        assert takers(pipelines, asked) == [owner(f"n{number}", 4)]
    topic = "nodes/plant/meter/readings"
    for payload in (b"garbage", b"{}", b'{"node": "n"}' + b" " * MAX_PAYLOAD):
        assert takers(pipelines, message(topic, payload)) == [owner(topic, 4)]


def test_what_collectors_and_doctors_publish_is_no_dead_letter() -> None:
    for topic in (f"{OWN_TOPICS}ab12/reshard", "fieldproof/_doctor/12ab"):
        done = Pipeline(LIBRARY, VOCABULARY).process(message(topic, b"\xff12"))
        assert (done.refused, done.readings, done.keep_raw) == (None, (), False)
    assert Pipeline(LIBRARY, VOCABULARY).process(message("other/topic")).refused is not None


@pytest.mark.parametrize("count", [2, 5])
def test_many_messages_are_divided_without_a_rest(count: int) -> None:
    asked = [message(f"fieldproof/plant/meter-{number % 40}/readings") for number in range(400)]
    parts = [pipeline.mine(asked) for pipeline in shards(count)]
    assert sum(map(len, parts)) == len(asked)
    assert sorted(m.topic for part in parts for m in part) == sorted(m.topic for m in asked)
