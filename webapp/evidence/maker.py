"""Makes what people look at: a thread in each web process, behind the uploads and never in their way.

A photo is claimed in the database, so that several processes share the work. A claim ends by itself: a process that
was killed in the middle holds up one photo for two minutes.
"""

from __future__ import annotations

import logging
import threading

from sqlalchemy import Update, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from collector.clock import Clock
from collector.errors import StoreUnavailable
from webapp.db import Database
from webapp.evidence.photo_store import PhotoMissing, PhotoStore
from webapp.evidence.renditions import ImageWorker, Made, Refused, WorkerUnavailable
from webapp.models.photo import Photo

log = logging.getLogger(__name__)

CLAIM_MS = 120_000
# For photos that another process received, and for claims that have ended.
LOOK_EVERY_S = 5.0


def ask_again(db: Session, sha256: str) -> bool:
    """Have a photo's renditions made once more, because their files are gone. False when they are not called ready."""
    again = update(Photo).where(Photo.sha256 == sha256, Photo.rendition == "ready")
    return _changed_one(db, again.values(rendition="pending", claimed_at=None))


class RenditionMaker:
    def __init__(self, database: Database, store: PhotoStore, clock: Clock, worker: ImageWorker | None = None) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._worker = worker or ImageWorker()
        self._wake = threading.Event()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="renditions", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """An image in hand is given up; its claim ends by itself."""
        self._stopped = True
        self._wake.set()
        self._worker.close()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def check_soon(self) -> None:
        """Look at once: a photo has come, or one was asked for again."""
        self._wake.set()

    def make_next(self) -> bool:
        """One photo, claimed, made and noted. False when nothing waits."""
        found = self._claim()
        if found is None:
            return False
        sha256, claimed_at = found
        try:
            outcome = self._make(sha256)
        except PhotoMissing:
            # Left pending: a folder that was not mounted would otherwise cost every photo its rendition.
            log.error("original missing in the photo store: sha256=%s", sha256)
            return True
        self._note(sha256, claimed_at, outcome)
        return True

    def _run(self) -> None:
        away = False
        while not self._stopped:
            try:
                while not self._stopped and self.make_next():
                    away = False
            except (SQLAlchemyError, StoreUnavailable, WorkerUnavailable) as error:
                if not (away or self._stopped):
                    log.warning("renditions paused: error=%s", error)
                away = True
            except Exception:
                log.exception("making renditions failed, trying again")
            self._wake.wait(LOOK_EVERY_S)
            self._wake.clear()

    def _claim(self) -> tuple[str, int] | None:
        now = self._clock()
        with self._database.read() as db:
            waiting = select(Photo.sha256).where(_free(now)).order_by(Photo.received_at, Photo.sha256)
            sha256 = db.scalar(waiting.limit(1))
        if sha256 is None:
            return None
        with self._database.write() as db:
            mine = update(Photo).where(Photo.sha256 == sha256, _free(now)).values(claimed_at=now)
            taken = _changed_one(db, mine)
        # Another process was quicker: there may be more.
        return (sha256, now) if taken else self._claim()

    def _make(self, sha256: str) -> Made | Refused:
        thumb, large = self._store.rendition(sha256, "thumb"), self._store.rendition(sha256, "large")
        with self._store.open(sha256) as original:
            outcome = self._worker.make(original, thumb, large)
            if outcome == Refused("crashed"):
                # Once more: a child may also be killed for want of memory elsewhere on the machine.
                outcome = self._worker.make(original, thumb, large)
        return outcome

    def _note(self, sha256: str, claimed_at: int, outcome: Made | Refused) -> None:
        mine = update(Photo).where(Photo.sha256 == sha256, Photo.claimed_at == claimed_at)
        if isinstance(outcome, Made):
            facts = {"width": outcome.width, "height": outcome.height, "exif": outcome.facts}
            values = {"rendition": "ready", "rendition_reason": None, **facts}
        else:
            values = {"rendition": "none", "rendition_reason": outcome.reason}
            log.warning("no rendition of a photo: sha256=%s reason=%s", sha256, outcome.reason)
        with self._database.write() as db:
            db.execute(mine.values(**values, claimed_at=None))


def _free(now: int) -> ColumnElement[bool]:
    unclaimed = or_(Photo.claimed_at.is_(None), Photo.claimed_at <= now - CLAIM_MS)
    return (Photo.rendition == "pending") & unclaimed


def _changed_one(db: Session, statement: Update) -> bool:
    return db.connection().execute(statement).rowcount == 1
