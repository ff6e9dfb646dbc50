"""How devices publish: what arrives at QoS 0 was sent at QoS 0, for we ask for 1."""

from __future__ import annotations

from collections.abc import Iterator

from collector.doctor.broker import meet
from collector.doctor.finding import Finding, bad, ok, unknown, warn
from collector.doctor.patient import Patient
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.probe import Arrived, Probe

CHECK = "publishers"
_NAMED = 10
_MOST = 20_000


def look(patient: Patient, broker: Broker) -> Iterator[Finding]:
    if patient.profile_faults:
        yield bad(
            CHECK,
            f"the device profiles cannot be read: {'; '.join(patient.profile_faults)}",
            "The collector does not start with them.",
            "Correct the files; 'fieldproof devices check' says more.",
        )
        return
    meeting = meet(patient, broker)
    if meeting.fault is not None:
        yield unknown(CHECK, "not listened to: without a connection to the broker nothing can be said")
        return
    with Probe(broker, patient.settings, v5=meeting.v5) as probe:
        probe.connect()
        refused = probe.subscribe(patient.filters)
        arrived = probe.settle(most=_MOST, quiet_s=patient.listen_s, seconds=patient.listen_s)
    if refused:
        yield bad(
            CHECK,
            f"the broker refuses us {_names(refused)}",
            "What devices publish there is not collected.",
            "Let the collector's user read these topics, in Mosquitto's acl file: 'topic read …'.",
        )
    yield _judge([message for message in arrived if not message.retained], patient.listen_s)


def _judge(arrived: list[Arrived], listened_s: float) -> Finding:
    if not arrived:
        return unknown(
            CHECK,
            f"no device sent anything in {listened_s:.0f} s on the topics that we know (those of the device profiles)",
            "If devices send now: compare their topics with those in device_configs/profiles/, and see that the"
            " broker's acl lets us read them. Few messages? Listen longer: --listen 60.",
        )
    careless = sorted({message.topic for message in arrived if message.qos == 0})
    heard = f"{len(arrived):,} messages heard in {listened_s:.0f} s"
    if not careless:
        return ok(CHECK, f"{heard}, all published at QoS 1 or 2: the broker confirms each to its sender")
    return warn(
        CHECK,
        f"{heard}; published at QoS 0: {_names(careless)}",
        "Such a message is lost whenever the broker or the line to it is down, and nobody is told.",
        "Set QoS 1 on the device or its gateway. Where it knows only QoS 0: 'queue_qos0_messages true' in"
        " mosquitto.conf, so that at least the broker keeps them while the collector is away.",
    )


def _names(topics: list[str]) -> str:
    more = f" and {len(topics) - _NAMED} more" if len(topics) > _NAMED else ""
    return ", ".join(topics[:_NAMED]) + more
