"""Whose a message is, by the names that a profile makes of its topic."""

from __future__ import annotations

from pathlib import Path

from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline
from collector.profiles.files import device_configs
from collector.profiles.library import Library
from collector.profiles.loading import load_profile
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PROFILE = """
schema: 1
id: one
decoder: json
match: MATCH
device_id: "{device}"
metrics: [{name: ph, path: [ph], unit: pH}]
examples: [{description: one, topic: a/b, payload: {}, expect: none}]
"""


def heard(folder: Path, match: str, topics: list[str]) -> list[tuple[str, str | None]]:
    """Device and site of one message on each topic, one after the other."""
    file = folder / "one.yaml"
    file.write_text(PROFILE.replace("MATCH", match))
    pipeline = Pipeline(Library((load_profile(file, VOCABULARY),)), VOCABULARY)
    messages = [Message(topic, b'{"ph": 7}', 1, 1, False, False, 1, 1_795_428_060_000) for topic in topics]
    return [(device.id, device.site) for message in messages for device in pipeline.process(message).devices]


def test_topics_with_their_parts_in_another_order_are_of_another_device(tmp_path: Path) -> None:
    match = '[{topic: "a/{site}/{device}"}, {topic: "b/{device}/{site}"}]'
    assert heard(tmp_path, match, ["a/x/y", "b/x/y", "a/x/y"]) == [("y", "x"), ("x", "y"), ("y", "x")]


def test_topics_with_other_parts_are_of_another_device(tmp_path: Path) -> None:
    match = '[{topic: "a/{site}/{device}"}, {topic: "b/{device}/{what}"}]'
    assert heard(tmp_path, match, ["b/x/y", "a/x/y"]) == [("x", None), ("y", "x")]
