"""The collector as a whole, made and ended in this process."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from collector.service import CollectorService
from collector.settings import Settings
from tests.servers import free_port


@pytest.fixture
def as_it_was() -> Iterator[None]:
    """A collector changes how this process looks for garbage."""
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


@pytest.mark.usefixtures("as_it_was")
def test_a_collector_that_begins_again_leaves_nothing_of_the_former_one_in_memory(tmp_path: Path) -> None:
    """What is there at the start is kept out of the search for garbage: it must come back into it."""
    settings = Settings(data=tmp_path, mqtt_url=f"mqtt://127.0.0.1:{free_port()}")
    former: list[weakref.ref[CollectorService]] = []
    for _ in range(3):
        service = CollectorService(settings, lambda: None)
        former.append(weakref.ref(service))
        over = threading.Event()
        over.set()
        service.run(over)
        del service
    gc.collect()
    assert [one() for one in former[:-1]] == [None, None]
