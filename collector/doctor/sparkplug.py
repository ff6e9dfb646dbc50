"""Sparkplug: whether the broker lets us be a host, and whether it says that we are online."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from collector.doctor.broker import meet
from collector.doctor.finding import Finding, bad, ok, unknown, warn
from collector.doctor.patient import Patient
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.probe import Arrived, Probe
from collector.ingest.sparkplug.topics import EVERYTHING, state_topic

CHECK = "sparkplug"
_WAIT_S = 1.0


def look(patient: Patient, broker: Broker) -> Iterator[Finding]:
    """Nothing without a host id, nor without a connection: that is said already."""
    host_id = patient.settings.sparkplug_host
    if host_id is None:
        return
    meeting = meet(patient, broker)
    if meeting.fault is not None:
        return
    topic = state_topic(host_id)
    with Probe(broker, patient.settings, v5=meeting.v5) as probe:
        probe.connect()
        refused = [*probe.subscribe([EVERYTHING]), *probe.subscribe_with_retained(topic)]
        arrived = probe.settle(most=100, quiet_s=_WAIT_S, seconds=_WAIT_S)
    if refused:
        yield bad(
            CHECK,
            f"the broker refuses us {', '.join(refused)}",
            "Edge nodes are not heard.",
            f"Give the collector's user 'topic read {EVERYTHING}', 'topic readwrite {topic}' and"
            " 'topic write spBv1.0/+/NCMD/#', in Mosquitto's acl file.",
        )
        return
    yield _judge(topic, [message for message in arrived if message.topic == topic])


def _judge(topic: str, said: list[Arrived]) -> Finding:
    state = _read(said[-1].payload) if said else None
    if state is None:
        return unknown(
            CHECK,
            f"nobody has said on {topic} whether the host is online",
            "Start the collector with FIELDPROOF_SPARKPLUG_HOST. If it runs, the broker's acl forbids it to publish"
            f" there: 'topic readwrite {topic}'.",
        )
    if state.get("online") is True:
        return ok(CHECK, f"{topic} says online: edge nodes that have us as primary host send what they measure")
    return warn(
        CHECK,
        f"{topic} says offline",
        "Edge nodes that have us as primary host keep what they measure; others send it and nobody takes it.",
        "Start the collector. If it runs, its log says whether it reaches this broker.",
    )


def _read(payload: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
