"""What the broker itself keeps over a restart, and what it says that it has dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from collector.doctor import dropped, mosquitto_conf
from collector.doctor.broker import meet
from collector.doctor.finding import Finding, bad, duration, ok, unknown, warn
from collector.doctor.patient import Patient
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.probe import Probe

CHECK = "persistence"
_SYS = "$SYS/broker/#"
_AUTOSAVE_S = 600
_DEFAULT_AUTOSAVE_S = 1_800


def look(patient: Patient, broker: Broker) -> Iterator[Finding]:
    meeting = meet(patient, broker)
    if meeting.fault is not None:
        yield unknown(CHECK, "not looked at: without a connection to the broker nothing can be said")
        return
    told = own_words(patient, broker, v5=meeting.v5)
    yield from _dropped(patient, broker, told)
    yield from _settings(broker, patient)


def own_words(patient: Patient, broker: Broker, *, v5: bool) -> dict[str, str]:
    """The $SYS topics that Mosquitto publishes about itself; empty when we may not read them."""
    with Probe(broker, patient.settings, v5=v5) as probe:
        probe.connect()
        if probe.subscribe_with_retained(_SYS):
            return {}
        arrived = probe.settle(most=1_000, quiet_s=0.7, seconds=3)
    told = {message.topic: message.payload.decode("utf-8", "replace") for message in arrived}
    if (uptime := _number(told.get("$SYS/broker/uptime"))) is not None:
        patient.started[broker.name] = patient.clock() - uptime * 1_000
    return told


def _number(text: str | None) -> int | None:
    found = re.match(r"\d+", text or "")
    return int(found[0]) if found else None


def _dropped(patient: Patient, broker: Broker, told: Mapping[str, str]) -> Iterator[Finding]:
    version = told.get("$SYS/broker/version")
    if not told:
        yield unknown(
            CHECK,
            "what the broker has dropped: it tells us nothing about itself",
            "Let the collector's user read $SYS/broker/#: 'topic read $SYS/broker/#' in Mosquitto's acl file.",
        )
        return
    counted = _number(told.get("$SYS/broker/publish/messages/dropped")) or 0
    lost = max(0, counted - dropped.own(patient, broker))
    since = f" since its start {duration(uptime)} ago" if (uptime := _number(told.get("$SYS/broker/uptime"))) else ""
    if lost:
        yield bad(
            CHECK,
            f"the broker has dropped {lost:,} messages{since} ($SYS/broker/publish/messages/dropped)",
            "A client's queue was full, mostly that of a collector that was away. They are lost. What an earlier doctor"
            " dropped to measure the queue counts too, if it knew another data folder.",
            "Raise max_queued_messages in mosquitto.conf, and see which client's queue it was in the broker's log.",
        )
    else:
        yield ok(CHECK, f"{version or 'the broker'} has dropped no message{since}")


def _settings(broker: Broker, patient: Patient) -> Iterator[Finding]:
    found = mosquitto_conf.find(broker, patient.settings.data / "broker")
    if found is None:
        yield unknown(
            CHECK,
            "whether what waits survives a restart of the broker: its settings cannot be read from here",
            "On the broker's machine: grep -r persistence /etc/mosquitto/ must show 'persistence true'.",
        )
        return
    file, settings = found
    if settings.get("persistence", "false") != "true":
        yield bad(
            CHECK,
            f"persistence is off in {file}",
            "A restart of the broker forgets the collector's session and every message that waits in it.",
            "'persistence true' and 'autosave_interval 300' in it, as in deploy/mosquitto/mosquitto.conf.",
        )
        return
    yield from _saved(settings, str(file))


def _saved(settings: Mapping[str, str], file: str) -> Iterator[Finding]:
    interval = int(settings.get("autosave_interval", _DEFAULT_AUTOSAVE_S))
    if settings.get("autosave_on_changes", "false") == "true":
        yield ok(CHECK, f"what waits is saved after every {interval:,} changes and at a stop ({file})")
    elif interval == 0 or interval > _AUTOSAVE_S:
        often = "at a stop only" if interval == 0 else f"every {duration(interval)} only"
        yield warn(
            CHECK,
            f"what waits is saved {often} ({file})",
            "A power cut of the broker's machine loses what came since, while the collector is away.",
            "'autosave_interval 300' in it.",
        )
    else:
        yield ok(CHECK, f"what waits is saved every {duration(interval)} and at a stop ({file})")
