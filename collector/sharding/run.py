"""Whether and how a folder can be divided anew: its layout, what was left unfinished, and that no collector runs."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path

from collector.clock import Clock, now_ms
from collector.errors import ConfigError, StoreUnavailable
from collector.ingest.mqtt.client import DEFAULT_BROKER, Broker
from collector.ingest.mqtt.source import SESSION_EXPIRY_S
from collector.lock import hold
from collector.settings import Settings
from collector.sharding import layout
from collector.sharding import plan as plans
from collector.sharding.layout import ALONE, MOST, Shard
from collector.sharding.plan import Plan
from collector.sharding.reshard import Done, Progress, Reshard
from collector.sharding.sessions import ANSWER_S
from collector.stores.collector_db import connect

_HEARD = "last_received_at."


def run(
    settings: Settings,
    count: int,
    progress: Progress,
    retire: Callable[[Sequence[str]], None],
    *,
    answer_s: float = ANSWER_S,
    clock: Clock = now_ms,
) -> Done | None:
    """Divide the folder between `count` collectors, or go on with that; None when it was taken back instead.

    `answer_s`: how long a broker may say nothing.

    Raises ConfigError when that cannot be asked for, StoreUnavailable when it is to be run again.
    """
    folder = settings.data
    if not ALONE.database(folder).exists():
        raise ConfigError([f"{folder}: no collector has run here; begin with 'fieldproof collect --shard 0/{count}'"])
    with ExitStack() as stack:
        for index in sorted({*range(count), *layout.files(folder)}):
            stack.enter_context(hold(Shard(index, MOST).lock(folder), "a collector"))
        plan = plans.load(folder)
        if plan is not None and plan.after != count:
            if plan.phase != "drain" or plan.before != count:
                raise ConfigError([_unfinished(plan)])
            Reshard(settings, plan, progress, retire, answer_s, clock).take_back()
            return None
        if plan is None:
            plan = Plan.new(_examine(settings, clock()), count)
        # Only when all settings are good is anything begun.
        work = Reshard(settings, plan, progress, retire, answer_s, clock)
        plans.save(folder, plan)
        try:
            return work.run()
        except sqlite3.Error as error:
            raise StoreUnavailable(f"cannot store in {folder}: {error}. Run it again when that is mended") from error


def _unfinished(plan: Plan) -> str:
    back = f", or take it back with 'fieldproof reshard {plan.before}'" if plan.phase == "drain" else ""
    return (
        f"a reshard from {plan.before} to {plan.after} was begun:"
        f" finish it with 'fieldproof reshard {plan.after}'{back}"
    )


def _examine(settings: Settings, now: int) -> int:
    """The number of collectors by which the folder is divided. Raises ConfigError when that is not clear."""
    count, faults = 1, list[str]()
    for index, path in layout.files(settings.data).items():
        try:
            with closing(connect(path, read_only=True)) as db:
                found = layout.recorded(db) or (ALONE if index == 0 else None)
                faults += _unready(db, path)
                if index == 0:
                    faults += _unnamed_brokers(settings, db, now)
        except (sqlite3.Error, StoreUnavailable) as error:
            faults.append(f"{path}: cannot be read ({error}): start its collector, which sets it right, and stop it")
            continue
        count = found.count if found and index == 0 else count
        if found and found.count != count:
            faults.append(f"{path}: is of collector {found}, and collector.db of 0/{count}: which is right?")
    if faults:
        raise ConfigError(faults)
    return count


def _unready(db: sqlite3.Connection, path: Path) -> list[str]:
    """What is copied out of a damaged file goes by the numbers of points, which moving them changes."""
    rows = db.execute("SELECT substr(key, ?) FROM meta WHERE key LIKE 'salvaged.%' AND value!='done'", (10,))
    return [f"{path}: readings are still being copied out of {name}: let the collector finish" for (name,) in rows]


def _unnamed_brokers(settings: Settings, db: sqlite3.Connection, now: int) -> list[str]:
    """A session that nobody reads up to the marker would be read by the wrong collector afterwards."""
    named = {broker.name for broker in Broker.parse_all(settings.mqtt_url or DEFAULT_BROKER)}
    heard = db.execute("SELECT substr(key, ?), value FROM meta WHERE key LIKE ?", (len(_HEARD) + 1, f"{_HEARD}%"))
    missing = [name for name, at in heard if name not in named and now - int(at) < SESSION_EXPIRY_S * 1000]
    return [
        f"FIELDPROOF_MQTT_URL: does not name {name}, which may hold a session of this collector" for name in missing
    ]
