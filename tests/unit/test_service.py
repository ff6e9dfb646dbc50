"""The collector as a whole, made and ended in a process of its own: it changes how its process looks for garbage."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.servers import free_port

# What is there at the start is kept out of the search for garbage: it must come back into it.
BEGIN_AGAIN = """
import gc, sys, threading, weakref
from pathlib import Path
from collector.service import CollectorService
from collector.settings import Settings

settings = Settings(data=Path(sys.argv[1]), mqtt_url=f"mqtt://127.0.0.1:{sys.argv[2]}")
former = []
for _ in range(3):
    service = CollectorService(settings, lambda: None)
    former.append(weakref.ref(service))
    over = threading.Event()
    over.set()
    service.run(over)
    del service
gc.collect()
print([one() is None for one in former[:-1]])
"""


def test_a_collector_that_begins_again_leaves_nothing_of_the_former_one_in_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-c", BEGIN_AGAIN, str(tmp_path), str(free_port())]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout == "[True, True]\n"
