"""What an application instance works with. One object in place of globals, so that tests can build several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import current_app

from collector.clock import Clock
from collector.profiles.vocabulary import Vocabulary
from collector.settings import Settings
from collector.stores.base import ReadingStore
from webapp.db import Database

if TYPE_CHECKING:
    from webapp.attempts import Attempts
    from webapp.device_profiles import DeviceProfiles
    from webapp.evidence.maker import RenditionMaker
    from webapp.evidence.photo_store import PhotoStore
    from webapp.inspections.uploads import Uploads
    from webapp.live import LiveHub
    from webapp.metrics import WebMetrics
    from webapp.silence import SilenceWatch

EXTENSION = "fieldproof"


@dataclass(slots=True)
class Services:
    settings: Settings
    db: Database
    store: ReadingStore
    vocabulary: Vocabulary
    profiles: DeviceProfiles
    clock: Clock
    live: LiveHub
    silence: SilenceWatch
    metrics: WebMetrics
    attempts: Attempts
    photos: PhotoStore
    uploads: Uploads
    renditions: RenditionMaker
    access: dict[str, frozenset[str]]


def services() -> Services:
    found: Services = current_app.extensions[EXTENSION]
    return found
