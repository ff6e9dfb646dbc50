"""How much a broker keeps for a client that is away: by its settings; measured only when asked.

To measure is to publish, and a client with a kept session on '#' that is away (a bridge, a logger) gets all of it into
its queue, where it takes the place of what devices send.
"""

from __future__ import annotations

import math
import secrets
import socket
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

from collector.doctor import mosquitto_conf
from collector.doctor.broker import meet
from collector.doctor.dropped import note_own
from collector.doctor.finding import Finding, amount, bad, duration, ok, unknown, warn
from collector.doctor.patient import Patient, messages_a_second
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.probe import Probe, new_id

CHECK = "queue"
TOPIC = "fieldproof/_doctor"
# No UTF-8 and no number: no profile, whatever it subscribes to, makes readings of it.
_PAYLOAD = b"\xff%d"
# More than any broker's default for unacknowledged messages, fewer than the smallest usual queue.
IN_FLIGHT = 300
_SESSION_S = 60
_DAY_S = 86_400
_STEP = 100_000
# What Mosquitto keeps where its settings say nothing.
_MOSQUITTO_KEEPS = 1_000
# Fewer are bad at any rate.
FEW = 1_500
_ASK = (
    "On the broker's machine: 'grep -r max_queued /etc/mosquitto/' shows it (nothing: 1,000);"
    " EMQX: mqtt.max_mqueue_len. To measure it: 'fieldproof doctor --measure-queue'."
    " Mind clients that are away and keep a session on '#' (bridges, loggers): their queues fill with what it sends."
)
_ALLOW = (
    f"Allow the collector's user to write and read {TOPIC}/#, in Mosquitto's acl file:"
    f" 'topic readwrite {TOPIC}/#'; then reload the broker."
)


def look(patient: Patient, broker: Broker) -> Iterator[Finding]:
    meeting = meet(patient, broker)
    if meeting.fault is not None:
        yield unknown(CHECK, "not known: without a connection to the broker nothing can be said")
        return
    trial = _Trial(patient, broker, meeting.v5)
    if not meeting.v5:
        # Over MQTT 5 it ends by itself.
        trial.end_session()
    if patient.waiting is None:
        yield _by_settings(patient, broker)
        return
    refusal = trial.refusal()
    if refusal is not None:
        yield unknown(CHECK, f"not measured: {refusal}", _ALLOW)
        return
    kept = trial.kept(patient.waiting)
    if kept < patient.waiting:
        note_own(patient, broker, patient.waiting - kept)
    yield judge(patient, broker, kept, patient.waiting)
    yield from _in_flight(trial, v5=meeting.v5)


def session_id(patient: Patient) -> str:
    """Of the session that a measurement leaves for a moment: the same at each run, so that the next one ends it.

    By machine and data folder: two doctors that measure at the same time would else take each other's.
    """
    where = f"{socket.gethostname()}:{patient.settings.data.absolute()}"
    return f"fieldproof-doctor-kept-{sha256(where.encode()).hexdigest()[:8]}"


class _Trial:
    """Messages on a topic of our own. Who subscribes to '#' gets them too."""

    def __init__(self, patient: Patient, broker: Broker, v5: bool) -> None:
        self._patient = patient
        self._broker = broker
        self._v5 = v5

    def _probe(self, client_id: str = "", *, kept: bool = False) -> Probe:
        return Probe(
            self._broker,
            self._patient.settings,
            v5=self._v5,
            client_id=client_id or new_id(),
            clean=not kept,
            expiry_s=_SESSION_S if kept else 0,
        )

    def refusal(self) -> str | None:
        """Why a message of ours does not come back to us; None when it does."""
        topic = _topic()
        with self._probe() as probe:
            probe.connect()
            if probe.subscribe([topic]):
                return f"the broker refuses us the topic {topic}"
            if (why := probe.publish(topic, [_PAYLOAD % 0])) is not None:
                return f"the broker does not let us write to {TOPIC}/# ({why})"
            if not probe.settle(most=1, quiet_s=2, seconds=2):
                return f"the broker does not let us write or read {TOPIC}/#"
        return None

    def kept(self, waiting: int) -> int:
        """How many of so many messages that came while we were away are there when we come back."""
        topic = _topic()
        ident = session_id(self._patient)
        self.end_session()
        try:
            with self._probe(ident, kept=True) as before:
                before.connect()
                before.subscribe([topic])
            with self._probe() as sender:
                sender.connect()
                sender.publish(topic, (_PAYLOAD % n for n in range(waiting)))
            with self._probe(ident, kept=True) as after:
                after.connect()
                found = after.settle(most=waiting, quiet_s=1, seconds=20 + waiting / 1_000)
            return len({message.payload for message in found})
        finally:
            self.end_session()

    def end_session(self) -> None:
        """And whatever still waits in it: ours, or that of a doctor that was killed."""
        with self._probe(session_id(self._patient)) as last:
            last.connect()

    def unacknowledged(self, *, v5: bool) -> int:
        """How many arrive before the broker waits for an acknowledgement, of IN_FLIGHT and a few."""
        topic = _topic()
        asked = IN_FLIGHT if v5 else None
        with (
            Probe(self._broker, self._patient.settings, v5=v5, receive_maximum=asked, acknowledge=False) as silent,
            self._probe() as sender,
        ):
            silent.connect()
            silent.subscribe([topic])
            sender.connect()
            sender.publish(topic, (_PAYLOAD % n for n in range(IN_FLIGHT + 20)))
            return len(silent.settle(most=IN_FLIGHT + 20, quiet_s=0.5, seconds=5))


def _topic() -> str:
    return f"{TOPIC}/{secrets.token_hex(6)}"


def judge(patient: Patient, broker: Broker, kept: int, waiting: int) -> Finding:
    rate = messages_a_second(patient)
    if kept >= waiting:
        return _enough(patient, broker, kept, rate)
    if kept == 0:
        return bad(
            CHECK,
            "it keeps nothing for a collector that is away",
            "Every restart of the collector loses what comes meanwhile.",
            "Use a broker that keeps sessions; with Mosquitto, see deploy/mosquitto/mosquitto.conf.",
        )
    return _too_few_kept(kept, rate)


def _too_few_kept(kept: int, rate: float | None, by: str = "") -> Finding:
    return bad(
        CHECK,
        f"it keeps {kept:,} messages for a collector that is away{by}, and drops what comes after without a word",
        f"A longer absence loses messages that devices were told are safe{_lasts(kept, rate)}{_costs(kept, rate)}.",
        _raise(rate),
    )


def _enough(patient: Patient, broker: Broker, kept: int, rate: float | None) -> Finding:
    """As many as were tried. The broker's own settings say more, where they can be read."""
    if mosquitto_conf.find(broker, patient.settings.data / "broker") is not None:
        return _by_settings(patient, broker)
    told = f"it keeps at least {kept:,} messages for a collector that is away{_lasts(kept, rate)}"
    return ok(CHECK, f"{told}; to try more: --waiting")


def _by_settings(patient: Patient, broker: Broker) -> Finding:
    """Of a Mosquitto on this machine: nothing is published for it."""
    found = mosquitto_conf.find(broker, patient.settings.data / "broker")
    limit = None if found is None else _number(found[1], "max_queued_messages", _MOSQUITTO_KEEPS)
    if found is None or limit is None:
        return unknown(
            CHECK,
            "how many messages it keeps for a collector that is away: its settings cannot be read from here",
            _ASK,
        )
    rate = messages_a_second(patient)
    by = _by(*found)
    if limit == 0:
        return ok(CHECK, f"it keeps messages for a collector that is away without a limit of their number{by}")
    if limit < FEW:
        return _too_few_kept(limit, rate, by)
    told = f"it keeps {limit:,} messages for a collector that is away{by}{_lasts(limit, rate)}"
    if rate and limit < rate * _DAY_S:
        return warn(CHECK, told, "A longer absence loses messages that devices were told are safe.", _raise(rate))
    return ok(CHECK, told)


def _by(file: Path, settings: Mapping[str, str]) -> str:
    size = _number(settings, "max_queued_bytes", 0)
    return f" (by {file}{f', as long as they are together below {amount(size)}' if size else ''})"


def _number(settings: Mapping[str, str], name: str, default: int) -> int | None:
    told = settings.get(name)
    if told is None:
        return default
    return int(told) if told.isdigit() else None


def _raise(rate: float | None) -> str:
    # Rounded up to a number that a person would write.
    needed = max(1, math.ceil((rate or 0) * _DAY_S / _STEP)) * _STEP
    return (
        f"Mosquitto: 'max_queued_messages {needed}' in mosquitto.conf"
        f"{' (24 h at the present rate)' if rate else ''}, as in deploy/mosquitto/mosquitto.conf;"
        " then restart it. EMQX: mqtt.max_mqueue_len."
    )


def _lasts(kept: int, rate: float | None) -> str:
    return f": {duration(kept / rate)} at the present {rate:.3g} messages a second" if rate else ""


def _costs(kept: int, rate: float | None) -> str:
    lost = round((rate or 0) * 3_600) - kept
    return f"; an absence of one hour costs {lost:,} of them" if lost > 0 else ""


def _in_flight(trial: _Trial, *, v5: bool) -> Iterator[Finding]:
    if v5:
        got = trial.unacknowledged(v5=True)
        if got == IN_FLIGHT:
            yield ok(CHECK, f"it sends as many unacknowledged messages as we ask for ({IN_FLIGHT} of {IN_FLIGHT})")
            return
        yield _too_many(got) if got > IN_FLIGHT else _too_few(got, "over MQTT 5, where we asked for 300")
        return
    got = trial.unacknowledged(v5=False)
    if got >= IN_FLIGHT:
        yield ok(CHECK, f"it sends at least {IN_FLIGHT} messages before it waits for an acknowledgement")
    else:
        yield _too_few(got, "over MQTT 3.1.1")


def _too_few(got: int, where: str) -> Finding:
    return warn(
        CHECK,
        f"it sends {got} messages and then waits for an acknowledgement, {where}",
        "The collector acknowledges after each commit: so few make it slow, above all when it catches up.",
        "Mosquitto: 'max_inflight_messages 2000' in mosquitto.conf.",
    )


def _too_many(got: int) -> Finding:
    return warn(
        CHECK,
        f"it sent {got} unacknowledged messages where at most {IN_FLIGHT} were asked for",
        "A burst is then bounded by nothing but memory.",
        "Update the broker: MQTT 5 forbids this (receive maximum).",
    )
