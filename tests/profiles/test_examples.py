"""Every example of every profile is decoded, and must give what the profile says it gives."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from collector.domain.times import parse_time
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
LIBRARY = load_library((device_configs(),), VOCABULARY)
EXAMPLES = [
    pytest.param(profile, example, id=f"{profile.id}: {example['description']}")
    for profile in LIBRARY.profiles
    for example in profile.examples
]
# Long after every example, so that none of their times lies in the future.
RECEIVED = 1_900_000_000_000


def process(profile: Any, example: dict[str, Any]) -> Processed:
    payload = example["payload"]
    content = payload.encode() if isinstance(payload, str) else orjson.dumps(payload)
    pipeline = Pipeline(Library((profile,)), VOCABULARY)
    return pipeline.process(Message(example["topic"], content, 1, 1, False, False, 1, RECEIVED))


@pytest.mark.parametrize(("profile", "example"), EXAMPLES)
def test_example(profile: Any, example: dict[str, Any]) -> None:
    result, expect = process(profile, example), example["expect"]
    if expect == "none":
        assert (result.readings, result.refused) == ((), None)
    elif "refused" in expect:
        assert result.refused is not None
        assert result.refused.reason == expect["refused"]
    else:
        for one in expect if isinstance(expect, list) else [expect]:
            _check(result, one)


def _check(result: Processed, expect: dict[str, Any]) -> None:
    assert result.refused is None
    readings = [reading for reading in result.readings if reading.device == expect["device"]]
    if "time" in expect:
        observed, _ = parse_time(expect["time"])
        readings = [reading for reading in readings if reading.observed_at == observed]
    found = {reading.metric: reading for reading in readings}
    assert set(found) == set(expect["readings"])
    for metric, wanted in expect["readings"].items():
        wanted = wanted if isinstance(wanted, dict) else {"value": wanted}
        reading = found[metric]
        value = wanted.get("value")
        assert reading.value == (None if value is None else pytest.approx(value))
        assert reading.quality.word == wanted.get("quality", "good")
        assert reading.reasons.words == wanted.get("reasons", [])
