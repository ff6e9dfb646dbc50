"""The collector process: puts the parts together and runs them until it is told to stop."""

from __future__ import annotations

import gc
import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, closing
from functools import partial
from typing import Any

from collector.alarms.evaluator import Evaluator
from collector.clock import Clock, now_ms
from collector.heartbeat import Heartbeat
from collector.ingest.committer import Committer
from collector.ingest.loop import ReceiveLoop
from collector.ingest.mqtt.bulk import client_class
from collector.ingest.mqtt.client import DEFAULT_BROKER, Broker
from collector.ingest.mqtt.source import RECEIVE_MAXIMUM, Marked, MqttSource, Rewound
from collector.ingest.mqtt.sparkplug import SPARKPLUG, sparkplug_sources
from collector.ingest.pipeline import site_of
from collector.ingest.sessions import (
    last_received,
    mark_key,
    note_connection,
    note_loss,
    note_marked,
    note_rewound,
    noted_filters,
)
from collector.lock import hold
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.profiles.watch import LibraryWatch
from collector.reload import Reload
from collector.settings import Settings
from collector.sharding.layout import ALONE, Shard, claim, client_id
from collector.sharding.pipeline import pipeline_for
from collector.sitedb import commands, snapshot
from collector.sitedb.destination import SiteDestination
from collector.sitedb.engine import make_engine
from collector.sitedb.link import News, SiteLink
from collector.stores import housekeeping, outbox
from collector.stores.collector_db import can_write, connect, get_meta, transaction
from collector.stores.delivery import Destination
from collector.stores.entries import record_entry
from collector.stores.forwarder import Forwarder
from collector.stores.salvage_readings import ReadingsSalvage
from collector.stores.set_aside import Suspicion, open_whole
from collector.trouble import BeginAgain, Damaged, Watch

log = logging.getLogger(__name__)

# While nothing can be stored: what is not a message is tried again so often, and a fresh connection at every so many
# failures.
_AGAIN_S = 1.0
_FRESH_EVERY = 5
# A moment in which something else writes is no trouble that others must be told of.
_HOLD_OFF_MS = 3_000
_CONNECT_S = 5.0
_CONNECT_ONE_OF_SEVERAL_S = 1.0
# Of profiles that were changed and cannot be used.
_FAULTS_TOLD = 20


class CollectorService:
    """`prepare` brings the site database to the schema of this version; it is called when the database can be reached.

    `shard`: which of several collectors it is. `durable_broker` false: the demo broker, which forgets what it holds
    when it stops.
    """

    def __init__(
        self,
        settings: Settings,
        prepare: Callable[[], None],
        *,
        shard: Shard = ALONE,
        durable_broker: bool = True,
        watch: Watch | None = None,
        suspicion: Suspicion | None = None,
        clock: Clock = now_ms,
    ) -> None:
        """`watch` remembers trouble from one collector to the next of this process; `suspicion`: what one met."""
        self._settings = settings
        self._shard = shard
        self._clock = clock
        self._durable_broker = durable_broker
        self._watch = watch or Watch(settings.data, clock)
        self._held = ExitStack()
        try:
            self._put_together(prepare, suspicion)
        except BaseException:
            self.close()
            raise

    def _put_together(self, prepare: Callable[[], None], suspicion: Suspicion | None) -> None:
        settings, shard, clock = self._settings, self._shard, self._clock
        vocabulary = load_vocabulary(device_configs())
        folders = (device_configs(), *settings.devices)
        # Before they are read: what is changed meanwhile is found later.
        watch = LibraryWatch(folders, vocabulary)
        library = load_library(folders, vocabulary)
        brokers = Broker.parse_all(settings.mqtt_url or DEFAULT_BROKER)
        self._file = file = shard.database(settings.data)
        self._held.enter_context(hold(shard.lock(settings.data), "a collector"))
        self._db = self._held.enter_context(closing(open_whole(file, clock, suspicion)))
        self.id = client_id(claim(self._db, settings.data, shard, library.groups()), shard.index)
        self._filters = library.topic_filters()
        # Connecting holds up whoever is connected already: with several brokers it is given up sooner.
        patience_s = _CONNECT_S if len(brokers) == 1 else _CONNECT_ONE_OF_SEVERAL_S
        ordinary = [self._source(broker, patience_s) for broker in brokers]
        sites = {one.name: site_of(one.site) for broker in brokers for one in (broker, broker.on(SPARKPLUG))}
        self._pipeline = pipeline_for(shard, library, vocabulary, sites)
        self._sources = [*ordinary, *self._sparkplug(brokers, patience_s)]
        self._pipeline.hosted = {broker.name for broker in brokers if settings.sparkplug_host is not None}
        self._reload = Reload(watch, self._pipeline, ordinary, self._db, shard, settings.data)
        self._evaluator = Evaluator(self._db)
        self._committer = Committer(
            self._db, self._evaluator, RECEIVE_MAXIMUM, clock, long_term=settings.influx_url is not None
        )
        self._pipeline.heard_until = self._committer.heard_until
        self._news: list[News] = []
        self._housekeeping = housekeeping.Housekeeping(self._db)
        self._housekeeping_at = 0
        self._again_at = 0.0
        self._started_at = clock()
        self._snapshot = snapshot.load(self._db)
        self._use(self._snapshot)
        engine = make_engine(settings.site_database_url)
        self._forwarders = [
            Forwarder(file, destination, clock)
            for destination in _destinations(settings, SiteDestination(engine, self.id, clock))
        ]
        self._side = self._held.enter_context(closing(connect(file, read_only=True)))
        self._beat = Heartbeat(self._committer.stats, self._forwarders, self._side, settings.data, clock, shard)
        self._salvage = ReadingsSalvage(file, clock)
        self._link = SiteLink(
            engine,
            self._heartbeat,
            clock,
            prepare=prepare,
            version=self._snapshot.version,
            cursor=commands.cursor(self._db),
            is_applied=self._is_applied,
        )
        self._loop = ReceiveLoop(
            self._sources,
            self._pipeline,
            self._committer,
            clock,
            due=self._evaluator.due,
            committed=self._wake_forwarders,
            between=self._between,
            failed=self._cannot_store,
        )

    def _source(self, broker: Broker, connect_timeout_s: float) -> MqttSource:
        former = noted_filters(self._db, broker.name)
        mark = get_meta(self._db, mark_key(self.id, broker.name))
        return MqttSource(
            self._settings,
            broker,
            self.id,
            self._filters,
            self._clock,
            former_filters=former,
            # The demo broker speaks 3.1.1 only: asking it for v5 first would cost five seconds.
            v5=self._durable_broker,
            kind=client_class(),
            connect_timeout_s=connect_timeout_s,
            leaves_marks=self._durable_broker,
            marked=int(mark) if mark else None,
        )

    def _sparkplug(self, brokers: Iterable[Broker], connect_timeout_s: float) -> Iterable[MqttSource]:
        """Of several collectors each follows the edge nodes that it owns, and the first speaks for all."""
        return sparkplug_sources(
            self._settings, brokers, self.id, self._clock,
            mine=self._pipeline.mine, speaks=self._shard.index == 0, heard=partial(last_received, self._db),
            v5=self._durable_broker, connect_timeout_s=connect_timeout_s,
        )  # fmt: skip

    def run(self, stop: threading.Event) -> None:
        try:
            outbox.set_destinations(self._db, [forwarder.destination for forwarder in self._forwarders], self._clock())
            for thread in self._threads:
                thread.start()
            journal, synchronous = self.durability()
            log.info(
                "collecting: client=%s broker=%s journal=%s synchronous=%d",
                self.id, self._brokers, journal, synchronous,
            )  # fmt: skip
            _calm_garbage_collection()
            kept, self._watch.unkept = self._watch.unkept, []
            self._loop.take_up(kept)
            self._run_loop(stop)
        finally:
            self._shut_down()

    def _run_loop(self, stop: threading.Event) -> None:
        try:
            self._loop.run(stop)
        except Exception:
            # Edge nodes of Sparkplug send nothing twice: the next collector of this process stores it.
            self._watch.unkept = self._loop.unkept()
            raise

    def durability(self) -> tuple[str, int]:
        """Journal mode and `synchronous` of the very connection that commits before we acknowledge (2 is FULL)."""
        (journal,) = self._db.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = self._db.execute("PRAGMA synchronous").fetchone()
        return str(journal), int(synchronous)

    @property
    def _brokers(self) -> str:
        return ", ".join(source.broker.name for source in self._sources)

    def close(self) -> None:
        self._held.close()

    def _shut_down(self) -> None:
        started = [thread for thread in self._threads if thread.ident is not None]
        for thread in started:
            thread.stop()
        for thread in started:
            thread.join(10)
        self.close()

    @property
    def _threads(self) -> list[Forwarder | SiteLink | ReadingsSalvage | LibraryWatch]:
        return [*self._forwarders, self._link, self._salvage, self._reload.watch]

    def _wake_forwarders(self) -> None:
        for forwarder in self._forwarders:
            forwarder.wake()

    # -- between two polls of the network ----------------------------------------------------------------------------

    def _between(self) -> None:
        """What is not a message: people's news, connections made, housekeeping. Each in its own transaction."""
        while not self._link.inbox.empty():
            self._news.append(self._link.inbox.get())
        if time.monotonic() < self._again_at:
            return
        try:
            self._committer.refresh()
            self._note_trouble()
            while self._news:
                self._apply(self._news[0])
                self._news.pop(0)
            self._reload.step()
            for source in self._sources:
                while source.events:
                    note_connection(self._db, self._committer, source.events[0], self._reload.filters, self._clock())
                    source.events.pop(0)
                while source.losses:
                    note_loss(self._db, source.broker.name, source.losses[0], self._clock())
                    source.losses.pop(0)
                while source.marks and not self._loop.holds_messages:
                    self._note_mark(source.marks[0])
                    source.marks.pop(0)
            now = self._clock()
            if abs(now - self._housekeeping_at) > housekeeping.EVERY_MS:
                self._housekeeping.tidy(now, forwarded_since=outbox.forwarding_since(self._db, "influx"))
                self._housekeeping_at = now
        except sqlite3.Error as error:
            self._committer.distrust_memory()
            self._again_at = time.monotonic() + _AGAIN_S
            self._cannot_store(error, 0)

    def _note_mark(self, told: Marked | Rewound) -> None:
        if isinstance(told, Marked):
            note_marked(self._db, self.id, told)
        else:
            note_rewound(self._db, self._committer, told, self._clock())

    def _cannot_store(self, error: sqlite3.Error, waiting: int) -> None:
        """Raises BeginAgain when trying again on this connection is no use."""
        trouble = self._watch.failed(error, waiting)
        # Nor does a clock that was set back make it a moment.
        if not 0 <= self._clock() - trouble.since < _HOLD_OFF_MS:
            for source in self._sources:
                source.hold_off()
        if trouble.kind == "corrupt":
            raise Damaged(str(error)) from error
        # A connection may be spoilt by what it went through, such as a disk that was taken away and put back.
        spoilt = trouble.kind in ("read_only", "unwritable") and self._watch.failures % _FRESH_EVERY == 0
        if spoilt and can_write(self._file):
            raise BeginAgain("a fresh connection can write and the old one cannot") from error

    def _note_trouble(self) -> None:
        """That this can be stored is how we know that the trouble is over."""
        for forwarder in self._forwarders:
            if forwarder.damage is not None:
                raise forwarder.damage
        if (trouble := self._watch.trouble) is not None:
            with transaction(self._db):
                outbox.append(self._db, [record_entry("event", self._watch.event(trouble))], self._clock())
            self._watch.over(trouble)
            for source in self._sources:
                source.go_on()

    def _apply(self, news: News) -> None:
        now = self._clock()
        try:
            with transaction(self._db):
                if news.snapshot is not None:
                    snapshot.save(self._db, news.snapshot, now)
                    self._use(news.snapshot)
                for command in news.commands:
                    self._carry_out(command, now)
                outbox.append(self._db, self._evaluator.flush(), now)
        except sqlite3.Error:
            self._use(self._snapshot)
            raise
        if news.snapshot is not None:
            self._snapshot = news.snapshot
            log.info(
                "configuration taken: version=%d limits=%d",
                self._snapshot.version,
                len(self._snapshot.limits),
            )
        self._wake_forwarders()

    def _use(self, taken: snapshot.Snapshot) -> None:
        if taken is snapshot.EMPTY:
            # None is known: alarms that are open stay so until one is.
            return
        self._evaluator.configure(taken.limits, self._clock())
        self._committer.assign_sites(taken.sites)
        self._pipeline.use(taken.sites, taken.zones, taken.profiles)

    def _carry_out(self, command: commands.Pulled, now: int) -> None:
        if commands.applied(self._db, command.id):
            return
        operation = commands.operation(command)
        if operation is None:
            log.warning("command not known to this version: id=%s kind=%s", command.id, command.kind)
        elif not self._evaluator.operate(operation, now):
            # Of several collectors each is told everything, and one has the alarm.
            level = logging.WARNING if self._shard.count == 1 else logging.DEBUG
            log.log(
                level, "command for an alarm that is not this collector's: id=%s alarm=%s", command.id, command.target
            )
        commands.mark_applied(self._db, command, now)

    def _is_applied(self, ident: str) -> bool:
        """Called from the link's thread. What cannot be read is asked again by the ingest thread, which can mend it."""
        try:
            return commands.applied(self._side, ident)
        except sqlite3.Error:
            return False

    # -- heartbeat ---------------------------------------------------------------------------------------------------

    def _heartbeat(self) -> dict[str, Any]:
        """The site database's collector row. Called from the link's thread."""
        brokers = {source.broker.name: source.subscribed_at is not None for source in self._sources}
        trouble = self._watch.trouble
        report = trouble.report() if trouble else None
        content = self._beat.content(brokers, histograms=self._committer.stats.histograms, trouble=report)
        return {
            "id": self.id,
            "started_at": self._started_at,
            "connected": all(brokers.values()),
            "broker": self._brokers,
            "config_version": self._snapshot.version,
            "stats": {
                **content,
                "durable_broker": self._durable_broker,
                "profile_faults": list(self._reload.watch.faults[:_FAULTS_TOLD]),
            },
        }


def _calm_garbage_collection() -> None:
    """A batch is some 50,000 tuples without cycles: looking through them over and over costs an eighth of the time."""
    # When the collector begins again, the former one is garbage.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _destinations(settings: Settings, site: SiteDestination) -> Iterable[Destination]:
    yield site
    if settings.influx_url:
        from collector.stores.influx import Influx, InfluxDestination

        yield InfluxDestination(Influx(settings))
