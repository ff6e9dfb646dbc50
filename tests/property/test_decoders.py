"""Whatever bytes come, the pipeline answers with readings or a reasoned dead letter, never with an exception."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import closing

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.ingest.raw import pack, unpack
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from tests.clocked import Clocked

VOCABULARY = load_vocabulary(device_configs())
LIBRARY = load_library((device_configs(),), VOCABULARY)
PIPELINE = Pipeline(LIBRARY, VOCABULARY)
# Topics that each decoder's profiles know.
KNOWN = {
    name: sorted({one["topic"] for profile in LIBRARY.profiles if profile.decoder == name for one in profile.examples})
    for name in sorted({profile.decoder for profile in LIBRARY.profiles})
}
TOPICS = ["fieldproof/dairy/effluent/readings", "fieldproof//x/readings", "plant/events/rpc", "a/status/emdata:0", "x"]
NOW = 1_795_521_600_000

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
metric_names = st.sampled_from(["ph", "flow", "PH", "süß", "", "x", "p h,q=r\\", "a\nb"]) | st.text(max_size=90)
plain_objects = st.fixed_dictionaries(
    {},
    optional={
        "time": json_values | st.sampled_from(["2026-11-23T10:00:00Z", 1_795_521_600, "2026-11-23T10:00:00"]),
        "values": st.dictionaries(metric_names, json_values),
        "quality": json_values | st.dictionaries(st.text(max_size=4), json_values),
        "units": json_values | st.dictionaries(st.sampled_from(["ph", "flow"]), st.text(max_size=12)),
    },
)
rpc = st.fixed_dictionaries(
    {"src": json_values, "method": st.sampled_from(["NotifyStatus", "NotifyFullStatus", "NotifyEvent"])},
    optional={"params": json_values | st.dictionaries(st.sampled_from(["ts", "em:0", "emdata:0"]), json_values)},
)


def process(topic: str, payload: bytes) -> Processed:
    return PIPELINE.process(Message(topic, payload, 1, 1, False, False, 1, NOW))


def check(result: Processed) -> None:
    if result.refused is not None:
        assert result.refused.reason not in ("", "internal")
        assert result.refused.detail
    for reading in result.readings:
        assert reading.metric
        assert len(reading.metric) <= 64
        assert reading.value is None or math.isfinite(reading.value)
        assert 0 < reading.observed_at <= NOW + 300_000


@settings(max_examples=1500)
@given(st.sampled_from(TOPICS), st.binary(max_size=200))
def test_arbitrary_bytes(topic: str, payload: bytes) -> None:
    check(process(topic, payload))


@settings(max_examples=2000)
@given(st.sampled_from(TOPICS), st.one_of(plain_objects, st.lists(plain_objects, max_size=3), rpc, json_values))
def test_arbitrary_json_near_to_what_devices_send(topic: str, content: object) -> None:
    try:
        payload = orjson.dumps(content)
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        payload = repr(content).encode("utf-8", "replace")
    check(process(topic, payload))


@pytest.mark.parametrize("decoder", KNOWN)
@settings(max_examples=300)
@given(st.data())
def test_anything_at_all_on_the_topics_of_a_decoder(decoder: str, data: st.DataObject) -> None:
    """What devices nearly send is tried by tests/fuzz."""
    topic = data.draw(st.sampled_from(KNOWN[decoder]))
    payload = data.draw(
        st.binary(max_size=200)
        | json_values.map(lambda content: repr(content).replace("'", '"').encode("utf-8", "replace"))
    )
    check(process(topic, payload))


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clocked]:
    with closing(Clocked(tmp_path_factory.mktemp("plant") / "collector.db")) as plant:
        yield plant


levels = st.sampled_from(["dairy", "p h,q=r\\", "süß"]) | st.text(
    st.characters(codec="utf-8", exclude_characters="/+#\0"), max_size=20
)
readable = st.fixed_dictionaries(
    {"values": st.dictionaries(metric_names, st.floats() | st.integers() | st.text(max_size=9), min_size=1)},
    optional={"time": st.integers() | st.floats() | st.datetimes().map(str)},
)


@settings(max_examples=500)
@given(st.builds("fieldproof/{}/{}/readings".format, levels, levels), readable | st.lists(readable, max_size=3))
def test_whatever_comes_of_it_can_be_committed_and_forwarded(plant: Clocked, topic: str, content: object) -> None:
    """What cannot would come again after every restart, and hold up all that stands behind it."""
    try:
        result = process(topic, orjson.dumps(content))
    except (orjson.JSONEncodeError, UnicodeEncodeError):
        return
    plant.commit(result)
    for line in plant.lines():
        assert re.fullmatch(r"readings,site=[^ ]+,device=[^ ]+,metric=[^ ]+ [^ ]+ [0-9]+", line), line
    plant.db.execute("DELETE FROM outbox")


@pytest.mark.parametrize("payload", [b"[" * 100_000, b'{"values":' * 50_000, b"1e999999", b'{"values":{"ph":1e400}}'])
def test_nested_and_huge_numbers(payload: bytes) -> None:
    check(process(TOPICS[0], payload))


@settings(max_examples=1000)
@given(st.lists(st.tuples(st.integers(0, 2**50), st.text(max_size=60), st.binary(max_size=300)), max_size=20))
def test_raw_messages_come_out_of_a_block_as_they_went_in(messages: list[tuple[int, str, bytes]]) -> None:
    assert unpack(pack(messages)) == messages


@settings(max_examples=1000)
@given(st.binary(max_size=300))
def test_a_damaged_raw_block_says_so(block: bytes) -> None:
    try:
        unpack(block)
    except ValueError as error:
        assert "raw block" in str(error) or "utf-8" in str(error)  # noqa: PT017
