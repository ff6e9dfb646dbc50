"""A device played from the examples of its profile: the same messages, as if they were sent now."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle

from collector.clock import Clock, now_ms
from collector.devices.examples import example_payload, process
from collector.profiles.decoder import Decoder
from collector.profiles.decoders import DECODERS
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import Vocabulary

Publish = Callable[[str, bytes], None]

# A number or a text in a message is one of its times when it lies this near to the time that the example is read to
# have: history included, and no measured value.
_NEAR_MS = 40 * 86_400_000
_MS_BY_DIGITS = {10: 1_000.0, 13: 1.0, 16: 1e-3, 19: 1e-6}
# ISO 8601, the digits alone (HJ 212 writes 20261123100000), or seconds to nanoseconds since 1970.
_TIMES = re.compile(
    r"(?<![0-9.])(?:"
    r"(?P<iso>\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)"
    r"|(?P<digits>20\d{12})(?![0-9])"
    r"|(?P<epoch>\d{19}|\d{16}|\d{13}|\d{10})(?P<fraction>\.\d{1,9})?(?![0-9])"
    r")"
)


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the part; `time` is the example's own, epoch ms, None when it has none."""

    topic: str
    payload: bytes
    time: int | None
    decoder: Decoder


def lines(profile: Profile, vocabulary: Vocabulary) -> list[Line]:
    """The examples that give readings, oldest first. Raises ValueError when there are none that a device could send."""
    if profile.decoder == "sparkplug":
        raise ValueError("a Sparkplug node speaks through births and deaths: it cannot be played from single messages")
    found = []
    for example in profile.examples:
        result = process(profile, example, vocabulary)
        if result.readings and result.refused is None:
            latest = max(result.readings, key=lambda reading: reading.observed_at)
            time = None if latest.stamped else latest.observed_at
            found.append(Line(example["topic"], example_payload(example), time, DECODERS[profile.decoder]))
    if not found:
        raise ValueError("none of its examples gives readings")
    return sorted(found, key=lambda line: line.time or 0)


def at(line: Line, now: int) -> bytes:
    """The payload with all its times moved, so that the latest is now."""
    if line.time is None:
        return line.payload
    try:
        text = line.payload.decode()
    except UnicodeDecodeError:
        # Bytes that are no text: their times stay, and are what they are.
        return line.payload
    shift = now - line.time
    return line.decoder.sealed(_TIMES.sub(lambda found: _moved(found, line.time or 0, shift), text).encode())


def _moved(found: re.Match[str], near: int, shift: int) -> str:
    if found["iso"]:
        return _moved_face(found["iso"], "", near, shift)
    if found["digits"]:
        return _moved_face(found["digits"], "%Y%m%d%H%M%S", near, shift)
    per_unit = _MS_BY_DIGITS[len(found["epoch"])]
    if abs(int(found["epoch"]) * per_unit - near) > _NEAR_MS:
        return found[0]
    moved = int(found["epoch"]) + round(shift / per_unit)
    return f"{moved}{found['fraction'] or ''}"


def _moved_face(text: str, form: str, near: int, shift: int) -> str:
    """A date and an hour, whatever zone they are of: all of them are moved by the same."""
    try:
        face = datetime.strptime(text, form) if form else datetime.fromisoformat(text)  # noqa: DTZ007 - a face only
    except ValueError:
        return text
    since = (face - datetime(1970, 1, 1)) / timedelta(milliseconds=1)  # noqa: DTZ001
    if abs(since - near) > _NEAR_MS:
        return text
    moved = face + timedelta(milliseconds=shift)
    if form:
        return moved.strftime(form)
    decimals = len(text.partition(".")[2])
    whole = moved.isoformat(sep=text[10], timespec="minutes" if len(text) == 16 else "seconds")
    return f"{whole}.{moved.microsecond:06d}"[: len(whole) + 1 + decimals] if decimals else whole


def play(
    profile: Profile,
    vocabulary: Vocabulary,
    publish: Publish,
    stop: threading.Event,
    every_s: float,
    clock: Clock = now_ms,
) -> int:
    """Message after message, over and over, until `stop`; returns how many were taken."""
    sent = 0
    for line in cycle(lines(profile, vocabulary)):
        if stop.is_set():
            break
        publish(line.topic, at(line, clock()))
        sent += 1
        stop.wait(every_s)
    return sent
