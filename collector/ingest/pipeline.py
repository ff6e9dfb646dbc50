"""From a message to readings: match, decode, convert to the canonical unit, judge quality. Touches no store."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from math import isfinite

from collector.domain.devices import slug
from collector.domain.reading import Quality, Reading, Reason
from collector.domain.times import usable
from collector.errors import MessageError
from collector.ingest.message import Message
from collector.profiles.decoders.base import Decoded, Measured
from collector.profiles.library import Library
from collector.profiles.vocabulary import Vocabulary

log = logging.getLogger(__name__)

# Beyond any reading device's payload; what is larger is kept as a dead letter and never parsed.
MAX_PAYLOAD = 1_000_000


@dataclass(frozen=True, slots=True)
class SeenDevice:
    """A device met in a message. `site` None: neither topic nor broker address tells."""

    id: str
    source_name: str
    profile: str
    site: str | None
    stale_after_s: int


@dataclass(frozen=True, slots=True)
class Processed:
    """What one message became. All of it is stored in one transaction, and only then is the message acknowledged."""

    message: Message
    readings: tuple[Reading, ...] = ()
    devices: tuple[SeenDevice, ...] = ()
    refused: MessageError | None = None
    # The message is worth keeping as it came (it was not for us, or repeats what the broker had retained: then not).
    keep_raw: bool = True
    # The site that the topic names, for a message that gave no device.
    site: str | None = None

    @property
    def stamped(self) -> bool:
        """Whether its identity rests on our time of receipt, so that a redelivery must be told by its packet id."""
        return self.refused is not None or any(reading.stamped for reading in self.readings)


class Pipeline:
    def __init__(self, library: Library, vocabulary: Vocabulary, default_site: str | None = None) -> None:
        self.library = library
        self.vocabulary = vocabulary
        self.default_site = default_site

    def process(self, message: Message) -> Processed:
        """Never raises for what a message holds: a hopeless one comes back with `refused`."""
        if message.retained:
            # Retained by the broker and sent on subscribing: the last known value once more, not a new reading.
            return Processed(message, keep_raw=False)
        try:
            return self._readings(message)
        except MessageError as error:
            return Processed(message, refused=error, site=self._site(message.topic))
        # A fault of ours must not stop ingest: the message would come again after every restart.
        except Exception as error:
            log.exception("decoder failed: topic=%s", message.topic)
            return Processed(message, refused=MessageError("internal", type(error).__name__))

    def _site(self, topic: str) -> str | None:
        return slug(self.library.parts(topic).get("site", "")) or self.default_site

    def _readings(self, message: Message) -> Processed:
        if len(message.payload) > MAX_PAYLOAD:
            raise MessageError("too_large", f"{len(message.payload)} bytes; at most {MAX_PAYLOAD}")
        found = self.library.decode(message.topic, message.payload)
        if found is None:
            return Processed(message, keep_raw=False)
        profile, decoding = found
        readings = tuple(
            self._reading(entry, measured, message.received_at)
            for entry in decoding.decoded
            for measured in entry.values
        )
        devices = tuple(
            {
                entry.device: SeenDevice(
                    entry.device, entry.source_name, profile.id, entry.site or self.default_site, profile.stale_after_s
                )
                for entry in decoding.decoded
            }.values()
        )
        refused = MessageError("bad_format", "; ".join(decoding.faults[:5])) if decoding.faults else None
        return Processed(message, readings, devices, refused)

    def _reading(self, entry: Decoded, measured: Measured, received_at: int) -> Reading:
        quality, reasons = measured.stated
        value, unit_quality, unit_reason = self._canonical(measured)
        quality, reasons = max(quality, unit_quality), reasons | unit_reason
        observed_at, stamped = entry.time, False
        if observed_at is None:
            observed_at, stamped = received_at, True
        elif not usable(observed_at, received_at):
            observed_at, stamped = received_at, True
            quality, reasons = max(quality, Quality.UNCERTAIN), reasons | Reason.CLOCK
        elif not entry.time_certain:
            quality, reasons = max(quality, Quality.UNCERTAIN), reasons | Reason.CLOCK
        return Reading(entry.device, measured.metric, observed_at, value, quality, reasons, received_at, stamped)

    def _canonical(self, measured: Measured) -> tuple[float | None, Quality, Reason]:
        """The value in the canonical unit, judged against the metric's physical bounds."""
        value = measured.value
        if value is None:
            return None, Quality.BAD, Reason.NO_VALUE
        metric = self.vocabulary.metrics.get(measured.metric)
        if metric is None:
            return value, Quality.UNCERTAIN, Reason.UNKNOWN_METRIC
        if measured.unit is not None:
            conversion = self.vocabulary.conversion(metric.name, measured.unit)
            if conversion is None:
                return value, Quality.BAD, Reason.UNIT
            value = conversion(value)
            if not isfinite(value):
                return None, Quality.BAD, Reason.RANGE
        if (metric.low is not None and value < metric.low) or (metric.high is not None and value > metric.high):
            return value, Quality.BAD, Reason.RANGE
        return value, Quality.GOOD, Reason.NONE


def site_of(text: str | None) -> str | None:
    """The site slug of a broker address's `?site=`."""
    return slug(text) or None if text else None
