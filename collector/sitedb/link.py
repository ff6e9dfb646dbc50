"""The collector's line to the site database besides the outbox: heartbeat out, configuration and commands in."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from collector.clock import Clock
from collector.sitedb import commands, snapshot
from collector.sitedb.commands import Pulled
from collector.sitedb.destination import upsert_collector
from collector.sitedb.engine import begin_write
from collector.sitedb.snapshot import Snapshot

log = logging.getLogger(__name__)

_PULL_S = 0.5
_HEARTBEAT_MS = 5_000


@dataclass(frozen=True, slots=True)
class News:
    """What people changed or asked for. The ingest thread applies it inside its transactions."""

    snapshot: Snapshot | None
    commands: tuple[Pulled, ...]


class SiteLink(threading.Thread):
    def __init__(
        self,
        engine: Engine,
        heartbeat: Callable[[], dict[str, Any]],
        clock: Clock,
        *,
        prepare: Callable[[], None],
        version: int,
        cursor: int,
        is_applied: Callable[[str], bool],
    ) -> None:
        super().__init__(name="site-link", daemon=True)
        self._engine = engine
        self._heartbeat = heartbeat
        self._clock = clock
        self._version = version
        self._cursor = cursor
        self._handed: set[str] = set()
        self._is_applied = is_applied
        self._stop_asked = threading.Event()
        self._beat_at = 0
        self._prepare = prepare
        self._prepared = False
        self._down = False
        self.inbox: queue.SimpleQueue[News] = queue.SimpleQueue()

    def stop(self) -> None:
        self._stop_asked.set()

    def run(self) -> None:
        while not self._stop_asked.wait(_PULL_S):
            try:
                self._prepare_once()
                self._pull()
                self._beat()
            except SQLAlchemyError as error:
                if not self._down:
                    log.warning("site database unavailable: error=%s", error)
                self._down = True
            # Without this thread no acknowledgement arrives and we seem silent: it goes on whatever happened.
            except Exception:
                log.exception("site link failed, trying again")
            else:
                if self._down:
                    log.info("site database is back")
                self._down = False

    def _prepare_once(self) -> None:
        """Bring the database to our schema as soon as it can be reached; ingest does not wait for it."""
        if not self._prepared:
            self._prepare()
            self._prepared = True

    def _pull(self) -> None:
        with self._engine.connect() as db:
            fresh = snapshot.take(db) if snapshot.config_version(db) != self._version else None
            self._cursor = min(self._cursor, commands.last_seq(db))
            asked = [c for c in commands.pull(db, self._cursor) if self._is_new(c)]
        if fresh is not None or asked:
            self.inbox.put(News(fresh, tuple(asked)))
        if fresh is not None:
            self._version = fresh.version
        for command in asked:
            self._handed.add(command.id)
            self._cursor = max(self._cursor, command.seq)

    def _is_new(self, command: Pulled) -> bool:
        return command.id not in self._handed and not self._is_applied(command.id)

    def _beat(self) -> None:
        now = self._clock()
        if abs(now - self._beat_at) < _HEARTBEAT_MS:
            return
        with begin_write(self._engine) as db:
            upsert_collector(db, {**self._heartbeat(), "last_seen_at": now})
        self._beat_at = now
