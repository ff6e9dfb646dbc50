"""What granian loads in each worker: `granian --interface wsgi --factory webapp.wsgi:application`.

Give it at least `webapp.live.BLOCKING_THREADS` blocking threads: a live stream holds one each.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

from flask import Flask

from collector.settings import load_settings
from webapp.app import create_app
from webapp.services import EXTENSION, Services


def application() -> Flask:
    """The application by the environment's settings, with its background threads."""
    app = create_app(load_settings())
    parts: Services = app.extensions[EXTENSION]
    parts.silence.start()
    parts.renditions.start()
    _when_told_to_stop(parts.live.stop)
    return app


def _when_told_to_stop(action: Callable[[], None]) -> None:
    """Run `action` at SIGTERM or SIGINT, besides the handlers that the server sets after this.

    A stop waits for the requests in hand, and a live stream is one that does not end by itself.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    receiving, sending = os.pipe()
    os.set_blocking(sending, False)
    # Python writes the number of each signal that comes, whoever handles it.
    signal.set_wakeup_fd(sending, warn_on_full_buffer=False)

    def wait() -> None:
        while number := os.read(receiving, 1):
            if number[0] in (signal.SIGTERM, signal.SIGINT):
                action()

    threading.Thread(target=wait, name="stop", daemon=True).start()
