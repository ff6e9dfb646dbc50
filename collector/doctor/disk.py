"""The disk of the data folder and of the photos: room, how long it lasts, and how fast it makes things durable."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from collector.doctor.finding import Finding, amount, bad, duration, ok, unknown, warn
from collector.doctor.patient import Patient, reading
from collector.errors import StoreUnavailable

CHECK = "disk"
_GIB = 1 << 30
_TRIES = 20
_SLOW_S = 0.05
_DAYS_LEFT = 14
_DAYS_TOLD = 1_000
_DAY_MS = 86_400_000
# SQLite's write-ahead log needs shared memory and working locks, which these do not give.
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"})
_FORGETS = frozenset({"tmpfs", "ramfs", "overlay"})


def look(patient: Patient) -> Iterator[Finding]:
    data, photos = patient.settings.data, patient.settings.photos
    if not data.is_dir():
        yield unknown(CHECK, f"the data folder {data.absolute()} is not there yet", "The first start makes it.")
        return
    yield from _folder(data, patient, with_growth=True)
    if photos.is_dir() and photos.stat().st_dev != data.stat().st_dev:
        yield from _folder(photos, patient, with_growth=False)


def _folder(folder: Path, patient: Patient, *, with_growth: bool) -> Iterator[Finding]:
    kind = filesystem(folder)
    if kind in _NETWORK:
        yield bad(
            CHECK,
            f"{folder} is on a network file system ({kind})",
            "SQLite's write-ahead log does not work there: collector.db can be damaged.",
            "Move the data folder to a disk of this machine, and set FIELDPROOF_DATA.",
        )
    elif kind in _FORGETS:
        yield warn(
            CHECK,
            f"{folder} is on {kind}, which may forget everything at the next start of the machine or container",
            "What was acknowledged to devices would be lost.",
            "Move the data folder to a disk, or a volume of the container, and set FIELDPROOF_DATA.",
        )
    yield from _writing(folder)
    yield _room(folder, _growth(patient) if with_growth else None)


def _writing(folder: Path) -> Iterator[Finding]:
    try:
        taken = median(fsync_times(folder))
    except OSError as error:
        yield bad(
            CHECK,
            f"{folder} cannot be written: {error.strerror}",
            "Nothing can be stored, so nothing is acknowledged.",
            "Give the account that Fieldproof runs under the right to write there; see that it is mounted for writing.",
        )
        return
    told = f"{folder}: what is written is durable, safe from a power cut, after {taken * 1000:.1f} ms"
    if taken < _SLOW_S:
        yield ok(CHECK, told)
    else:
        yield warn(
            CHECK,
            told,
            "Each commit waits for it before messages are acknowledged: alarms come late, and catching up is slow.",
            "Use a disk that is not a memory card; see what else writes to it.",
        )


def fsync_times(folder: Path) -> list[float]:
    """Of a small file that is written again and again, and removed."""
    file = folder / f".fieldproof-doctor-{os.getpid()}"
    taken = []
    try:
        with file.open("wb", buffering=0) as handle:
            for _ in range(_TRIES):
                start = time.perf_counter()
                handle.write(b"\0" * 4096)
                os.fsync(handle.fileno())
                taken.append(time.perf_counter() - start)
    finally:
        file.unlink(missing_ok=True)
    return taken


def _room(folder: Path, growth: float | None) -> Finding:
    """`growth` in bytes a day."""
    disk = os.statvfs(folder)
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    days = free / growth if growth else None
    told = f"{folder}: {amount(free)} free of {amount(size)}"
    if days is not None and growth is not None:
        lasts = duration(days * 86_400) if days < _DAYS_TOLD else "years"
        told += f"; readings take {amount(growth)} a day: enough for {lasts}"
    change = "Free space, or move the data folder to a larger disk and set FIELDPROOF_DATA."
    if disk.f_files and disk.f_favail < disk.f_files * 0.02:
        return bad(CHECK, f"{told}; only {disk.f_favail:,} more files fit", "Photos need a file each.", change)
    if free < min(size * 0.05, 5 * _GIB):
        return bad(CHECK, told, "On a full disk nothing is stored, and nothing acknowledged.", change)
    if days is not None and days < _DAYS_LEFT:
        return warn(CHECK, told, "On a full disk nothing is stored, and nothing acknowledged.", change)
    return ok(CHECK, told)


def _growth(patient: Patient) -> float | None:
    """Bytes a day, of all collectors' files; None when nothing can be said of any."""
    grown = [growth for file in patient.collector_files if (growth := _growth_of(file)) is not None]
    return sum(grown) if grown else None


def _growth_of(file: Path) -> float | None:
    """The size of the file over the time its messages span; None for less than an hour of them."""
    try:
        with reading(file) as db:
            first, last = db.execute("SELECT min(first_seen_at), max(last_seen_at) FROM device").fetchone()
    except (StoreUnavailable, sqlite3.Error):
        return None
    if first is None or last - first < 3_600_000:
        return None
    return float(file.stat().st_size * _DAY_MS / (last - first))


def filesystem(folder: Path) -> str:
    """The type of the mount that it lies on, as Linux names it; empty where that is not known."""
    found, longest = "", -1
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    target = folder.resolve()
    for line in mounts:
        _, place, kind, *_ = line.split()
        path = Path(place.replace("\\040", " "))
        if target.is_relative_to(path) and len(path.parts) >= longest:
            found, longest = kind, len(path.parts)
    return found
