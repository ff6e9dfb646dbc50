"""What must hold for this installation to do its work, each with what is wrong and what to do."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from collector.errors import StoreUnavailable
from collector.sharding.layout import Shard
from collector.sitedb.tables import Collector
from webapp import heartbeat
from webapp.json import iso
from webapp.migrate import is_current
from webapp.services import services

# What is wrong and what to do; None when nothing is.
Fault = tuple[str, str] | None

# A destination may be away for a restart; what waits longer is an outage somebody should know of.
OUTBOX_LATE_S = 300
_GIB = 1 << 30
# A disk is nearly full when less than both is free: on a memory card the share counts, on a large disk the bytes.
FREE_SHARE = 0.05
FREE_BYTES = 5 * _GIB


def examine(only: Iterable[str] = (), exclude: Iterable[str] = ()) -> dict[str, Fault]:
    """The checks that are asked for, in order. A name that is no check is a fault: it would watch nothing."""
    wanted, unwanted = list(only), set(exclude)
    chosen = [name for name in CHECKS if (not wanted or name in wanted) and name not in unwanted]
    found: dict[str, Fault] = {name: CHECKS[name]() for name in chosen}
    for name in [*wanted, *unwanted]:
        if name not in CHECKS:
            found[name] = ("there is no such check", f"The checks are: {', '.join(CHECKS)}.")
    return found


def _database() -> Fault:
    try:
        with services().db.read() as db:
            db.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        return (f"does not answer ({type(error).__name__})", "Check FIELDPROOF_DATABASE_URL and that the server runs.")
    return None


def _migrations() -> Fault:
    try:
        if is_current(services().db.engine):
            return None
    except SQLAlchemyError as error:
        return (f"cannot be read ({type(error).__name__})", "See the check 'database'.")
    return ("the schema is not this version's", "Restart with the 'fieldproof' command: it migrates before it starts.")


def _readings() -> Fault:
    try:
        services().store.check()
    except StoreUnavailable as error:
        return (
            str(error),
            "Check the InfluxDB settings, or that the collector runs on this host and has this data folder.",
        )
    return None


def _disk() -> Fault:
    settings = services().settings
    found = [fault for folder in {settings.data, settings.photos} if (fault := nearly_full(folder)) is not None]
    if not found:
        return None
    return (
        "; ".join(sorted(found)),
        "Free space or move the folder to a larger disk, before collecting and photos stop.",
    )


def nearly_full(folder: Path) -> str | None:
    """Too little space, or hardly any file left to be made. None when there is room."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        disk = os.statvfs(folder)
    except OSError as error:
        return f"{folder} cannot be looked at: {error.strerror}"
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    if free < min(size * FREE_SHARE, FREE_BYTES):
        return f"the disk of {folder} has {free / _GIB:.2f} GiB free of {size / _GIB:.1f}"
    # Some file systems make room for files as they come, and say 0.
    if disk.f_files and disk.f_favail < disk.f_files * 0.01:
        return f"the disk of {folder} can hold only {disk.f_favail} more files"
    return None


def _silent(collector: Collector, now: int) -> Fault:
    silent = heartbeat.silent_s(collector, now)
    if silent is None:
        return None
    retire = f"taken out of service for good: 'fieldproof collectors remove {collector.id}'"
    return (
        f"{collector.id} has not reported for {silent:.0f} s",
        f"See its log and restart it: 'fieldproof collect'; {retire}.",
    )


def _disconnected(collector: Collector, _now: int) -> Fault:
    away = [name for name, connected in heartbeat.brokers(collector).items() if not connected]
    if not away:
        return None
    return (
        f"{collector.id} is not connected and subscribed to {', '.join(away)}",
        "Check that the broker runs and accepts the collector's user and topics; 'fieldproof doctor' looks closer.",
    )


_STORE_AGAIN = {
    "disk_full": "Free space on the disk of the collector's data folder.",
    "read_only": "Make the file system of the collector's data folder writable again.",
    "corrupt": "Look at the collector's log: the damaged file is set aside beside the new one; keep it.",
    "locked": "Find what else holds collector.db open, and end it.",
    "unwritable": "Check the rights of the collector's data folder, and the disk.",
}


def _not_storing(collector: Collector, _now: int) -> Fault:
    trouble = heartbeat.trouble(collector)
    if trouble is None:
        return None
    since = f" since {iso(trouble.since)}" if trouble.since is not None else ""
    todo = _STORE_AGAIN.get(trouble.kind, _STORE_AGAIN["unwritable"])
    return (
        f"{collector.id} cannot store{since} ({trouble.kind}): {trouble.detail}",
        f"{todo} Until then the broker keeps what comes, as far as its queue goes.",
    )


def _late(collector: Collector, _now: int) -> Fault:
    late = [waiting for waiting in heartbeat.outbox(collector) if waiting.age_s > OUTBOX_LATE_S]
    if not late:
        return None
    told = [
        f"{collector.id} has had {w.depth} entries for {w.destination} waiting for {w.age_s / 60:.0f} min"
        f" ({w.error or 'it is catching up'})"
        for w in late
    ]
    return ("; ".join(told), "Nothing is lost, it waits in collector.db. Mend what the error names.")


def _each(judge: Callable[[Collector, int], Fault]) -> Callable[[], Fault]:
    """A check of every collector. What one that is silent said last is no news: only its silence is."""

    def check() -> Fault:
        now = services().clock()
        collectors = _reported()
        if isinstance(collectors, tuple):
            return collectors
        return _joined(judge(c, now) for c in collectors if heartbeat.silent_s(c, now) is None)

    return check


def _collectors() -> Fault:
    collectors = _reported()
    if isinstance(collectors, tuple):
        return collectors
    if not collectors:
        return ("no collector has reported yet", "Start one: 'fieldproof collect'.")
    now = services().clock()
    return _joined([*(_silent(collector, now) for collector in collectors), *_never_started(collectors)])


def _reported() -> list[Collector] | tuple[str, str]:
    """Every collector, or why they cannot be read."""
    try:
        with services().db.read() as db:
            return list(db.scalars(select(Collector).order_by(Collector.id)))
    except SQLAlchemyError as error:
        return (f"cannot be read ({type(error).__name__})", "See the check 'database'.")


def _never_started(collectors: Iterable[Collector]) -> Iterator[Fault]:
    """Of several that share the devices: the part of one that is not there is collected by nobody."""
    told = sorted(collectors, key=lambda collector: collector.last_seen_at)
    shards = {collector.id: shard for collector in told if (shard := heartbeat.shard(collector)) is not None}
    # By installation; the one heard last knows by how many it is divided now.
    counts = {ident.removesuffix(f"-{shard.index}"): shard.count for ident, shard in shards.items()}
    known = {collector.id for collector in told}
    for installation, count in sorted(counts.items()):
        for missing in (Shard(index, count) for index in range(count)):
            if (ident := f"{installation}-{missing.index}") not in known:
                yield (
                    f"{ident} ({missing}) has never reported: its share of the devices is collected by nobody",
                    f"Start it: 'fieldproof collect --shard {missing}'.",
                )


def _joined(faults: Iterable[Fault]) -> Fault:
    found = [fault for fault in faults if fault is not None]
    if not found:
        return None
    todos = dict.fromkeys(todo for _, todo in found)
    return ("; ".join(detail for detail, _ in found), " ".join(todos))


CHECKS: Mapping[str, Callable[[], Fault]] = {
    "database": _database,
    "migrations": _migrations,
    "readings": _readings,
    "disk": _disk,
    "collectors": _collectors,
    "brokers": _each(_disconnected),
    "storing": _each(_not_storing),
    "outbox": _each(_late),
}
