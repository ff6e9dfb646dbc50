"""The web server: granian with blocking threads, the same for `up` and production."""

from __future__ import annotations

import os

from granian import Granian
from granian.constants import Interfaces

from collector.settings import Settings
from webapp.live import BLOCKING_THREADS

# Open streams would otherwise hold back a stop.
_STOP_S = 3


def serve(settings: Settings, workers: int) -> None:
    """Runs until SIGINT or SIGTERM. The worker processes read the settings from the environment."""
    from webapp.up import as_environment

    os.environ.update(as_environment(settings))
    Granian(
        "webapp.wsgi:application",
        factory=True,
        interface=Interfaces.WSGI,
        address=settings.host,
        port=settings.port,
        ssl_cert=settings.tls_cert,
        ssl_key=settings.tls_key,
        workers=workers,
        blocking_threads=BLOCKING_THREADS,
        workers_kill_timeout=_STOP_S,
        respawn_failed_workers=True,
        websockets=False,
        log_access=False,
    ).serve()
