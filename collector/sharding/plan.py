"""What `reshard` has set out to do, in a file: while it is there no collector starts, and running again goes on."""

from __future__ import annotations

import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson

from collector.sharding.layout import PLAN, sync, write_whole

# drain: up to the marker everything still goes by the old layout, nothing else was touched.
# move: the sessions stand at the marker; devices change their files. finish: only names and records are left to do.
Phase = Literal["drain", "move", "finish"]


@dataclass(frozen=True, slots=True)
class Plan:
    before: int
    after: int
    phase: Phase
    # Names what this one has done already in the files.
    id: str

    @classmethod
    def new(cls, before: int, after: int) -> Plan:
        return cls(before, after, "drain", uuid.uuid4().hex[:12])

    @property
    def added(self) -> range:
        return range(self.before, self.after)

    @property
    def removed(self) -> range:
        return range(self.after, self.before)


def load(folder: Path) -> Plan | None:
    file = folder / PLAN
    return Plan(**orjson.loads(file.read_bytes())) if file.exists() else None


def save(folder: Path, plan: Plan) -> None:
    write_whole(folder / PLAN, orjson.dumps(asdict(plan)))


def remove(folder: Path) -> None:
    (folder / PLAN).unlink(missing_ok=True)
    sync(folder)
