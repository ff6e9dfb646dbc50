"""From a message to readings: match, decode, convert to the canonical unit, judge quality. Touches no store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from math import inf, isfinite
from typing import NamedTuple

from collector.domain.devices import LONGEST_REMEMBERED, slug
from collector.domain.reading import Quality, Reading, Reason, make_reading
from collector.domain.times import from_local, usable
from collector.errors import MessageError
from collector.ingest.message import Message
from collector.ingest.mqtt.frames import LARGEST_PAYLOAD
from collector.ingest.sparkplug.topics import NAMESPACE
from collector.ingest.zones import Zones
from collector.profiles.decoder import Decoded
from collector.profiles.library import Library
from collector.profiles.measured import GOOD, UNSTATED, Measured
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import UNMISTAKABLE, Metric, Vocabulary

log = logging.getLogger(__name__)

# Beyond any reading device's payload; what is larger is kept as a dead letter and never parsed.
MAX_PAYLOAD = LARGEST_PAYLOAD
# What collectors tell one another (docs/decisions/0022): no device speaks here.
OWN_TOPICS = "fieldproof/_collectors/"
# And what the doctor publishes to measure a queue (collector/doctor/queue.py).
_PASSED_OVER = (OWN_TOPICS, "fieldproof/_doctor/")
_OF_SPARKPLUG = f"{NAMESPACE}/"

_Judged = tuple[float | None, Quality, Reason]
_CLOCK = (Quality.UNCERTAIN, Reason.CLOCK)
_When = tuple[int | None, tuple[Quality, Reason], bool]
_RECEIPT: _When = (None, GOOD, True)


class SeenDevice(NamedTuple):
    """A device met in a message. `site` None: neither topic nor broker address tells."""

    id: str
    source_name: str
    profile: str
    site: str | None
    stale_after_s: int
    # What must stay on one collector together with it; None: nothing but itself.
    group: str | None = None


class Processed(NamedTuple):
    """What one message became. All of it is stored in one transaction, and only then is the message acknowledged."""

    message: Message
    readings: Sequence[Reading] = ()
    devices: Sequence[SeenDevice] = ()
    refused: MessageError | None = None
    # The message is worth keeping as it came (it was not for us, or repeats what the broker had retained: then not).
    keep_raw: bool = True
    # The site that the topic names, for a message that gave no device.
    site: str | None = None
    # Whether its identity rests on our time of receipt, so that a redelivery must be told by its packet id.
    stamped: bool = False


class Pipeline:
    """`sites`: the site that a broker's address gives to devices whose topic names none, by the broker's name."""

    def __init__(self, library: Library, vocabulary: Vocabulary, sites: Mapping[str, str | None] | None = None) -> None:
        self.library = library
        self.vocabulary = vocabulary
        self._sites = sites or {}
        # Brokers to which a Sparkplug host has a connection of its own beside the ordinary one, by name.
        self.hosted: Collection[str] = frozenset()
        self._zones = Zones()
        # The latest that our clock has been: it may have been set back since.
        self.heard_until: Callable[[], int] = lambda: 0
        # Physical bounds by metric; what has none has infinite ones.
        self._bounds = {
            metric.name: (-inf if metric.low is None else metric.low, inf if metric.high is None else metric.high)
            for metric in vocabulary.metrics.values()
        }
        self._devices: dict[tuple[str, str, str, str | None, str | None], SeenDevice] = {}

    def use(
        self, sites: Mapping[str, str | None], zones: Mapping[str, str], profiles: Mapping[str, str] | None = None
    ) -> None:
        """The site and the profile that people gave to each device, and the time zone of each site."""
        self._zones.use(sites, zones)
        self.library.assigned = profiles or {}

    def replace(self, library: Library) -> None:
        """Read by these profiles from now on. What people assigned stays."""
        library.assigned = self.library.assigned
        self.library = library
        self._devices.clear()

    def mine(self, messages: list[Message]) -> list[Message]:
        """Those that this collector is to store. Alone it stores all; see collector/sharding."""
        return messages

    def process(self, message: Message) -> Processed:
        """Never raises for what a message holds: a hopeless one comes back with `refused`."""
        if message.retained:
            # Retained by the broker and sent on subscribing: the last known value once more, not a new reading.
            return Processed(message, keep_raw=False)
        if message.broker in self.hosted and message.topic.startswith(_OF_SPARKPLUG):
            # It came because a profile asks for `+/+/+/+`, say. The host is given it too, and it alone knows births:
            # read by itself the same value would have another unit, and an alias no name.
            return Processed(message, keep_raw=False)
        try:
            return self._readings(message)
        except MessageError as error:
            if message.topic.startswith(_PASSED_OVER):
                return Processed(message, keep_raw=False)
            return Processed(message, refused=error, site=self._site(message), stamped=True)
        # A fault of ours must not stop ingest: the message would come again after every restart.
        except Exception as error:
            log.exception("decoder failed: topic=%s", message.topic)
            return Processed(message, refused=MessageError("internal", type(error).__name__), stamped=True)

    def _site(self, message: Message) -> str | None:
        return slug(self.library.parts(message.topic).get("site", "")) or self._sites.get(message.broker)

    def _readings(self, message: Message) -> Processed:
        if len(message.payload) > MAX_PAYLOAD:
            raise MessageError("too_large", f"more than {MAX_PAYLOAD} bytes")
        found = self.library.decode(message.topic, message.payload)
        if found is None:
            return Processed(message, keep_raw=False)
        profile, decoding = found
        readings: list[Reading] = []
        stamped = bool(decoding.faults)
        for entry in decoding.decoded:
            stamped |= self._add(readings, entry, profile, message)
        group = self.library.group(message.topic, message.payload)[0] if profile.grouped else None
        devices = [self._device(entry, profile, message.broker, group) for entry in decoding.decoded]
        refused = MessageError("bad_format", "; ".join(decoding.faults[:5])) if decoding.faults else None
        return Processed(message, readings, devices, refused, True, None, stamped)

    def _device(self, entry: Decoded, profile: Profile, broker: str, group: str | None) -> SeenDevice:
        key = (entry.device, entry.source_name, profile.id, entry.site or self._sites.get(broker), group)
        known = self._devices.get(key)
        if known is None:
            known = SeenDevice(*key[:4], profile.stale_after_s, group)
            # A device may call itself anything, ever anew: what is remembered is bounded.
            if len(entry.source_name) <= LONGEST_REMEMBERED:
                if len(self._devices) >= 10_000:
                    self._devices.clear()
                self._devices[key] = known
        return known

    def _add(self, readings: list[Reading], entry: Decoded, profile: Profile, message: Message) -> bool:
        """The entry's readings; returns whether their identity rests on our time of receipt."""
        time, said, ours = self._when(entry, profile, message)
        stamped, device, received_at = time is None, entry.device, message.received_at
        at = received_at if time is None else time
        bounds, good, none = self._bounds.get, Quality.GOOD, Reason.NONE
        for measured in entry.values:
            metric, value, unit, stated = measured
            # The common case first: a number in the canonical unit, within its bounds, of which nothing bad is said.
            if (
                value is not None
                and unit is None
                and stated is GOOD
                and said is GOOD
                and (limits := bounds(metric)) is not None
                and limits[0] <= value <= limits[1]
            ):
                readings.append(make_reading((device, metric, at, value, good, none, received_at, stamped)))
                continue
            value, quality, reasons = self._judged(measured, said)
            readings.append(make_reading((device, metric, at, value, quality, reasons, received_at, stamped)))
        return ours

    def _when(self, entry: Decoded, profile: Profile, message: Message) -> _When:
        """The time to go by, None for our time of receipt; what is to be said of it; whether we had a part in it."""
        time, received_at = entry.time, message.received_at
        if time is None:
            return _from_receipt(entry.offset, received_at) if entry.offset else _RECEIPT
        if message.duplicate:
            # What comes again was believed when it first came, although our clock may have been set back since.
            received_at = max(received_at, self.heard_until())
        if entry.time_certain:
            return (time, GOOD, False) if usable(time, received_at) else (None, _CLOCK, True)
        site = entry.site or self._sites.get(message.broker)
        zone = self._zones.of(profile.time, entry.device, site)
        if zone is None:
            return (time, _CLOCK, False) if usable(time, received_at) else (None, _CLOCK, True)
        try:
            time, only = from_local(time, zone, received_at)
        except OverflowError:
            return None, _CLOCK, True
        if not usable(time, received_at):
            return None, _CLOCK, True
        # Of two moments the one nearest to the receipt was taken: a redelivery might be given the other.
        return time, GOOD if only else _CLOCK, not only

    def _judged(self, measured: Measured, said: tuple[Quality, Reason]) -> _Judged:
        """The value in the canonical unit, and the worst of what its bounds, the device and its time say of it."""
        value, quality, reasons = self._canonical(measured)
        stated = measured.stated
        return value, max(quality, stated[0], said[0]), reasons | stated[1] | said[1]

    def _canonical(self, measured: Measured) -> _Judged:
        """The value in the canonical unit, judged against the metric's physical bounds."""
        value = measured.value
        if value is None:
            return None, Quality.BAD, Reason.NO_VALUE
        metric = self.vocabulary.metrics.get(measured.metric)
        if metric is None:
            return value, Quality.UNCERTAIN, Reason.UNKNOWN_METRIC
        if measured.unit == UNSTATED:
            return self._assumed(metric, value)
        if measured.unit is not None:
            conversion = self.vocabulary.conversion(metric.name, measured.unit)
            if conversion is None:
                return value, Quality.BAD, Reason.UNIT
            value = conversion(value)
            if not isfinite(value):
                return None, Quality.BAD, Reason.RANGE
        return self._within_bounds(metric, value)

    def _assumed(self, metric: Metric, value: float) -> _Judged:
        """Nobody says the unit: that of the vocabulary is as likely as any, unless there is no other."""
        value, quality, reasons = self._within_bounds(metric, value)
        if metric.unit in UNMISTAKABLE:
            return value, quality, reasons
        return value, max(quality, Quality.UNCERTAIN), reasons | Reason.UNIT

    def _within_bounds(self, metric: Metric, value: float) -> tuple[float, Quality, Reason]:
        low, high = self._bounds[metric.name]
        if not low <= value <= high:
            return value, Quality.BAD, Reason.RANGE
        return value, Quality.GOOD, Reason.NONE


def _from_receipt(offset: int, received_at: int) -> _When:
    """A device without a clock knows how long ago something was: as certain as the receipt itself."""
    at = received_at + offset
    return (at, GOOD, True) if usable(at, received_at) else (None, _CLOCK, True)


def site_of(text: str | None) -> str | None:
    """The site slug of a broker address's `?site=`."""
    return slug(text) or None if text else None
