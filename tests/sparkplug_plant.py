"""A Sparkplug host with a clock of its own, and what comes of the messages that a test gives it."""

from __future__ import annotations

from typing import Any

from collector.ingest.message import Message
from collector.ingest.mqtt.frames import LARGEST_PAYLOAD
from collector.ingest.pipeline import Pipeline, Processed
from collector.ingest.sparkplug.host import Host
from collector.ingest.sparkplug.node import Told
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.sparkplug.document import as_json
from collector.profiles.vocabulary import load_vocabulary
from tests.edge_node import T0, Edge, Sent, metric

VOCABULARY = load_vocabulary(device_configs())
GENERIC = next(
    profile for profile in load_library((device_configs(),), VOCABULARY).profiles if profile.id == "generic-sparkplug"
)
PIPELINE = Pipeline(Library((GENERIC,)), VOCABULARY)
PH = {"name": "ph", "alias": 1}
WARM = {"name": "temperature", "alias": 9, "properties": {"engUnit": "degC"}}
FLOW = {"name": "flow", "alias": 2, "properties": {"engUnit": "L/s"}}


class Plant:
    """A host, a clock, and what came of it all."""

    def __init__(self, **limits: int) -> None:
        self.host = Host(**limits)
        self.now = 1_000_000
        self.wall = T0 + 1_000
        self.told: list[Told] = []
        self.results: list[Processed] = []

    def take(self, *messages: Sent, retained: bool = False) -> None:
        for topic, content in messages:
            self._add(self.host.take(topic, content, self.wall, self.now, retained=retained), content)

    def wait(self, ms: int) -> None:
        self.now += ms
        self.wall += ms
        self._add(self.host.tick(self.now), b"")

    def _add(self, told: list[Told], came: bytes) -> None:
        self.told += told
        for one in told:
            for content in (came,) if one.content is None else as_json(one.content, LARGEST_PAYLOAD):
                message = Message(one.topic, content, 0, 0, False, False, 1, one.received_at)
                self.results.append(PIPELINE.process(message))

    @property
    def readings(self) -> list[tuple[str, float | None]]:
        return [(reading.point, reading.value) for result in self.results for reading in result.readings]

    @property
    def last(self) -> dict[str, tuple[float | None, str, list[str], int]]:
        """Point -> value, quality, reasons and time of what was told last."""
        return {
            reading.point: (reading.value, reading.quality.word, reading.reasons.words, reading.observed_at)
            for result in self.results
            for reading in result.readings
        }

    @property
    def refused(self) -> list[str]:
        return [result.refused.detail for result in self.results if result.refused is not None]

    def born(self) -> Edge:
        """An edge node with a device `effluent`, as after its births."""
        edge = Edge()
        self.take(edge.birth(metric(21.5, **WARM)))
        self.take(edge.device_birth("effluent", metric(7.0, **PH), metric(2.0, **FLOW)))
        return edge


def ph(value: float, at: int = T0, **options: Any) -> dict[str, Any]:
    """As data has it: by alias alone."""
    return metric(value, None, alias=1, at=at, field="double_value", **options)
