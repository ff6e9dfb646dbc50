"""The host application: every edge node of one broker, in bounded memory, and whom to ask for a rebirth. Pure."""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass

from collector.errors import MessageError
from collector.ingest.mqtt.frames import LARGEST_PAYLOAD
from collector.ingest.sparkplug.losses import Loss, Losses
from collector.ingest.sparkplug.node import Node, Told
from collector.ingest.sparkplug.points import Message, Room
from collector.ingest.sparkplug.topics import Topic, is_of_hosts, parse_topic
from collector.profiles.sparkplug.payload import parse

log = logging.getLogger(__name__)

MOST_NODES = 5_000
# Over all nodes: metrics whose meaning is known, some 500 bytes each, and devices; and metrics of messages held back.
MOST_POINTS = 100_000
MOST_HELD = 200_000
# An edge node is asked again after this; then half as often each time, and at least so often.
ASK_MS = 10_000
ASK_LEAST_MS = 600_000
_TICK_MS = 100


@dataclass(slots=True)
class _Asked:
    at: int
    pause: int


class Host:
    """`take` is given what came, `tick` that time passed: both return what is to be stored, in order.

    `now` is of a clock that only goes forward, in ms; `received_at` is the wall clock's, in epoch ms.
    """

    def __init__(self, *, most_nodes: int = MOST_NODES, most_points: int = MOST_POINTS) -> None:
        self._most_nodes = most_nodes
        self._room = Room(most_points)
        # By group and name, the one heard longest ago first.
        self._nodes: OrderedDict[tuple[str, str], Node] = OrderedDict()
        # Those that wait for something, with the weight of what they hold.
        self._waiting: dict[tuple[str, str], int] = {}
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._requests: list[str] = []
        self._losses = Losses()
        self._ticked = 0

    def take(self, topic: str, payload: bytes, received_at: int, now: int, *, retained: bool = False) -> list[Told]:
        """What no edge node can have sent is told as it came; what hosts say is not told."""
        parsed = parse_topic(topic)
        # What the broker retained is no news, whatever it is: else it would be a dead letter with every connection.
        if is_of_hosts(topic) or (parsed is None and retained):
            return []
        # Of what is too large only the beginning came.
        if parsed is None or len(payload) > LARGEST_PAYLOAD:
            return [Told(topic, None, received_at)]
        if retained:
            # What the broker kept was said in another session: all it tells is that there is such a node.
            told = self._make_room(parsed, now)
            self._node(parsed).wants_rebirth = True
            return self._settle(parsed, told, now)
        try:
            message = Message(parsed, parse(payload), received_at, len(payload))
        except MessageError:
            return [Told(topic, None, received_at)]
        told = self._make_room(parsed, now)
        try:
            return self._settle(parsed, told + self._node(parsed).take(message, now), now)
        # A fault of ours must not stop ingest, nor cost more than the node that it is about.
        except Exception:
            log.exception("cannot follow an edge node, beginning anew with it: topic=%s", topic)
            return [*told, *self._begin_anew(parsed, now), Told(topic, None, received_at)]

    def tick(self, now: int) -> list[Told]:
        if not self._waiting or 0 <= now - self._ticked < _TICK_MS:
            return []
        self._ticked = now
        told: list[Told] = []
        for group, name in list(self._waiting):
            topic = Topic(group, "", name)
            try:
                told += self._settle(topic, self._nodes[group, name].tick(now), now)
            except Exception:
                log.exception("cannot follow an edge node, beginning anew with it: node=%s/%s", group, name)
                told += self._begin_anew(topic, now)
        return told

    def lose_sight(self, now: int) -> list[Told]:
        """The connection was away: every node is asked anew, unless it is born by then."""
        told: list[Told] = []
        for key, node in self._nodes.items():
            told += node.lose_sight(now)
            self._waiting[key] = node.weight
        # Why each was asked before is over: without a new birth none of them can be read.
        self._asked.clear()
        return told

    def release(self, now: int) -> list[Told]:
        """All that is held back, for whatever it waits."""
        return [told for key in self._waiting for told in self._nodes[key].release(now)]

    def requests(self) -> list[str]:
        """The topics on which a rebirth is to be asked for, each once."""
        requests, self._requests = self._requests, []
        return requests

    def losses(self, now: int) -> list[Loss]:
        """What is missing for ever and has not been told of."""
        return self._losses.due(now)

    def _make_room(self, topic: Topic, now: int) -> list[Told]:
        """For a node that is not known yet; returns what was held of the one that is forgotten for it."""
        if (topic.group, topic.node) in self._nodes or len(self._nodes) < self._most_nodes:
            return []
        key, node = self._nodes.popitem(last=False)
        told = node.release(now)
        node.forget()
        self._waiting.pop(key, None)
        self._asked.pop(key, None)
        log.warning("more than %d edge nodes: the one heard longest ago is forgotten", self._most_nodes)
        return told

    def _begin_anew(self, topic: Topic, now: int) -> list[Told]:
        """As if nothing had been heard of it. What was held cannot be told any more, which is told."""
        key = (topic.group, topic.node)
        node = self._nodes.pop(key, None)
        self._waiting.pop(key, None)
        if node is not None:
            if (gap := node.given_up()) is not None:
                self._losses.note("/".join(key), gap, now)
            node.forget()
        self._node(topic).wants_rebirth = True
        return self._settle(topic, [], now)

    def _node(self, topic: Topic) -> Node:
        key = (topic.group, topic.node)
        node = self._nodes.get(key)
        if node is None:
            node = self._nodes[key] = Node(self._room)
        self._nodes.move_to_end(key)
        return node

    def _settle(self, topic: Topic, told: list[Told], now: int) -> list[Told]:
        """After something came of a node: whether it waits, holds too much, or wants to be asked."""
        key = (topic.group, topic.node)
        node = self._nodes[key]
        if node.gap is not None:
            self._losses.note("/".join(key), node.gap, now)
            node.gap = None
        if not node.waits:
            self._waiting.pop(key, None)
            return told
        self._waiting[key] = node.weight
        if sum(self._waiting.values()) > MOST_HELD:
            told = told + node.release(now)
            self._waiting[key] = 0
        if node.wants_rebirth and self._may_ask(key, now):
            node.wants_rebirth = False
            self._requests.append(topic.command)
        return told

    def _may_ask(self, key: tuple[str, str], now: int) -> bool:
        asked = self._asked.get(key)
        if asked is None or now - asked.at >= 2 * ASK_LEAST_MS:
            self._asked[key] = _Asked(now, ASK_MS)
            return True
        if now - asked.at < asked.pause:
            return False
        asked.at, asked.pause = now, min(2 * asked.pause, ASK_LEAST_MS)
        return True
