"""`fieldproof reshard`: another number of collectors, with every device owned once and every message stored once.

1. drain: each new shard gets a session, a marker is published, and every session is read up to it: those of before
   store what they own by the old layout, new ones own nothing yet.
2. move: devices whose owner changes go from file to file; what else removed shards hold goes to the first.
3. finish: sessions of removed shards end, their files are set aside, and the new layout is written down.

Behind the marker everything waits in the sessions for the collectors of the new layout. What is to be done, and how far
it got, stands in a file (plan.py): killed anywhere, it goes on when it is run again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from collector.clock import Clock
from collector.errors import StoreUnavailable
from collector.ingest.mqtt.client import DEFAULT_BROKER, Broker
from collector.ingest.pipeline import site_of
from collector.ingest.sessions import note_filters
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.settings import Settings
from collector.sharding import layout, move
from collector.sharding import plan as plans
from collector.sharding.drain import Drain
from collector.sharding.fold import fold, forget_notes
from collector.sharding.layout import Shard
from collector.sharding.owner import owner
from collector.sharding.pipeline import pipeline_for
from collector.sharding.plan import Plan
from collector.sharding.sessions import Sessions
from collector.sharding.shared import share_commands, share_snapshot, trim_from
from collector.stores.collector_db import get_meta, open_collector_db, set_meta, transaction

log = logging.getLogger(__name__)


class Progress(Protocol):
    """Told of each step, and within it of how many messages, readings or devices were dealt with."""

    def step(self, text: str) -> None: ...
    def count(self, done: int) -> None: ...


@dataclass(slots=True)
class Done:
    before: int
    after: int
    stored: int = 0
    devices: int = 0
    readings: int = 0
    # Client ids of collectors that are no more.
    removed: list[str] = field(default_factory=list)


class Reshard:
    """Under the locks of all collectors of the folder; see `run` in run.py. `retire` is given the removed ones."""

    def __init__(
        self, settings: Settings, plan: Plan, progress: Progress, retire: Callable[[Sequence[str]], None],
        answer_s: float, clock: Clock,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._folder = settings.data
        self._plan = plan
        self._progress = progress
        self._retire = retire
        self._clock = clock
        self._vocabulary = load_vocabulary(device_configs())
        self.library = load_library((device_configs(), *settings.devices), self._vocabulary)
        self.brokers = Broker.parse_all(settings.mqtt_url or DEFAULT_BROKER)
        self._installation = layout.installation(settings.data)
        filters = self.library.topic_filters()
        self._sessions = Sessions(settings, self.brokers, self._installation, filters, clock, answer_s)
        self.done = Done(plan.before, plan.after)

    def run(self) -> Done:
        """Raises StoreUnavailable when a broker or a file cannot be used now."""
        if self._plan.phase == "drain":
            self._drain()
            self._enter("move")
        if self._plan.phase == "move":
            self._move()
            self._enter("finish")
        self._finish()
        return self.done

    def take_back(self) -> None:
        """As long as nothing was moved. A broker that is away keeps the sessions of new shards; it is told of."""
        for index in self._plan.added:
            try:
                self._sessions.end(index)
            except StoreUnavailable as error:
                self._progress.step(f"Left behind: {error}")
        plans.remove(self._folder)

    def _enter(self, phase: plans.Phase) -> None:
        self._plan = replace(self._plan, phase=phase)
        plans.save(self._folder, self._plan)

    def _open(self, stack: ExitStack, indexes: range) -> dict[int, sqlite3.Connection]:
        found = {index: open_collector_db(Shard(index, layout.MOST).database(self._folder)) for index in indexes}
        for db in found.values():
            stack.enter_context(closing(db))
        return found

    # -- drain -------------------------------------------------------------------------------------------------------

    def _drain(self) -> None:
        with ExitStack() as stack:
            drains = {
                index: self._drain_of(index, db) for index, db in self._open(stack, range(self._plan.before)).items()
            }
            for index, drain in drains.items():
                self._progress.step(f"Preparing the session of shard {index}")
                drain.subscribe(index)
            for index in self._plan.added:
                self._progress.step(f"Making a session for shard {index}")
                self._sessions.end(index)
                self._sessions.subscribe(index)
            marker = self._sessions.mark()
            for index in self._plan.added:
                self._progress.step(f"Reading the session of shard {index} up to the marker")
                self._sessions.discard(index, marker)
            for index, drain in drains.items():
                self._progress.step(f"Storing what waits for shard {index}")
                self.done.stored += drain.run(index, marker, self._progress.count)

    def _drain_of(self, index: int, db: sqlite3.Connection) -> Drain:
        """As this shard collected: also with what profiles grouped by then."""
        library = self.library.grouping_by(layout.groups(db) or {})
        sites = {broker.name: site_of(broker.site) for broker in self.brokers}
        pipeline = pipeline_for(Shard(index, self._plan.before), library, self._vocabulary, sites)
        return Drain(db, pipeline, self._sessions, self._clock, long_term=self._settings.influx_url is not None)

    # -- move --------------------------------------------------------------------------------------------------------

    def _move(self) -> None:
        with ExitStack() as stack:
            dbs = self._open(stack, range(max(self._plan.before, self._plan.after)))
            before = [dbs[index] for index in range(self._plan.before)]
            after = [dbs[index] for index in range(self._plan.after)]
            for index in self._plan.added:
                self._know_session(dbs[index])
            share_snapshot(before, after)
            share_commands(before, after)
            trim_from(before, after, self._clock())
            owners = {device: owner(group, len(after)) for device, group in move.groups(dbs.values()).items()}
            for source in dbs:
                self._move_from(source, dbs, owners)
            for index in self._plan.removed:
                self._progress.step(f"Handing over what shard {index} still holds")
                with move.beside(dbs[0], Shard(index, layout.MOST).database(self._folder)) as db:
                    fold(db, f"{self._plan.id}.{index}")
                dbs[index].execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _know_session(self, db: sqlite3.Connection) -> None:
        """From the marker on its loss is a possible loss of messages."""
        with transaction(db):
            for broker in self.brokers:
                set_meta(db, f"session.{broker.name}", "1")
                note_filters(db, broker.name, self._sessions.all_filters)
                if get_meta(db, f"last_received_at.{broker.name}") is None:
                    set_meta(db, f"last_received_at.{broker.name}", str(self._clock()))

    def _move_from(self, source: int, dbs: dict[int, sqlite3.Connection], owners: dict[str, int]) -> None:
        leaving: defaultdict[int, list[str]] = defaultdict(list)
        for device in sorted(move.devices(dbs[source])):
            if owners[device] != source:
                leaving[owners[device]].append(device)
        limits = move.limits_of(dbs[source])
        for target, devices in leaving.items():
            self._progress.step(f"Moving {len(devices)} of shard {source}'s devices to shard {target}")
            with move.beside(dbs[target], Shard(source, layout.MOST).database(self._folder)) as db:
                for device in devices:
                    move.move(db, device, limits.get(device, ()), self._count_readings)
                    self.done.devices += 1

    def _count_readings(self, more: int) -> None:
        self.done.readings += more
        self._progress.count(self.done.readings)

    # -- finish ------------------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        for index in self._plan.removed:
            self._progress.step(f"Ending the session of shard {index}")
            self._sessions.end(index)
            self._set_aside(index)
            self.done.removed.append(layout.client_id(self._installation, index))
        with ExitStack() as stack:
            for index, db in self._open(stack, range(self._plan.after)).items():
                with transaction(db):
                    layout.record(db, Shard(index, self._plan.after), self._installation, self.library.groups())
                    forget_notes(db)
        self._retire(self.done.removed)
        plans.remove(self._folder)
        log.info("resharded: before=%d after=%d devices=%d", self.done.before, self.done.after, self.done.devices)

    def _set_aside(self, index: int) -> None:
        """Emptied of devices, with the rest handed over; never deleted."""
        file = Shard(index, layout.MOST).database(self._folder)
        aside = f"{file.name}.retired-{datetime.fromtimestamp(self._clock() / 1000, UTC):%Y%m%dT%H%M%S}"
        # The file itself last: as long as it is there this is done again.
        for ending in ("-wal", "-shm", ""):
            part = file.with_name(file.name + ending)
            if part.exists():
                part.rename(file.with_name(aside + ending))
