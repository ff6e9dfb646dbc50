"""One edge node with its devices: births, order, deaths (specification 3.0, chapters 5.4 to 5.9). Pure; time is given.

An edge node counts its messages from 0 to 255 and round again. One that comes too early is held until those before it
are there. When they do not come in time they are lost: a rebirth is asked for, and data waits for it. What an alias
stood for is believed over a loss if the birth after it says the same as the one before.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from functools import partial
from itertools import takewhile
from typing import Any, NamedTuple

from collector.ingest.sparkplug.losses import AWAY, MISSING, Gap
from collector.ingest.sparkplug.points import Message, Room, Unit, confirmed
from collector.ingest.sparkplug.topics import Topic
from collector.profiles.sparkplug.document import Known, birth, document, needs_birth, written
from collector.profiles.sparkplug.payload import Metric, Payload

log = logging.getLogger(__name__)

# How long one that is missing may take: a broker may reorder, and a cluster of them does.
REORDER_MS = 2_000
# How long a birth may take that was asked for, or that must follow another.
BIRTH_MS = 10_000
SEQUENCE = 256
MOST_DEVICES = 1_000
# Messages held back for one device, or to put a node's in order.
MOST_HELD = 2_000


class Told(NamedTuple):
    """What is passed on: a document under the topic it belongs to; None: the message as it came."""

    topic: str
    content: dict[str, Any] | None
    received_at: int


class Node:
    """Times called `now` are of a clock that only goes forward, in ms; `received_at` is the wall clock's."""

    def __init__(self, room: Room) -> None:
        self.units: dict[str, Unit] = {"": Unit(room)}
        self._room = room
        # The number that the next message must have; None: no birth of this session was seen.
        self.next: int | None = None
        self._last = 0
        self.bd_seq: int | None = None
        self.online = False
        # Messages are missing, and the order of others means nothing until the next birth.
        self.lost = False
        self.wants_rebirth = False
        # What was found to be missing, to be taken by whoever tells of it. Until when all is there, epoch ms.
        self.gap: Gap | None = None
        self._whole_until: int | None = None
        self._out_of_sight = False
        # Of all that was received and not passed on yet.
        self.weight = 0
        self._held: list[Message] = []
        # Until when: what is missing may come; a birth may come for what waits for one; devices may be born again,
        # and a node may be heard whose death is in doubt, each with when that began.
        self._held_until: int | None = None
        self._waiting_until: int | None = None
        self._births_until: tuple[int, Topic, int] | None = None
        self._doubt_until: tuple[int, Topic, int] | None = None

    @property
    def waits(self) -> bool:
        """Whether time must be told to it."""
        deadlines = (self._held_until, self._waiting_until, self._births_until, self._doubt_until)
        return self.wants_rebirth or any(deadline is not None for deadline in deadlines)

    def take(self, message: Message, now: int) -> list[Told]:
        if message.topic.kind == "NDEATH":
            return self._node_death(message, now)
        seq = message.payload.seq
        if message.topic.kind == "NBIRTH":
            return self._node_birth(message, now)
        if seq is not None:
            self._last = seq % SEQUENCE
            # Not by a message without a number, which may be a will as well.
            self._doubt_until = None
        if self.lost:
            if self._out_of_sight:
                self._note_gap([message])
            self.wants_rebirth = True
            return self._hold(message, now)
        if seq is None and self.next is not None:
            return self._in_order(message, now)
        if seq is None or self.next is None or seq != self.next:
            return self._hold(message, now)
        told = self._in_order(message, now)
        self.next = (self.next + 1) % SEQUENCE
        return told + self._drain(now)

    def tick(self, now: int) -> list[Told]:
        """Time passed."""
        told: list[Told] = []
        if self._doubt_until is not None and now >= self._doubt_until[0]:
            _, topic, since = self._doubt_until
            told += self._die(topic, since)
        if self._held_until is not None and now >= self._held_until:
            told += self._late(now)
        if self._waiting_until is not None and now >= self._waiting_until:
            told += self._end_waiting()
        if self._births_until is not None and now >= self._births_until[0]:
            _, topic, since = self._births_until
            self._births_until = None
            for device, unit in self.units.items():
                if not unit.born and unit.heard:
                    told += _dead(unit, topic.death_of(device), since, since)
        return told

    def lose_sight(self, now: int) -> list[Told]:
        """We were not connected: what was said meanwhile, births or deaths, is not known. What is missing is lost."""
        if self.next is not None and not self.lost:
            self._note_gap(self._held)
        told = self._let_go(self._held, now)
        self.next = None
        self.lost = False
        self._out_of_sight = True
        for unit in self.units.values():
            unit.born = False
        self._births_until = self._doubt_until = None
        self._held_until = now + REORDER_MS
        return told

    def release(self, now: int) -> list[Told]:
        """Nothing can be held any longer."""
        if self._held and not self.lost:
            self._note_gap(self._held)
            self.lost = self.wants_rebirth = True
        return self._let_go(self._held, now) + self._end_waiting()

    def given_up(self) -> Gap | None:
        """What is missing when nothing of what is held can be told."""
        held = [*self._held, *(message for unit in self.units.values() for message in unit.waiting)]
        times = [message.received_at for message in held]
        return Gap(min(times), max(times), MISSING) if times else None

    def forget(self) -> None:
        self._room.left += len(self.units) - 1
        for unit in self.units.values():
            unit.forget()

    # -- order -------------------------------------------------------------------------------------------------------

    def _hold(self, message: Message, now: int) -> list[Told]:
        self._held.append(message)
        self.weight += message.weight
        if self._held_until is None:
            self._held_until = now + (BIRTH_MS if self.lost else REORDER_MS)
        return self.release(now) if len(self._held) > MOST_HELD else []

    def _drain(self, now: int) -> list[Told]:
        """What was held and is next now. If others are still missing the time for them begins anew."""
        told: list[Told] = []
        moved = False
        while (found := next((m for m in self._held if m.payload.seq == self.next), None)) is not None:
            self._held.remove(found)
            self.weight -= found.weight
            told += self._in_order(found, now)
            self.next = ((self.next or 0) + 1) % SEQUENCE
            moved = True
        if not self._held:
            self._held_until = None
        elif moved:
            self._held_until = now + REORDER_MS
        return told

    def _late(self, now: int) -> list[Told]:
        """What is missing did not come; or a birth did not, that was asked for."""
        if self.lost:
            return self.release(now)
        self._note_gap(self._held)
        self.lost = self.wants_rebirth = True
        # All is held on, births of devices too: they may be on their way before that of their node.
        self._held_until = now + BIRTH_MS if self._held else None
        return []

    def _note_gap(self, found: list[Message]) -> None:
        """Before these something is missing; or, of a session whose birth was not seen, all until now."""
        if not found:
            return
        until = min(message.received_at for message in found)
        away = self._out_of_sight or self._whole_until is None
        self.gap = Gap(self._whole_until, until, AWAY if away else MISSING)
        self._whole_until = max(message.received_at for message in found)
        self._out_of_sight = False

    def _let_go(self, held: list[Message], now: int) -> list[Told]:
        """Of what was held these, in no order."""
        gone = set(map(id, held))
        self._held = [message for message in self._held if id(message) not in gone]
        self.weight -= sum(message.weight for message in held)
        if not self._held:
            self._held_until = None
        return [told for message in held for told in self._by_itself(message, now)]

    def _in_order(self, message: Message, now: int) -> list[Told]:
        topic = message.topic
        self._whole_until = message.received_at
        if topic.kind == "DBIRTH":
            return self._device_birth(message)
        unit = self.units.get(topic.device)
        if topic.kind == "DDEATH":
            return _dead(unit, topic, _time_of_death(message), message.received_at) if unit is not None else []
        if unit is None or not unit.born:
            self.wants_rebirth = True
            return self._by_itself(message, now)
        if any(needs_birth(metric) and unit.find(metric) is None for metric in message.payload.metrics):
            self.wants_rebirth = True
        return _told(unit, message, unit.find)

    def _by_itself(self, message: Message, now: int) -> list[Told]:
        """Whatever came before it. Data waits for a birth: for aliases, and also because that may state a unit."""
        topic = message.topic
        if topic.kind in ("DBIRTH", "DDEATH"):
            return self._in_order(message, now)
        unit = self._unit(topic.device)
        if unit is None:
            return _unborn(message)
        unit.waiting.append(message)
        self.weight += message.weight
        if self._waiting_until is None:
            self._waiting_until = now + BIRTH_MS
        return self._end_waiting() if len(unit.waiting) > MOST_HELD else []

    def _end_waiting(self) -> list[Told]:
        """No birth came. Within a session the last one is gone by; without one, aliases mean nothing."""
        self._waiting_until = None
        told: list[Told] = []
        for unit in self.units.values():
            if unit.born:
                told += self._read_waiting(unit, unit.find)
            else:
                told += [one for message in self._taken_from(unit) for one in _unborn(message, unit)]
        if self.lost and self.next is not None:
            log.warning("messages of an edge node are lost and it answers no request for a rebirth: going on without")
            self.lost = False
            self.next = (self._last + 1) % SEQUENCE
        return told

    def _read_waiting(self, unit: Unit, find: Callable[[Metric], Known | None]) -> list[Told]:
        return [told for message in self._taken_from(unit) for told in _told(unit, message, find)]

    def _taken_from(self, unit: Unit) -> list[Message]:
        waiting, unit.waiting = unit.waiting, []
        self.weight -= sum(message.weight for message in waiting)
        return waiting

    # -- births and deaths -------------------------------------------------------------------------------------------

    def _node_birth(self, message: Message, now: int) -> list[Told]:
        payload, unit = message.payload, self.units[""]
        first = payload.seq if payload.seq is not None else 0
        later = set(map(id, self._of_this_birth(message, first)))
        earlier = [held for held in self._held if id(held) not in later]
        if self._out_of_sight and self.bd_seq is not None and _bd_seq(payload) == self.bd_seq:
            # It is the session from before: the node did not end it because we were away.
            self._note_gap([message])
        elif self.next is not None and not self.lost:
            self._note_gap(earlier)
        self._out_of_sight = False
        self._whole_until = message.received_at
        told = self._let_go(earlier, now)
        for known in self.units.values():
            known.born = False
        told += self._born(unit, message)
        self.bd_seq, self.online = _bd_seq(payload), True
        self.lost = self.wants_rebirth = False
        self._doubt_until = None
        self._held_until = now + REORDER_MS if self._held else None
        self._last, self.next = first % SEQUENCE, (first + 1) % SEQUENCE
        if any(known.heard and not known.born for known in self.units.values()):
            self._births_until = (now + BIRTH_MS, message.topic, message.received_at)
        return told + self._drain(now)

    def _of_this_birth(self, born: Message, first: int) -> Iterator[Message]:
        """Those held that overtook the birth: sent later than it, or next to it by number and not before it."""
        by_number = {held.payload.seq: held for held in reversed(self._held) if not _before(held, born)}
        numbers = takewhile(by_number.__contains__, ((first + ahead) % SEQUENCE for ahead in range(1, SEQUENCE)))
        yield from (by_number[number] for number in numbers)
        yield from (held for held in self._held if _before(born, held))

    def _device_birth(self, message: Message) -> list[Told]:
        unit = self._unit(message.topic.device)
        return self._born(unit, message) if unit is not None else _told(None, message, birth)

    def _born(self, unit: Unit, message: Message) -> list[Told]:
        """With what waited for this birth before it."""
        agreed, again = unit.agreed(message.payload), not unit.heard
        unit.learn(message.payload)
        told = self._read_waiting(unit, partial(unit.find, among=agreed))
        at = message.payload.timestamp
        return told + _told(unit, message, unit.find, also_at=at if again else None)

    def _node_death(self, message: Message, now: int) -> list[Told]:
        """A death with another number than the birth is of an earlier session, come late. Or the node counts wrongly:

        so it is asked for a rebirth, and is dead only if it does not answer.
        """
        if not self.online:
            return []
        number = _bd_seq(message.payload)
        if number is None or self.bd_seq is None or number == self.bd_seq:
            return self._die(message.topic, message.received_at)
        self.wants_rebirth = True
        if self._doubt_until is None:
            self._doubt_until = (now + BIRTH_MS, message.topic, message.received_at)
        return []

    def _die(self, topic: Topic, at: int) -> list[Told]:
        self.lost = False
        told = self._let_go(self._held, 0) + self._end_waiting()
        for device, unit in self.units.items():
            if unit.heard:
                told += _dead(unit, topic.death_of(device), at, at)
            unit.born = False
        self.next = self._held_until = self._births_until = self._doubt_until = None
        self.online = self.lost = self.wants_rebirth = False
        return told

    # -- documents ---------------------------------------------------------------------------------------------------

    def _unit(self, device: str) -> Unit | None:
        """None when there are too many."""
        unit = self.units.get(device)
        if unit is None and len(self.units) <= MOST_DEVICES and self._room.left > 0:
            self._room.left -= 1
            unit = self.units[device] = Unit(self._room)
        return unit


def _told(
    unit: Unit | None, message: Message, find: Callable[[Metric], Known | None], *, also_at: int | None = None
) -> list[Told]:
    """`also_at`: the values hold at this time as well, whenever they were measured."""
    content = document(message.payload, find)
    if also_at is not None:
        content["metrics"] += confirmed(content["metrics"], also_at)
    if unit is not None:
        unit.note(content, message.received_at)
    return [Told(str(message.topic), content, message.received_at)]


def _unborn(message: Message, unit: Unit | None = None) -> list[Told]:
    """Without a birth: what names itself is read, and it is said that nobody knows its unit."""
    content = document(message.payload, lambda _metric: None)
    for entry in content["metrics"]:
        if "refused" not in entry:
            entry["noBirth"] = True
    if unit is not None:
        unit.note(content, message.received_at)
    return [Told(str(message.topic), content, message.received_at)]


def _dead(unit: Unit, topic: Topic, at: int, received_at: int) -> list[Told]:
    """The last values as stale."""
    entries = list(unit.death(at))
    return [Told(str(topic), written(at, None, entries), received_at)] if entries else []


def _time_of_death(message: Message) -> int:
    """A device's death is told by its node, with the time (chapter 5.6)."""
    sent = message.payload.timestamp
    return sent if sent is not None and sent <= message.received_at else message.received_at


def _before(one: Message, other: Message) -> bool:
    """Whether it was sent before the other, as far as both tell."""
    sent, later = one.payload.timestamp, other.payload.timestamp
    return sent is not None and later is not None and sent < later


def _bd_seq(payload: Payload) -> int | None:
    found = (metric.value for metric in payload.metrics if metric.name == "bdSeq")
    return next((value for value in found if type(value) is int), None)
