"""Which reading store these settings mean."""

from __future__ import annotations

from collector.settings import Settings
from collector.sharding.layout import files
from collector.stores.base import ReadingStore
from collector.stores.sqlite_shards import ShardedReadingStore


def open_reading_store(settings: Settings) -> ReadingStore:
    """InfluxDB when it is configured, else the collectors' own files on this host, read-only."""
    if settings.influx_url:
        # Imported here: without InfluxDB the client's start-up time and memory are not spent.
        from collector.stores.influx import Influx
        from collector.stores.influx_readings import InfluxReadingStore

        return InfluxReadingStore(Influx(settings))
    # A folder without any is told of as one whose collector has not run.
    return ShardedReadingStore(lambda: list(files(settings.data).values()) or [settings.collector_db])
