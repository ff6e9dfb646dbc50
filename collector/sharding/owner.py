"""Which shard owns a group of devices. Pure: every collector answers alike, with nothing to ask."""

from __future__ import annotations

from hashlib import blake2b


def owner(group: str, count: int) -> int:
    """Rendezvous hashing: each shard draws a number for the group, the highest wins.

    With one shard more the draws of the others stay as they are: a group stays, or goes to the new one.
    """
    if count == 1:
        return 0
    return max(range(count), key=lambda shard: _draw(group, shard))


def _draw(group: str, shard: int) -> bytes:
    return blake2b(f"{shard}|{group}".encode("utf-8", "replace"), digest_size=8).digest()
