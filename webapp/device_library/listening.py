"""Listening to a broker from the command line: a bar that shows how long still, and Ctrl-C that keeps what came."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from collector.clock import now_ms
from collector.devices.propose import Caught
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.listen import listen
from collector.ingest.pipeline import OWN_TOPICS
from collector.settings import Settings
from collector.sitedb.engine import make_engine
from webapp.doctor import known_brokers

# What our own collectors and the doctor publish: nobody asks what becomes of it.
_OURS = (OWN_TOPICS, "fieldproof/_doctor/")


def listen_until(
    settings: Settings, topic_filter: str, seconds: float, *, quiet: bool
) -> Iterator[tuple[Caught, bool]]:
    """Each message, and whether the broker had it retained, for `seconds`, until Ctrl-C, or until the caller stops.

    Raises CannotListenError.
    """
    broker, others = _broker(settings)
    console = Console(stderr=True, highlight=False, emoji=False, quiet=quiet)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[heard]} heard"),
        TimeRemainingColumn(),
    )
    if others:
        console.print(f"Listening at {broker.name} only; for another of your brokers: --mqtt", style="dim")
    started, heard = time.monotonic(), 0
    with _until_interrupted() as stop, Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(f"Listening to {topic_filter} at {broker.name}", total=seconds, heard=0)
        for batch in listen(broker, settings, topic_filter, seconds):
            for one in batch:
                if one.topic.startswith(_OURS):
                    continue
                heard += 1
                yield Caught(one.topic, one.payload, now_ms()), one.retained
            progress.update(task, completed=time.monotonic() - started, heard=heard)
            if stop.is_set():
                console.print("Stopped; what came until now is kept.", style="dim")
                return


@contextmanager
def _until_interrupted() -> Iterator[threading.Event]:
    """Set by Ctrl-C, which ends the listening and nothing else."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = signal.signal(signal.SIGINT, lambda *_: stop.set())
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _broker(settings: Settings) -> tuple[Broker, int]:
    """The first, and how many others there are; that of a collector that runs here, where none is set."""
    engine = make_engine(settings.site_database_url)
    try:
        first, *others = known_brokers(settings, engine)
        return first, len(others)
    finally:
        engine.dispose()
