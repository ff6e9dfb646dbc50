"""The application factory: puts the parts together. Nothing here is global."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response
from sqlalchemy import Engine

from collector.clock import Clock, now_ms
from collector.profiles.files import device_configs
from collector.profiles.vocabulary import Vocabulary, load_vocabulary
from collector.settings import Settings
from collector.sitedb.engine import make_engine
from collector.stores.base import ReadingStore
from collector.stores.open import open_reading_store
from webapp import access, api, errors, health, scanned, shell
from webapp.api.session import is_secure
from webapp.attempts import Attempts
from webapp.credentials import secret_key
from webapp.db import Database
from webapp.device_profiles import DeviceProfiles
from webapp.evidence.maker import RenditionMaker
from webapp.evidence.photo_store import open_photo_store
from webapp.inspections.uploads import Uploads
from webapp.json import OrjsonProvider
from webapp.live import LiveHub
from webapp.metrics import WebMetrics
from webapp.reports import inspection as inspection_report
from webapp.resource import make_api
from webapp.schemas.common import ProblemSchema
from webapp.services import EXTENSION, Services, services
from webapp.sessions import renew_cookie
from webapp.silence import SilenceWatch

_MAX_BODY = 1024 * 1024


def create_app(
    settings: Settings,
    *,
    engine: Engine | None = None,
    store: ReadingStore | None = None,
    vocabulary: Vocabulary | None = None,
    clock: Clock = now_ms,
    static: Path = shell.STATIC,
) -> Flask:
    """An application on a migrated site database. Background threads start with webapp.wsgi, not here."""
    app = Flask("webapp", static_folder=None, template_folder="reports")
    app.json = OrjsonProvider(app)
    app.config.update(SECRET_KEY=secret_key(settings.secret_key, settings.data), MAX_CONTENT_LENGTH=_MAX_BODY)
    access.register(app)
    app.extensions[EXTENSION] = _services(app, settings, engine, store, vocabulary, clock)
    errors.register(app)
    api.register(make_api(app, ProblemSchema))
    health.register(app)
    inspection_report.register(app)
    scanned.register(app)
    shell.register(app, static)
    app.after_request(_after)
    return app


def _services(
    app: Flask,
    settings: Settings,
    engine: Engine | None,
    store: ReadingStore | None,
    vocabulary: Vocabulary | None,
    clock: Clock,
) -> Services:
    database = Database(engine or make_engine(settings.site_database_url))
    words = vocabulary or load_vocabulary(device_configs())
    live = LiveHub(database, words, clock)
    photos = open_photo_store(settings)
    renditions = RenditionMaker(database, photos, clock)
    return Services(
        settings=settings,
        db=database,
        store=store or open_reading_store(settings),
        vocabulary=words,
        profiles=DeviceProfiles((device_configs(), *settings.devices)),
        clock=clock,
        live=live,
        silence=SilenceWatch(database, clock),
        metrics=WebMetrics(database, clock, lambda: live.open_streams),
        attempts=Attempts(clock),
        photos=photos,
        uploads=Uploads(database, photos, clock, renditions.check_soon),
        renditions=renditions,
        access=app.extensions[access.EXTENSION],
    )


def _after(response: Response) -> Response:
    services().metrics.count(response)
    return renew_cookie(response, secure=is_secure())
