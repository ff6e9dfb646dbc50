"""Clocks: this machine's against NTP and the servers it talks to, and the devices' against this machine's."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from collector.doctor.finding import Finding, bad, duration, ok, unknown, warn
from collector.doctor.patient import Patient, reading
from collector.domain.reading import Reason
from collector.errors import StoreUnavailable

CHECK = "clock"
_SKEW_S = 5.0
_AHEAD_S = 5.0
_BEHIND_S = 3_600.0
_SERIES = 5_000
_NEWEST = 20
_NAMED = 10
_UNSYNCHRONISED = 0x40


def look(patient: Patient) -> Iterator[Finding]:
    yield _ntp()
    yield from _servers(patient)
    yield from _devices(patient)


class _Timex(ctypes.Structure):
    """The head of Linux' `struct timex`; the rest is room that the kernel may fill."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def synchronised() -> bool | None:
    """What the kernel knows, whichever program keeps the time; None where it cannot be asked."""
    if sys.platform != "linux":
        return None
    try:
        told = _Timex()
        answer = ctypes.CDLL(None).adjtimex(ctypes.byref(told))
    except (OSError, AttributeError):
        return None
    return None if answer < 0 else not told.status & _UNSYNCHRONISED


def _ntp() -> Finding:
    state = synchronised()
    if state is None:
        return unknown(CHECK, "whether this machine's clock is kept by NTP cannot be seen here")
    if state:
        return ok(CHECK, "this machine's clock is kept by NTP")
    return warn(
        CHECK,
        "nothing keeps this machine's clock right (NTP is off or has not found a server)",
        "Times of receipt, silence alarms and the order of events follow it.",
        "Switch it on: 'timedatectl set-ntp true', with a time server that this machine can reach; or install chrony.",
    )


def _servers(patient: Patient) -> Iterator[Finding]:
    for name, theirs in _their_times(patient):
        skew = patient.clock() / 1000 - theirs
        if abs(skew) <= _SKEW_S:
            yield ok(CHECK, f"{name} and this machine agree about the time")
        else:
            side = "ahead of" if skew > 0 else "behind"
            yield bad(
                CHECK,
                f"this machine is {duration(abs(skew))} {side} {name}",
                "Readings are stored under times that are not theirs.",
                "Let both keep their time by the same NTP server.",
            )


def _their_times(patient: Patient) -> Iterator[tuple[str, float]]:
    """Epoch seconds, of each server that answers; whether it answers is another check's matter."""
    if patient.settings.influx_url and (said := _http_date(f"{patient.settings.influx_address.rstrip('/')}/ping")):
        yield "InfluxDB", said.timestamp()
    if patient.engine.dialect.name == "postgresql":
        try:
            with patient.engine.connect() as db:
                yield "PostgreSQL", float(db.execute(text("SELECT extract(epoch FROM clock_timestamp())")).scalar_one())
        except SQLAlchemyError:
            return


def _http_date(url: str) -> datetime | None:
    try:
        with urlopen(Request(url), timeout=5) as answer:  # noqa: S310 - http or https, as the settings insist
            date = answer.headers.get("Date")
    except HTTPError as error:
        date = error.headers.get("Date")
    except (URLError, OSError, ValueError):
        return None
    try:
        return parsedate_to_datetime(date) if date else None
    except ValueError:
        return None


def _devices(patient: Patient) -> Iterator[Finding]:
    delays: dict[str, list[float]] = {}
    flagged: dict[str, list[bool]] = {}
    for file in patient.collector_files:
        for device, delay, reasons in _newest(file):
            delays.setdefault(device, []).append(delay / 1000)
            flagged.setdefault(device, []).append(bool(reasons & Reason.CLOCK))
    yield from _judge({device: median(found) for device, found in delays.items()})
    yield from _unusable(sorted(device for device, found in flagged.items() if sum(found) * 2 > len(found)))


def _newest(file: Path) -> list[tuple[str, int, int]]:
    """Device, delay in ms and reasons of the newest readings of each point."""
    found: list[tuple[str, int, int]] = []
    try:
        with reading(file) as db:
            for series, device in db.execute("SELECT id, device FROM series LIMIT ?", (_SERIES,)).fetchall():
                rows = db.execute(
                    "SELECT received_at - observed_at, reasons FROM reading WHERE series_id=?"
                    " ORDER BY observed_at DESC LIMIT ?",
                    (series, _NEWEST),
                )
                found += [(device, delay, reasons) for delay, reasons in rows]
    except StoreUnavailable:
        # The check of collector.db says so.
        return []
    return found


def _judge(delays: dict[str, float]) -> Iterator[Finding]:
    ahead = sorted((device for device in delays if delays[device] < -_AHEAD_S), key=lambda d: delays[d])
    behind = sorted((device for device in delays if delays[device] > _BEHIND_S), key=lambda d: -delays[d])
    for devices, side, why in (
        (ahead, "ahead of", "Their readings are judged too early, and alarms carry times that have not come."),
        (behind, "behind", "Either their clock is wrong or they send late: alarms by them are as late."),
    ):
        if devices:
            named = [f"{device} ({duration(abs(delays[device]))})" for device in devices[:_NAMED]]
            more = f" and {len(devices) - _NAMED} more" if len(devices) > _NAMED else ""
            yield warn(
                CHECK,
                f"devices whose times are {side} this machine's: {', '.join(named)}{more}",
                why,
                "Set their clocks, by NTP where they can. An offset of whole hours is mostly a time zone:"
                " see 'time' in the device's profile.",
            )
    if delays and not ahead and not behind:
        yield ok(CHECK, f"the times of {len(delays):,} devices agree with this machine's")


def _unusable(devices: list[str]) -> Iterator[Finding]:
    if devices:
        more = f" and {len(devices) - _NAMED} more" if len(devices) > _NAMED else ""
        yield warn(
            CHECK,
            f"devices whose own times cannot be used: {', '.join(devices[:_NAMED])}{more}",
            "The time of receipt stands in their place, and their readings are marked 'clock'.",
            "Set their clocks, or correct 'time' in their profile.",
        )
