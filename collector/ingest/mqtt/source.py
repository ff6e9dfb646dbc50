"""Where messages come from: QoS 1, manual acknowledgement, a kept session, a fixed client id.

One thread does it all: `poll` moves the network along
and returns what came, `acknowledge` sends the PUBACKs once the messages are durable.
"""

from __future__ import annotations

import logging
import select
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from collector.clock import Clock
from collector.ingest.message import Message
from collector.ingest.mqtt.bulk import BulkClient
from collector.ingest.mqtt.client import KEEPALIVE_S, Broker, new_client
from collector.ingest.mqtt.inbox import Inbox
from collector.ingest.mqtt.mark import Mark
from collector.ingest.sparkplug.losses import Loss
from collector.settings import Settings

log = logging.getLogger(__name__)

# How many unacknowledged messages a v5 broker may send us; a 3.1.1 broker uses its own max_inflight. Two commits'
# worth: one batch is stored while the next is on its way.
RECEIVE_MAXIMUM = 10_000
# How long a v5 broker keeps our session and queue while we are away. 3.1.1 brokers have a setting of their own.
SESSION_EXPIRY_S = 7 * 86_400
# The reason code of a CONNACK that refuses the protocol version.
_UNSUPPORTED_VERSION = 132
# A 3.1.1 broker may drop a v5 CONNECT without a word, or wait for the rest of what it cannot read.
_CONNACK_MS = 5_000
# Where subscriptions are refused they are asked for again: rights are given while we are connected.
_SUBSCRIBE_AGAIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Connected:
    """A connection was made and is subscribed. `session_present` false: the broker knew nothing of an earlier session.

    Told only now, because what comes before the subscription is nobody's: a loss lasts until then.
    """

    broker: str
    session_present: bool


@dataclass(frozen=True, slots=True)
class Marked:
    """The broker has our mark of this number (`mark.py`)."""

    broker: str
    number: int


@dataclass(frozen=True, slots=True)
class Rewound:
    """The broker kept our session, and has gone back to a state that it had at the time `at`, epoch ms."""

    broker: str
    at: int


class MqttSource:
    """Messages of one broker. `events` receives a `Connected` for every connection that got as far as subscribing."""

    # Whether the broker is to keep our session, and what comes meanwhile, while we are away.
    keeps_session = True

    def __init__(
        self,
        settings: Settings,
        broker: Broker,
        client_id: str,
        filters: Iterable[str],
        clock: Clock,
        *,
        former_filters: Iterable[str] = (),
        v5: bool = True,
        kind: type[paho.Client] = BulkClient,
        connect_timeout_s: float = 5.0,
        leaves_marks: bool = False,
        marked: int | None = None,
    ) -> None:
        """`marked`: the last mark that came back from this broker (`mark.py`)."""
        self.broker = broker
        self._settings = settings
        self._client_id = client_id
        self._filters = list(filters)
        # What the kept session may still be subscribed to, although no profile asks for it any more.
        self._unwanted = sorted(set(former_filters) - set(self._filters))
        self._clock = clock
        self._protocol = MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311
        self._kind = kind
        self._connect_timeout_s = connect_timeout_s
        self._inbox = Inbox(broker.name, clock)
        self.events: list[Connected] = []
        # What the mark that we leave at the broker tells: see `mark.py`.
        self.marks: list[Marked | Rewound] = []
        # Of senders whose messages nobody keeps, what did not come.
        self.losses: list[Loss] = []
        self.connected = False
        # When the broker confirmed all our subscriptions on this connection, and when any of them, epoch ms.
        self.subscribed_at: int | None = None
        self.receiving_since: int | None = None
        # The topics that each subscription without an answer asks for, and those that were refused: when they are asked
        # for again.
        self._asked: dict[int, list[str]] = {}
        self._forbidden: list[str] = []
        self._subscribe_again_at: float | None = None
        self._away_since = clock()
        # The session was gone, and that has not been told yet: the connection may end before it is subscribed.
        self._session_gone = False
        self._mark = Mark(client_id, marked, came_back=self._on_marked, rewound=self._on_rewound)
        self._leaves_marks = leaves_marks
        self._session_present = False
        self._v5_worked = False
        self._unanswered = 0
        self._client = self._make_client()
        self._next_attempt = 0
        self._backoff_ms = 0
        self._asked_at = 0
        self._answered = False

    def _make_client(self) -> paho.Client:
        options: dict[str, Any] = {} if self.v5 else {"clean_session": not self.keeps_session}
        client = new_client(
            self.broker, self._client_id, self._protocol, self._settings, self._kind, manual_ack=True, **options
        )
        client.connect_timeout = self._connect_timeout_s
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_message = lambda _client, _userdata, message: self._inbox.put_message(message)
        client.on_subscribe = self._on_subscribe
        if isinstance(client, BulkClient):
            client.on_frames = self._inbox.put
        return client

    # -- what the collector calls ------------------------------------------------------------------------------------

    def poll(self) -> list[Message]:
        """Move the network along without waiting; returns the messages that came, oldest first."""
        if self._client.socket() is None:
            self._connect_when_due()
        if self._client.socket() is None:
            return []
        code = self._client.loop(0)
        if code != MQTTErrorCode.MQTT_ERR_SUCCESS and self._client.socket() is not None:
            self._client.disconnect()
        if not self.connected and self._client.socket() is not None:
            self._give_up_when_unanswered()
        if self._subscribe_again_at is not None and time.monotonic() > self._subscribe_again_at:
            self._subscribe(self._client, self._forbidden)
        return self._mark.follow(self._client, self._inbox.take(), self._clock())

    @property
    def client(self) -> paho.Client:
        return self._client

    @property
    def v5(self) -> bool:
        return self._protocol == MQTTProtocolVersion.MQTTv5

    @property
    def generation(self) -> int:
        """How many connections there were."""
        return self._inbox.generation

    def away(self, now: int, for_ms: int) -> bool:
        """Whether the broker has not been there for that long."""
        return self.receiving_since is None and not 0 <= now - self._away_since < for_ms

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Send the PUBACKs. Those of an older connection are left out: the broker will deliver these again."""
        if not self.connected:
            return
        name, generation = self.broker.name, self.generation
        ids = [m.packet_id for m in messages if m.broker == name and m.generation == generation and m.qos > 0]
        if not ids:
            return
        if isinstance(self._client, BulkClient):
            self._client.acknowledge(ids)
        else:
            for packet_id in ids:
                self._client.ack(packet_id, 1)

    def hold_off(self) -> None:
        """Nothing can be stored, and not only for a moment. A broker that keeps our session keeps what comes."""

    def go_on(self) -> None:
        """It can again."""

    def rest(self) -> list[Message]:
        """What was received and held back, when no more is to be received."""
        return []

    def use(self, filters: Iterable[str]) -> None:
        """Subscribe to what is new among these, and no longer to what is not among them."""
        wanted = list(filters)
        new, gone = sorted(set(wanted) - set(self._filters)), sorted(set(self._filters) - set(wanted))
        self._filters = wanted
        # Also on the next connection: the broker may not hear us now.
        self._unwanted = sorted({*self._unwanted, *gone} - set(wanted))
        # First what is new: what both fit, such as a topic that another profile asks for now, must not be missed.
        if self.connected and new:
            self._subscribe(self._client, new)
        if self.connected and gone:
            self._client.unsubscribe(gone)

    def close(self) -> None:
        self._mark.leave()
        if self._client.socket() is not None:
            self._client.disconnect()
            self._client.loop(0.1)
        self.connected = False
        self.subscribed_at = self.receiving_since = None

    # -- connecting --------------------------------------------------------------------------------------------------

    def _connect_when_due(self) -> None:
        now = self._clock()
        # A wall clock that was set back must not keep us away from the broker.
        if now < self._next_attempt <= now + 60_000:
            return
        self._backoff_ms = min(30_000, max(500, self._backoff_ms * 2))
        self._next_attempt = now + self._backoff_ms
        properties = None
        options: dict[str, Any] = {}
        if self.v5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.ReceiveMaximum = RECEIVE_MAXIMUM
            properties.SessionExpiryInterval = SESSION_EXPIRY_S if self.keeps_session else 0
            options["clean_start"] = not self.keeps_session
        self._inbox.take()
        self._before_connect(now)
        self._asked_at = now
        self._answered = False
        try:
            self._client.connect(self.broker.host, self.broker.port, KEEPALIVE_S, properties=properties, **options)
        except (OSError, ValueError) as error:
            log.warning("cannot reach the broker: broker=%s error=%s", self.broker.name, error)

    def _before_connect(self, now: int) -> None:
        """For what belongs into the CONNECT."""

    def _on_connect(
        self, client: paho.Client, _: Any, flags: paho.ConnectFlags, reason: ReasonCode, told: Properties | None
    ) -> None:
        self._answered = True
        self._unanswered = 0
        if reason.is_failure:
            self._refused(reason)
            return
        self._inbox.generation += 1
        self.connected = True
        self._v5_worked |= self.v5
        self._forbidden = []
        self._asked = {}
        self._session_gone |= not flags.session_present
        log.info(
            "connected to the broker: broker=%s session_present=%s protocol=%s",
            self.broker.name,
            flags.session_present,
            self._protocol.name,
        )
        # On every connect, session or not: a session may hold yesterday's topics. They end when today's have begun.
        self._subscribe(client, self._filters)
        if self._unwanted:
            client.unsubscribe(self._unwanted)
        self._session_present = bool(flags.session_present)
        if self._leaves_marks and getattr(told, "RetainAvailable", True):
            self._mark.connected(client, self._clock())

    def _subscribe(self, client: paho.Client, topics: list[str]) -> None:
        self._subscribe_again_at = None
        if self.v5:
            once = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            _, number = client.subscribe([(topic, once) for topic in topics])
        else:
            _, number = client.subscribe([(topic, 1) for topic in topics])
        if number is not None:
            self._asked[number] = topics

    def _refused(self, reason: ReasonCode) -> None:
        log.error("the broker refused the connection: broker=%s reason=%s", self.broker.name, reason)
        if reason.value == _UNSUPPORTED_VERSION:
            self._change_protocol()

    def _give_up_when_unanswered(self) -> None:
        if 0 <= self._clock() - self._asked_at < _CONNACK_MS:
            return
        unanswered, self._client = self._client.socket(), self._make_client()
        if unanswered is not None:
            unanswered.close()
        self._note_unanswered()

    def _note_unanswered(self) -> None:
        """A broker that answered v5 before is only slow; one that never did may speak 3.1.1 only."""
        self._unanswered += 1
        if self._unanswered >= 2 and not self._v5_worked:
            self._change_protocol()

    def _change_protocol(self) -> None:
        """The broker does not answer in this version of MQTT: try the other, in turn."""
        self._protocol = MQTTProtocolVersion.MQTTv311 if self.v5 else MQTTProtocolVersion.MQTTv5
        log.warning("no answer from the broker, trying %s: broker=%s", self._protocol.name, self.broker.name)
        self._client = self._make_client()
        self._unanswered = 0
        self._next_attempt = 0

    def _on_disconnect(self, client: paho.Client, _: Any, __: Any, reason: ReasonCode, ___: Any) -> None:
        if client is not self._client:
            return
        was, self.connected = self.connected, False
        self._mark.disconnected()
        self._subscribe_again_at = None
        if self.receiving_since is not None:
            self._away_since = self._clock()
        self.subscribed_at = self.receiving_since = None
        if was:
            log.warning("disconnected from the broker: broker=%s reason=%s", self.broker.name, reason)
        elif not self._answered:
            self._note_unanswered()

    def _on_subscribe(self, _: Any, __: Any, mid: int, reasons: list[ReasonCode], ____: Any) -> None:
        if self._mark.subscribed(mid, self._clock(), refused=any(reason.is_failure for reason in reasons)):
            return
        asked = self._asked.pop(mid, [])
        refused = [topic for topic, reason in zip(asked, reasons, strict=False) if reason.is_failure]
        if len(refused) < len(reasons):
            self._receives()
        refused += [topic for topic in self._forbidden if topic not in asked and topic in self._filters]
        if refused:
            self._not_subscribed(refused)
        else:
            self._forbidden = []
            self.subscribed_at = self._clock()

    def _receives(self) -> None:
        """Some of what we asked for was granted. Not before: a broker may hang up on whoever asks for the forbidden."""
        self._backoff_ms = 0
        self._next_attempt = 0
        if self.receiving_since is None:
            self.receiving_since = self._clock()
            self.events.append(Connected(self.broker.name, session_present=not self._session_gone))
            self._session_gone = False
            log.info("receiving from the broker: broker=%s", self.broker.name)

    def _not_subscribed(self, refused: list[str]) -> None:
        if refused != self._forbidden:
            log.error("the broker refused subscriptions: broker=%s topics=%s", self.broker.name, ", ".join(refused))
        self._forbidden = refused
        self._subscribe_again_at = time.monotonic() + _SUBSCRIBE_AGAIN_S

    def _on_marked(self, number: int) -> None:
        self.marks.append(Marked(self.broker.name, number))

    def _on_rewound(self, number: int) -> None:
        # Without a session all is gone, and that is told already.
        if self._session_present:
            self.marks.append(Rewound(self.broker.name, number))


def wait(sources: Sequence[MqttSource], timeout_s: float) -> bool:
    """Until one of the brokers sent something or can take what we have for it; False when none is connected."""
    clients = [source.client for source in sources]
    open_ones = [(client, found) for client in clients if (found := client.socket()) is not None]
    if not open_ones:
        return False
    if any(getattr(found, "pending", int)() for _, found in open_ones):
        return True
    writing = [found for client, found in open_ones if client.want_write()]
    try:
        select.select([found for _, found in open_ones], writing, [], timeout_s)
    except (OSError, ValueError):
        # Closed in the meantime: the next poll finds out.
        return True
    return True
