"""All checks in the order in which a person would make them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from collector.doctor import (
    broker,
    clocks,
    database,
    disk,
    division,
    influx,
    outbox,
    persistence,
    publishers,
    queue,
    session,
    site,
    sparkplug,
)
from collector.doctor.finding import Finding, unknown
from collector.doctor.patient import Patient

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """`group` is its heading, `doing` what a person reads meanwhile."""

    group: str
    doing: str
    look: Callable[[], Iterator[Finding]]


def steps(patient: Patient) -> Iterator[Step]:
    """The broker's own count of what it dropped is read before the queue is filled over."""
    for found in patient.brokers:
        group = f"Broker {found.name}"
        yield Step(group, "entering the broker", partial(broker.look, patient, found))
        yield Step(group, "reading what it says of itself", partial(persistence.look, patient, found))
        yield Step(group, _queue(patient.waiting), partial(queue.look, patient, found))
        yield Step(group, f"listening for {patient.listen_s:.0f} s", partial(publishers.look, patient, found))
        if patient.settings.sparkplug_host is not None:
            yield Step(group, "asking whether the Sparkplug host is online", partial(sparkplug.look, patient, found))
    yield Step("Collector", "seeing who has which devices", partial(division.look, patient))
    yield Step("Collector", "looking for its session", partial(session.look, patient))
    yield Step("Collector", "checking collector.db", partial(database.look, patient))
    yield Step("This machine", "writing to the disk", partial(disk.look, patient))
    yield Step("This machine", "comparing clocks", partial(clocks.look, patient))
    yield Step("Stores", "asking InfluxDB", partial(influx.look, patient))
    yield Step("Stores", "seeing what waits for them", partial(outbox.look, patient))
    yield Step("Stores", "asking the site database", partial(site.look, patient))


def _queue(waiting: int | None) -> str:
    return "seeing how much it keeps" if waiting is None else f"leaving {waiting:,} messages waiting"


def taken(step: Step) -> list[Finding]:
    """What the step finds. A fault of its own is a finding too: the other checks still count."""
    found: list[Finding] = []
    try:
        found.extend(step.look())
    except OSError as error:
        found.append(unknown(step.group, f"{step.doing}: {error or type(error).__name__}", "Try again."))
    except Exception as error:
        log.exception("a check failed: check=%s", step.doing)
        found.append(unknown(step.group, f"{step.doing} failed: {error}", "This is a fault of ours: please report it."))
    return found
