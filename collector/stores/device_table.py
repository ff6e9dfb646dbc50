"""The devices this collector has met, and the site each belongs to."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Mapping
from typing import Protocol

from collector.stores.entries import NewEntry, record_entry

# What is forwarded of a payload: enough to see what a device sends, and for a profile to be found by.
KEPT_OF_PAYLOAD = 4096

# A device's last_seen_at is forwarded at most this often: it is the points that show what happens now.
_FORWARD_SEEN_MS = 15_000
# Its last message likewise while it is new and somebody sets it up, and later less often: with the site database away
# thousands of devices would fill the disk with what nobody will look at.
_NEW_FOR_MS = 15 * 60_000
_FORWARD_MESSAGE_MS = 5 * 60_000


class Seen(Protocol):
    """A device met in a message."""

    @property
    def id(self) -> str: ...
    @property
    def source_name(self) -> str: ...
    @property
    def profile(self) -> str: ...
    @property
    def site(self) -> str | None: ...
    @property
    def stale_after_s(self) -> int: ...
    @property
    def group(self) -> str | None: ...


class Heard(Protocol):
    """The message it was met in."""

    @property
    def topic(self) -> str: ...
    @property
    def payload(self) -> bytes: ...
    @property
    def received_at(self) -> int: ...


class DeviceTable:
    """Writes belong in the caller's transaction; after a rollback call `reload`."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self._sites: dict[str, str | None] = {}
        self._forwarded: dict[str, int] = {}
        self._message_forwarded: dict[str, int] = {}
        # Sites given by people (adoption) win over what a topic says.
        self._assigned: Mapping[str, str | None] = {}
        self.reload()

    def reload(self) -> None:
        self._sites = dict(self._db.execute("SELECT id, site FROM device").fetchall())
        self._forwarded.clear()
        self._message_forwarded.clear()

    def assign(self, sites: Mapping[str, str | None]) -> None:
        self._assigned = sites

    def site(self, device: str) -> str | None:
        return self._assigned.get(device) or self._sites.get(device)

    def due(self, device: Seen, now: int) -> bool:
        """Whether to `see` a device that spoke: it is new or was last told of long ago."""
        return device.id not in self._sites or abs(now - self._forwarded.get(device.id, 0)) >= _FORWARD_SEEN_MS

    def see(self, device: Seen, message: Heard, now: int) -> NewEntry:
        """Note that the device spoke; the entry to forward."""
        self._db.execute(
            "INSERT INTO device VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET"
            " source_name=excluded.source_name, profile=excluded.profile,"
            " site=coalesce(excluded.site, site), last_seen_at=excluded.last_seen_at",
            (device.id, device.source_name, device.profile, device.site, now, now),
        )
        if device.group is not None:
            self._db.execute("INSERT OR REPLACE INTO device_group VALUES (?, ?)", (device.id, device.group))
        self._sites[device.id] = device.site or self._sites.get(device.id)
        self._forwarded[device.id] = now
        (first_seen,) = self._db.execute("SELECT first_seen_at FROM device WHERE id=?", (device.id,)).fetchone()
        return record_entry(
            "device",
            {
                "id": device.id,
                "source_name": device.source_name,
                "profile": device.profile,
                "site_id": self.site(device.id),
                "first_seen_at": first_seen,
                "last_seen_at": now,
                "stale_after_s": device.stale_after_s,
                **self._message(device.id, message, first_seen, now),
            },
        )

    def _message(self, ident: str, message: Heard, first_seen: int, now: int) -> dict[str, str | int]:
        """The message, when it is to go along."""
        forwarded = self._message_forwarded.get(ident)
        new = abs(now - first_seen) < _NEW_FOR_MS
        if forwarded is not None and not new and abs(now - forwarded) < _FORWARD_MESSAGE_MS:
            return {}
        self._message_forwarded[ident] = now
        return {
            "last_topic": message.topic,
            "last_payload": base64.b64encode(message.payload[:KEPT_OF_PAYLOAD]).decode(),
            "last_payload_size": len(message.payload),
            "last_message_at": message.received_at,
        }
