"""What a Sparkplug host says of itself, and what it makes of what others say under its id. Pure.

Edge nodes take no word that is older than the newest they heard (specification 3.0: `phid-wait-timestamp`), whoever
said it: what we say must be newer than all of it, although our clock may have been set back, or that of another host
that was given our id by mistake is ahead.
"""

from __future__ import annotations

import logging
from enum import Enum
from typing import Any

import orjson

log = logging.getLogger(__name__)

# So often we say again that we are online, where somebody says under our id that we are not.
CONTRADICT_S = 5.0
_SAY_AGAIN_S = 3_600.0
# What is newer than this no clock says: 285,000 years.
_LATEST = 2**53


class Todo(Enum):
    NOTHING = "nothing"
    # Our birth once more, as it was.
    ANNOUNCE = "announce"
    # Will and birth have one timestamp, and the will is given with the connection.
    CONNECT_ANEW = "connect anew"


class HostState:
    """Times called `now` are of the wall clock, epoch ms; `passed` is of a clock that only goes forward, in seconds."""

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self._born_at = 0
        self._newest = 0
        self._spoke = 0.0
        self._due: Todo = Todo.NOTHING
        self._warned: float | None = None

    def begin(self, now: int) -> bytes:
        """The will of a new connection."""
        self._born_at = self._newest = max(now, self._newest + 1)
        self._due = Todo.NOTHING
        return _state(self._born_at, online=False)

    def birth(self, passed: float) -> bytes:
        self._spoke = passed
        self._due = Todo.NOTHING
        return _state(self._born_at, online=True)

    def goodbye(self, now: int) -> bytes:
        self._newest = max(now, self._newest)
        return _state(self._newest, online=False)

    def hear(self, payload: bytes, passed: float, *, retained: bool) -> None:
        """The will of an earlier connection may come late; or another host was given our id."""
        online, timestamp = _said(payload)
        newer = timestamp > self._born_at
        self._newest = max(self._newest, timestamp)
        if retained:
            # Of an earlier session, ours or another's. Our birth stands in its place by now.
            self._due = Todo.CONNECT_ANEW if newer else self._due
        elif not online:
            self._due = Todo.CONNECT_ANEW if newer or self._due is Todo.CONNECT_ANEW else Todo.ANNOUNCE
        elif timestamp != self._born_at and (self._warned is None or passed - self._warned >= _SAY_AGAIN_S):
            # Both taking turns would help nobody: edge nodes hear that their host is online.
            self._warned = passed
            log.error("another host says to be online under our Sparkplug host id, give it another: %s", self.topic)

    def todo(self, passed: float) -> Todo:
        """Not at once after we spoke: two hosts must not keep contradicting one another."""
        if self._due is Todo.NOTHING or (self._spoke and passed - self._spoke < CONTRADICT_S):
            return Todo.NOTHING
        due, self._due = self._due, Todo.NOTHING
        return due


def _said(payload: bytes) -> tuple[bool, int]:
    """Whether online, and the timestamp; 0 when there is none that edge nodes could go by."""
    try:
        said: Any = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return False, 0
    if not isinstance(said, dict):
        return False, 0
    timestamp = said.get("timestamp")
    return said.get("online") is True, timestamp if type(timestamp) is int and 0 <= timestamp < _LATEST else 0


def _state(timestamp: int, *, online: bool) -> bytes:
    return orjson.dumps({"online": online, "timestamp": timestamp})
