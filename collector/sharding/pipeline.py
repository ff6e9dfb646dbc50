"""The pipeline of one collector of several: what another one owns is passed by before anything is decoded."""

from __future__ import annotations

from collections.abc import Mapping

from collector.domain.devices import LONGEST_REMEMBERED
from collector.ingest.message import Message
from collector.ingest.pipeline import MAX_PAYLOAD, Pipeline
from collector.profiles.library import Library
from collector.profiles.vocabulary import Vocabulary
from collector.sharding.layout import Shard
from collector.sharding.owner import owner

# Topics of which the owner is remembered. Bounded: a topic may hold anything.
_TOPICS = 20_000


class ShardedPipeline(Pipeline):
    def __init__(self, library: Library, vocabulary: Vocabulary, sites: Mapping[str, str | None], shard: Shard) -> None:
        super().__init__(library, vocabulary, sites)
        self._shard = shard
        # None: the topic alone does not tell.
        self._topics: dict[str, bool | None] = {}

    def replace(self, library: Library) -> None:
        super().replace(library)
        self._topics.clear()

    def mine(self, messages: list[Message]) -> list[Message]:
        known = self._topics.get
        return [
            message
            for message in messages
            if (owned := known(message.topic, _UNSEEN)) is True or (owned is not False and self._look(message, owned))
        ]

    def _look(self, message: Message, known: object) -> bool:
        # What is too large is never parsed, here no more than anywhere.
        whole = len(message.payload) <= MAX_PAYLOAD
        group, by_topic = self.library.group(message.topic, message.payload if whole else b"")
        owned = owner(group, self._shard.count) == self._shard.index
        if known is _UNSEEN and len(message.topic) <= LONGEST_REMEMBERED:
            if len(self._topics) >= _TOPICS:
                self._topics.clear()
            self._topics[message.topic] = owned if by_topic else None
        return owned


_UNSEEN = object()


def pipeline_for(shard: Shard, library: Library, vocabulary: Vocabulary, sites: Mapping[str, str | None]) -> Pipeline:
    """A collector alone asks of no message whose it is."""
    return (
        Pipeline(library, vocabulary, sites) if shard.count == 1 else ShardedPipeline(library, vocabulary, sites, shard)
    )
