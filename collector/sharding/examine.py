"""Whether `reshard` may go on: every file is there and is clear, and our settings are those that collected.

It stores what waits in the collectors' place. With less in its settings than they had it would store less than they.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

from collector.errors import ConfigError, StoreUnavailable
from collector.ingest.mqtt.client import Broker
from collector.ingest.mqtt.source import SESSION_EXPIRY_S
from collector.ingest.pipeline import OWN_TOPICS
from collector.ingest.sessions import noted_filters
from collector.profiles.library import Library
from collector.settings import Settings
from collector.sharding import layout
from collector.sharding.layout import ALONE, Shard
from collector.sharding.plan import Plan
from collector.stores import outbox
from collector.stores.collector_db import connect

_HEARD = "last_received_at."
_AS_THEY = "Run it with exactly the environment of the collectors (docs/operations.md, 'Several collectors')"


def layout_of(folder: Path) -> int:
    """The number of collectors by which the folder is divided. Raises ConfigError when that is not clear."""
    count, faults = 1, list[str]()
    for index, path in layout.files(folder).items():
        try:
            with closing(connect(path, read_only=True)) as db:
                found = layout.recorded(db) or (ALONE if index == 0 else None)
                faults += _unready(db, path)
        except (sqlite3.Error, StoreUnavailable) as error:
            faults.append(f"{path}: cannot be read ({error}): start its collector, which sets it right, and stop it")
            continue
        count = found.count if found and index == 0 else count
        if found and found.count != count:
            faults.append(f"{path}: is of collector {found}, and collector.db of 0/{count}: which is right?")
    if faults:
        raise ConfigError(faults)
    return count


def check_files(folder: Path, plan: Plan) -> None:
    """An empty file in the place of one that is elsewhere would be taken for all that the shard ever had."""
    known = _in_use(plan)
    missing = [shard for index in known if not (shard := Shard(index, len(known))).database(folder).exists()]
    if missing:
        raise ConfigError([_missing(shard, folder) for shard in missing])


def _in_use(plan: Plan) -> range:
    """At the last only names and records are left to do: what is removed by then may be set aside already."""
    return range(plan.after if plan.phase == "finish" else plan.before)


def _missing(shard: Shard, folder: Path) -> str:
    return (
        f"{shard.database(folder)}: the file of collector {shard} is missing: bring it back. If that collector never"
        f" ran, start it once ('fieldproof collect --shard {shard}') and stop it"
    )


def check_settings(
    settings: Settings, brokers: Sequence[Broker], library: Library, now: int, plan: Plan, *, begun: bool
) -> None:
    """Raises ConfigError when the files know of something that our settings lack. `begun`: by an earlier run."""
    faults = list[str]()
    for index in _in_use(plan):
        path = Shard(index, len(_in_use(plan))).database(settings.data)
        try:
            with closing(connect(path, read_only=True)) as db:
                faults += _no_long_term(settings, db, path)
                faults += _unknown_to(library, brokers, db, path)
                if index == 0 and not begun:
                    faults += _unnamed_brokers(brokers, db, now)
        except (sqlite3.Error, StoreUnavailable) as error:
            raise StoreUnavailable(f"{path} cannot be read: {error}. Run it again when that is mended") from error
    if faults:
        raise ConfigError(faults)


def _unready(db: sqlite3.Connection, path: Path) -> list[str]:
    """What is copied out of a damaged file goes by the numbers of points, which moving them changes."""
    rows = db.execute("SELECT substr(key, ?) FROM meta WHERE key LIKE 'salvaged.%' AND value!='done'", (10,))
    return [f"{path}: readings are still being copied out of {name}: let the collector finish" for (name,) in rows]


def _unnamed_brokers(brokers: Iterable[Broker], db: sqlite3.Connection, now: int) -> list[str]:
    """A session that nobody reads up to the marker would be read by the wrong collector afterwards."""
    named = {broker.name for broker in brokers}
    heard = db.execute("SELECT substr(key, ?), value FROM meta WHERE key LIKE ?", (len(_HEARD) + 1, f"{_HEARD}%"))
    missing = [name for name, at in heard if name not in named and now - int(at) < SESSION_EXPIRY_S * 1000]
    return [
        f"FIELDPROOF_MQTT_URL: does not name {name}, which may hold a session of this collector" for name in missing
    ]


def _no_long_term(settings: Settings, db: sqlite3.Connection, path: Path) -> list[str]:
    """What is stored without it never gets there, and is trimmed here as if it had."""
    if settings.influx_url is not None:
        return []
    lane = db.execute("SELECT 1 FROM lane WHERE destination='influx'").fetchone()
    if lane is None and outbox.forwarding_since(db, "influx") is None:
        return []
    return [
        (
            f"FIELDPROOF_INFLUX_URL: is not set, and {path} forwards to InfluxDB. {_AS_THEY}."
            " If InfluxDB is no longer wanted, start the collectors without it once"
        )
    ]


def _unknown_to(library: Library, brokers: Iterable[Broker], db: sqlite3.Connection, path: Path) -> list[str]:
    """What waits for a profile that we do not have would become dead letters."""
    filters = {name for broker in brokers for name in noted_filters(db, broker.name)}
    lost = {name for name in filters - library.all_filters() if not name.startswith(OWN_TOPICS)}
    profiles = (layout.groups(db) or {}).keys() - library.groups().keys()
    told = [f"profile {name}" for name in sorted(profiles)] + [f"topic {name}" for name in sorted(lost)]
    if not told:
        return []
    return [
        (
            f"FIELDPROOF_DEVICES: no {', no '.join(told)}, and {path} collects with it. {_AS_THEY}."
            " If it is no longer wanted, start the collectors without it once"
        )
    ]
