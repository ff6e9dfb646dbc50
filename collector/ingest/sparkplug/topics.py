"""The topics of Sparkplug B: `spBv1.0/<group>/<kind>/<edge node>[/<device>]` (specification 3.0, chapter 4.1)."""

from __future__ import annotations

from typing import NamedTuple

NAMESPACE = "spBv1.0"
EVERYTHING = f"{NAMESPACE}/#"

_OF_NODE = frozenset({"NBIRTH", "NDATA", "NDEATH"})
_OF_DEVICE = frozenset({"DBIRTH", "DDATA", "DDEATH"})
# What hosts say, this one or another: nothing of it is measured.
_OF_HOSTS = frozenset({"NCMD", "DCMD", "STATE"})


class Topic(NamedTuple):
    """Of a message of an edge node. `device` is empty where the node speaks of itself."""

    group: str
    kind: str
    node: str
    device: str = ""

    def __str__(self) -> str:
        return "/".join([NAMESPACE, *self] if self.device else [NAMESPACE, *self[:3]])

    def death_of(self, device: str) -> Topic:
        return self._replace(kind="DDEATH" if device else "NDEATH", device=device)

    @property
    def command(self) -> str:
        """Where the node takes commands."""
        return f"{NAMESPACE}/{self.group}/NCMD/{self.node}"


def parse_topic(text: str) -> Topic | None:
    """None for anything that no edge node can have sent by the rules."""
    levels = text.split("/")
    if levels[0] != NAMESPACE or len(levels) not in (4, 5) or not all(levels):
        return None
    topic = Topic(*levels[1:])
    return topic if topic.kind in (_OF_DEVICE if topic.device else _OF_NODE) else None


def is_of_hosts(text: str) -> bool:
    """`STATE` stands in the second level, and before version 3.0 of the specification stood in the third."""
    return not _OF_HOSTS.isdisjoint(text.split("/", 3)[1:3])


def state_topic(host_id: str) -> str:
    return f"{NAMESPACE}/STATE/{host_id}"
