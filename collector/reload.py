"""Profiles changed under a running collector: taken between two batches, so that no message is read by half of each."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from collector.errors import ConfigError
from collector.ingest.mqtt.source import MqttSource
from collector.ingest.pipeline import Pipeline
from collector.ingest.sessions import note_filters
from collector.profiles.library import Library
from collector.profiles.watch import LibraryWatch
from collector.sharding.layout import Shard, claim
from collector.stores.collector_db import transaction

log = logging.getLogger(__name__)


class Reload:
    """What comes of a change: other rules for what is received from now on, other topics at the brokers."""

    def __init__(
        self,
        watch: LibraryWatch,
        pipeline: Pipeline,
        sources: Sequence[MqttSource],
        db: sqlite3.Connection,
        shard: Shard,
        folder: Path,
    ) -> None:
        self.watch = watch
        self._pipeline = pipeline
        self._sources = sources
        self._db = db
        self._shard = shard
        self._folder = folder
        self.filters = pipeline.library.topic_filters()

    def step(self) -> bool:
        """Takes what was read anew; returns whether there was anything.

        Raises sqlite3.Error when it is to be tried again: nothing is changed then.
        """
        library = self.watch.take()
        if library is None:
            return False
        try:
            self._check_groups(library)
            claim(self._db, self._folder, self._shard, library.groups())
            filters = library.topic_filters()
            # Both, so that after a crash right now a session is freed of what nobody wants any more.
            self._note({*self.filters, *filters})
        except ConfigError as error:
            log.error("profiles were changed and cannot be used before a restart: %s", error)
            return False
        except sqlite3.Error:
            self.watch.give_back(library)
            raise
        self._take(library, filters)
        return True

    def _check_groups(self, library: Library) -> None:
        """Raises ConfigError: the others of several collectors read the change some seconds before or after us."""
        if self._shard.count == 1:
            return
        if profiles := library.groups_otherwise(self._pipeline.library):
            fault = (
                f"{self._folder}: profile {', '.join(profiles)} groups devices in another way than a profile of the"
                f" same topics: stop all collectors and run 'fieldproof reshard {self._shard.count}'"
            )
            raise ConfigError([fault])

    def _note(self, filters: Iterable[str]) -> None:
        with transaction(self._db):
            for source in self._sources:
                note_filters(self._db, source.broker.name, sorted(filters))

    def _take(self, library: Library, filters: list[str]) -> None:
        self._pipeline.replace(library)
        for source in self._sources:
            source.use(filters)
        log.info(
            "profiles taken: profiles=%d new_topics=%d gone_topics=%d",
            len(library.profiles), len(set(filters) - set(self.filters)), len(set(self.filters) - set(filters)),
        )  # fmt: skip
        self.filters = filters
