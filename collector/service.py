"""The collector process: puts the parts together and runs them until it is told to stop."""

from __future__ import annotations

import gc
import logging
import sqlite3
import threading
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from collector.alarms.evaluator import Evaluator
from collector.clock import Clock, now_ms
from collector.heartbeat import Heartbeat
from collector.ingest.committer import Committer
from collector.ingest.loop import ReceiveLoop
from collector.ingest.mqtt.bulk import client_class
from collector.ingest.mqtt.client import DEFAULT_BROKER, Broker
from collector.ingest.mqtt.source import RECEIVE_MAXIMUM, Connected, MqttSource
from collector.ingest.pipeline import Pipeline, site_of
from collector.lock import hold
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary
from collector.settings import Settings
from collector.sitedb import commands, snapshot
from collector.sitedb.destination import SiteDestination
from collector.sitedb.engine import make_engine
from collector.sitedb.link import News, SiteLink
from collector.stores import housekeeping, outbox
from collector.stores.collector_db import connect, get_meta, open_collector_db, set_meta, transaction
from collector.stores.delivery import Destination
from collector.stores.entries import record_entry
from collector.stores.forwarder import Forwarder

log = logging.getLogger(__name__)


class CollectorService:
    """`prepare` brings the site database to the schema of this version; it is called when the database can be reached.

    `durable_broker` false: the demo broker, which forgets what it holds when it stops.
    """

    def __init__(
        self,
        settings: Settings,
        prepare: Callable[[], None],
        *,
        durable_broker: bool = True,
        clock: Clock = now_ms,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._durable_broker = durable_broker
        vocabulary = load_vocabulary(device_configs())
        library = load_library((device_configs(), *settings.devices), vocabulary)
        brokers = Broker.parse_all(settings.mqtt_url or DEFAULT_BROKER)
        self._lock = hold(settings.data / "collector.lock", "a collector")
        self._db = open_collector_db(settings.collector_db)
        self.id = f"fieldproof-{_installation(self._db)}-0"
        self._filters = library.topic_filters()
        self._sources = [self._source(broker) for broker in brokers]
        self._pipeline = Pipeline(library, vocabulary, {broker.name: site_of(broker.site) for broker in brokers})
        self._evaluator = Evaluator(self._db)
        self._committer = Committer(
            self._db, self._evaluator, RECEIVE_MAXIMUM, clock, long_term=settings.influx_url is not None
        )
        self._news: list[News] = []
        self._housekeeping_at = 0
        self._started_at = clock()
        self._snapshot = snapshot.load(self._db)
        self._use(self._snapshot)
        engine = make_engine(settings.site_database_url)
        self._forwarders = [
            Forwarder(settings.collector_db, destination, clock)
            for destination in _destinations(settings, SiteDestination(engine, self.id, clock))
        ]
        self._side = connect(settings.collector_db, read_only=True)
        self._beat = Heartbeat(self._committer.stats, self._forwarders, self._side, settings.data, clock)
        self._link = SiteLink(
            engine,
            self._heartbeat,
            clock,
            prepare=prepare,
            version=self._snapshot.version,
            cursor=commands.cursor(self._db),
            is_applied=lambda ident: commands.applied(self._side, ident),
        )
        self._loop = ReceiveLoop(
            self._sources,
            self._pipeline,
            self._committer,
            clock,
            due=self._evaluator.due,
            committed=self._wake_forwarders,
            between=self._between,
        )

    def _source(self, broker: Broker) -> MqttSource:
        former = (get_meta(self._db, f"topic_filters.{broker.name}") or "").split()
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
        )

    def run(self, stop: threading.Event) -> None:
        outbox.set_destinations(self._db, [forwarder.destination for forwarder in self._forwarders], self._clock())
        for thread in (*self._forwarders, self._link):
            thread.start()
        journal, synchronous = self.durability()
        log.info(
            "collecting: client=%s broker=%s journal=%s synchronous=%d", self.id, self._brokers, journal, synchronous
        )
        _calm_garbage_collection()
        try:
            self._loop.run(stop)
        finally:
            self._shut_down()

    def durability(self) -> tuple[str, int]:
        """Journal mode and `synchronous` of the very connection that commits before we acknowledge (2 is FULL)."""
        (journal,) = self._db.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = self._db.execute("PRAGMA synchronous").fetchone()
        return str(journal), int(synchronous)

    @property
    def _brokers(self) -> str:
        return ", ".join(source.broker.name for source in self._sources)

    def close(self) -> None:
        self._side.close()
        self._db.close()
        self._lock.close()

    def _shut_down(self) -> None:
        self._link.stop()
        for forwarder in self._forwarders:
            forwarder.stop()
        for thread in (*self._forwarders, self._link):
            thread.join(10)
        self.close()

    def _wake_forwarders(self) -> None:
        for forwarder in self._forwarders:
            forwarder.wake()

    # -- between two polls of the network ----------------------------------------------------------------------------

    def _between(self) -> None:
        """What is not a message: people's news, connections made, housekeeping. Each in its own transaction."""
        while not self._link.inbox.empty():
            self._news.append(self._link.inbox.get())
        try:
            self._committer.refresh()
            while self._news:
                self._apply(self._news[0])
                self._news.pop(0)
            for source in self._sources:
                while source.events:
                    self._note_connection(source.events[0])
                    source.events.pop(0)
            now = self._clock()
            if abs(now - self._housekeeping_at) > housekeeping.EVERY_MS:
                housekeeping.tidy(self._db, now, forwarded_since=outbox.forwarding_since(self._db, "influx"))
                self._housekeeping_at = now
        except sqlite3.Error as error:
            log.error("cannot store, trying again: error=%s", error)
            self._committer.distrust_memory()

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
        self._evaluator.configure(taken.limits, self._clock())
        self._committer.assign_sites(taken.sites)
        self._pipeline.use(taken.sites, taken.zones)

    def _carry_out(self, command: commands.Pulled, now: int) -> None:
        if commands.applied(self._db, command.id):
            return
        operation = commands.operation(command)
        if operation is None:
            log.warning("command not known to this version: id=%s kind=%s", command.id, command.kind)
        elif not self._evaluator.operate(operation, now):
            log.warning("command for an alarm that is not this collector's: id=%s alarm=%s", command.id, command.target)
        commands.mark_applied(self._db, command, now)

    def _note_connection(self, connected: Connected) -> None:
        """A broker that forgot our session may have dropped what it was keeping for us: say so (DESIGN §2 rule 8)."""
        now = self._clock()
        broker = connected.broker
        last = get_meta(self._db, f"last_received_at.{broker}")
        known = get_meta(self._db, f"session.{broker}")
        with transaction(self._db):
            if known and last and not connected.session_present:
                log.error("possible loss: the broker kept no session: broker=%s from=%s to=%s", broker, last, now)
                event = {
                    "id": str(uuid.uuid4()),
                    "kind": "possible_loss",
                    "detail": f"the broker {broker} kept no session while the collector was away",
                    "started_at": int(last),
                    "ended_at": now,
                }
                outbox.append(self._db, [record_entry("event", event)], now)
            if not connected.session_present:
                self._committer.forget_deliveries(broker)
            set_meta(self._db, f"session.{broker}", "1")
            set_meta(self._db, f"topic_filters.{broker}", " ".join(self._filters))

    # -- heartbeat ---------------------------------------------------------------------------------------------------

    def _heartbeat(self) -> dict[str, Any]:
        """The site database's collector row. Called from the link's thread."""
        brokers = {source.broker.name: source.subscribed_at is not None for source in self._sources}
        content = self._beat.content(brokers, histograms=self._committer.stats.histograms, trouble=None)
        return {
            "id": self.id,
            "started_at": self._started_at,
            "connected": all(brokers.values()),
            "broker": self._brokers,
            "config_version": self._snapshot.version,
            "stats": {**content, "durable_broker": self._durable_broker},
        }


def _calm_garbage_collection() -> None:
    """A batch is some 50,000 tuples without cycles: looking through them again and again costs an eighth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)


def _installation(db: sqlite3.Connection) -> str:
    """Part of the fixed client id: two installations on one broker must not take over each other's session."""
    known = get_meta(db, "installation")
    if known is None:
        known = uuid.uuid4().hex[:8]
        with transaction(db):
            set_meta(db, "installation", known)
    return known


def _destinations(settings: Settings, site: SiteDestination) -> Iterable[Destination]:
    yield site
    if settings.influx_url:
        from collector.stores.influx import Influx, InfluxDestination

        yield InfluxDestination(Influx(settings))
