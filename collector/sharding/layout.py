"""How a data folder is divided between collectors: their files, and what these record of the division."""

from __future__ import annotations

import fcntl
import os
import re
import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import orjson

from collector.errors import ConfigError, StoreUnavailable
from collector.stores.collector_db import connect, get_meta, set_meta, transaction

# Far more than one machine has use for.
MOST = 64
_FILE = re.compile(r"collector(?:-(\d+))?\.db")
# While it is there `reshard` has begun and not ended: see plan.py.
PLAN = "reshard.json"


@dataclass(frozen=True, slots=True)
class Shard:
    """Collector `index` of `count`. The first keeps the names that a collector alone has."""

    index: int = 0
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Raises ValueError."""
        found = re.fullmatch(r"(\d{1,3})/(\d{1,3})", text)
        if found is None:
            raise ValueError(f"'{text}' is not of the form i/n, such as 0/3 for the first of three")
        index, count = int(found[1]), int(found[2])
        if not 1 <= count <= MOST:
            raise ValueError(f"'{text}': there can be 1 to {MOST} collectors")
        if index >= count:
            raise ValueError(f"'{text}': the collectors of {count} are 0/{count} to {count - 1}/{count}")
        return cls(index, count)

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"

    def database(self, folder: Path) -> Path:
        return folder / f"{_stem(self.index)}.db"

    def lock(self, folder: Path) -> Path:
        return folder / f"{_stem(self.index)}.lock"


ALONE = Shard()


def _stem(index: int) -> str:
    return f"collector-{index}" if index else "collector"


def files(folder: Path) -> dict[int, Path]:
    """The collectors' files that are there, by shard."""
    found = {path: _FILE.fullmatch(path.name) for path in folder.glob("collector*.db")}
    return dict(sorted((int(match[1] or 0), path) for path, match in found.items() if match))


def shards(folder: Path) -> list[Shard]:
    """The collectors by which it is divided, as the first one's file says."""
    file = ALONE.database(folder)
    count = ((of_file(file) if file.exists() else None) or ALONE).count
    return [Shard(index, count) for index in range(count)]


def client_id(installation: str, index: int) -> str:
    return f"fieldproof-{installation}-{index}"


def installation(folder: Path) -> str:
    """Part of the fixed client ids: two installations on one broker must not take over each other's sessions.

    In a file of its own since there can be several collectors; before, it stood in collector.db.
    """
    file = folder / "installation"
    if not file.exists():
        # Collectors may be started all at once: the first one's stands. A hard link would say who was first too, but
        # not every file system of a memory card has them.
        with (folder / "installation.lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                write_whole(file, (_former_installation(folder) or uuid.uuid4().hex[:8]).encode())
    return file.read_text(encoding="utf-8").strip()


def write_whole(file: Path, content: bytes) -> None:
    """Whole and durable, or not at all."""
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    sync(file.parent)


def sync(folder: Path) -> None:
    """Make durable which names there are in it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _former_installation(folder: Path) -> str | None:
    file = ALONE.database(folder)
    if not file.exists():
        return None
    try:
        with closing(connect(file, read_only=True)) as db:
            return get_meta(db, "installation")
    except (sqlite3.Error, StoreUnavailable):
        return None


def recorded(db: sqlite3.Connection) -> Shard | None:
    """What the file says that it is; None when it is new."""
    text = get_meta(db, "shard")
    if text is not None:
        return Shard.parse(text)
    # Of a version that knew one collector only.
    return ALONE if get_meta(db, "installation") else None


def record(db: sqlite3.Connection, shard: Shard, installation: str, groups: dict[str, str]) -> None:
    """Inside a transaction."""
    set_meta(db, "shard", str(shard))
    set_meta(db, "installation", installation)
    set_meta(db, "shard_groups", orjson.dumps(groups).decode())


def groups(db: sqlite3.Connection) -> dict[str, str] | None:
    """What each profile grouped devices by when the layout was made."""
    text = get_meta(db, "shard_groups")
    return None if text is None else dict(orjson.loads(text))


def claim(db: sqlite3.Connection, folder: Path, shard: Shard, templates: dict[str, str]) -> str:
    """Take the file for this shard, under its lock; returns the installation.

    Raises ConfigError when the folder is divided in another way: readings of one device would go to two files.
    """
    if (folder / PLAN).exists():
        raise ConfigError([f"{folder}: 'fieldproof reshard' was not finished: run it again first"])
    mine = recorded(db)
    if mine is not None and mine != shard:
        raise ConfigError([_other_layout(shard.database(folder), mine, shard)])
    for index, path in files(folder).items():
        other = of_file(path) if index != shard.index else None
        if other is not None and other.count != shard.count:
            raise ConfigError([_other_layout(path, other, shard)])
    _check_groups(folder, shard, groups(db), templates)
    known = installation(folder)
    with transaction(db):
        record(db, shard, known, templates)
    return known


def _other_layout(path: Path, found: Shard, asked: Shard) -> str:
    return (
        f"--shard {asked}: {path} is of collector {found}; start it with --shard {found},"
        f" or stop all collectors and run 'fieldproof reshard {asked.count}'"
    )


def of_file(path: Path) -> Shard | None:
    """None also when it cannot be read."""
    try:
        with closing(connect(path, read_only=True)) as db:
            return recorded(db)
    except (sqlite3.Error, StoreUnavailable):
        # Its own collector says what is wrong with it.
        return None


def _check_groups(folder: Path, shard: Shard, then: dict[str, str] | None, now: dict[str, str]) -> None:
    """With one collector everything is its own, however it is grouped."""
    if shard.count == 1 or then is None:
        return
    changed = sorted(profile for profile in then.keys() & now.keys() if then[profile] != now[profile])
    if changed:
        fault = (
            f"{folder}: profile {', '.join(changed)} groups devices in another way now ('group', 'device_id'), and some"
            f" would change their collector: stop all and run 'fieldproof reshard {shard.count}'"
        )
        raise ConfigError([fault])
