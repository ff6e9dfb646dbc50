"""A patient for the doctor's tests, on a folder of its own, and findings that can be asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from collector.clock import now_ms
from collector.doctor.finding import Finding, State
from collector.doctor.patient import Patient
from collector.ingest.mqtt.client import Broker
from collector.settings import Settings
from collector.sitedb.engine import make_engine
from webapp.migrate import is_current

FILTERS = ["fieldproof/+/+/readings", "+/events/rpc"]


def patient(folder: Path, mqtt_url: str = "mqtt://127.0.0.1:1", **more: Any) -> Patient:
    data = folder / "data"
    settings = Settings(data=data, mqtt_url=mqtt_url, **more)
    return Patient(
        settings=settings,
        clock=now_ms,
        brokers=Broker.parse_all(mqtt_url),
        filters=FILTERS,
        profile_faults=[],
        engine=make_engine(settings.site_database_url),
        is_current=is_current,
        listen_s=0.5,
    )


def of_broker(look: Callable[[Patient, Broker], Iterator[Finding]], who: Patient) -> list[Finding]:
    return list(look(who, who.brokers[0]))


def only(findings: list[Finding], state: State) -> Finding:
    (found,) = [finding for finding in findings if finding.state is state]
    return found


def states(findings: list[Finding]) -> list[str]:
    return [str(finding.state) for finding in findings]
