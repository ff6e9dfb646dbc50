"""The broker's own count of what it dropped, without what fell to our own measurements.

To measure a queue is to fill it over: the broker counts that too. How many were ours is kept in the data folder, for as
long as the broker has not been started anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from collector.doctor.patient import Patient
from collector.ingest.mqtt.client import Broker

_FILE = "doctor.json"
# Two starts of a broker are further apart than what its clock and our question may differ by.
_SAME_START_MS = 90_000


def note_own(patient: Patient, broker: Broker, count: int) -> None:
    """`count` more were dropped because of us. Not being able to keep that is no fault: then it is counted as lost."""
    started = patient.started.get(broker.name)
    file = patient.settings.data / _FILE
    if started is None or not file.parent.is_dir():
        return
    kept = _read(file)
    kept[broker.name] = {"started_at": started, "dropped": own(patient, broker) + count}
    try:
        file.write_text(json.dumps(kept), encoding="utf-8")
    except OSError:
        return


def own(patient: Patient, broker: Broker) -> int:
    """How many of the broker's dropped messages were ours."""
    noted = _read(patient.settings.data / _FILE).get(broker.name)
    started = patient.started.get(broker.name)
    if not isinstance(noted, dict) or started is None:
        return 0
    same = abs(noted.get("started_at", 0) - started) <= _SAME_START_MS
    return int(noted.get("dropped", 0)) if same else 0


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
