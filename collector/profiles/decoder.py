"""What a decoder is given and what it gives back.

A decoder reads the payloads of one family of devices or networks. Most only bring what came into the form of a JSON
document, or of several, one for each moment; the profile's rules find the metrics in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import orjson

from collector.domain.devices import slug
from collector.domain.times import TimeUnit, parse_time
from collector.errors import MessageError
from collector.profiles.measured import GOOD, Measured, Stated, number
from collector.profiles.paths import JsonPath, keyed, walk
from collector.profiles.profile import Points, Profile
from collector.profiles.rules import MetricRule, measure
from collector.profiles.time_rule import TimeRule

# Points of one message: more than any device keeps, and no more than one transaction should bring.
MOST_POINTS = 20_000
_FAULTS_TOLD = 5


class Decoded(NamedTuple):
    """The values of one device at one time. `time` is None when the message has none."""

    source_name: str
    device: str
    site: str | None
    time: int | None
    # False when the time named no offset, so that its meaning had to be assumed.
    time_certain: bool
    values: Sequence[Measured]
    # Of a time that the device told as so and so long ago: milliseconds from the receipt, negative in the past.
    offset: int = 0


class Decoding(NamedTuple):
    """What came out of a message: the usable parts, and a sentence for each part that was not."""

    decoded: Sequence[Decoded] = ()
    faults: Sequence[str] = ()


class Record(NamedTuple):
    """What a message says of one moment: `content` is where the paths of metrics lead.

    `time` None: none is known, but that it was `offset` milliseconds from the receipt.
    `point`: where `{point:…}` of the device's names leads.
    `units` and `stated`: what the payload says of a value, by the first key of its path.
    """

    content: Any
    time: Any = None
    unit: TimeUnit = "iso"
    point: Any = None
    units: Mapping[str, str] | None = None
    stated: Mapping[str, Stated] | None = None
    offset: int = 0


class Unreadable(NamedTuple):
    """A part of a message that is no record; the others stand."""

    why: str


class Decoder:
    """Also the decoder of plain JSON: one document, with metrics at the paths that the profile gives.

    Others override `read`, or `records` too.
    """

    # What a profile that leaves these keys out gets: match, device_id, source_name, time …
    defaults: ClassVar[Mapping[str, Any]] = {}
    # The format has a place of its own for the time: a profile gives no path to it.
    own_time: ClassVar[bool] = False
    # The format names its values, so that a profile need not list them.
    open_names: ClassVar[bool] = False
    # The format carries bytes of the device's own, which a profile's `layout` may describe.
    reads_bytes: ClassVar[bool] = False
    # It comes by a connection of its own, with a session of its own kind: the ordinary one does not subscribe to it.
    own_connection: ClassVar[bool] = False
    # Where in a record the values stand that a profile need not name to keep them (`unlisted`).
    values_at: ClassVar[JsonPath] = ()
    # Metrics that messages of the format bring whatever the device, unless a profile lists them itself.
    always: ClassVar[tuple[MetricRule, ...]] = ()

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:  # noqa: ARG002
        """The payload as a document: what conditions and names of a profile look at.

        `parts`: the named parts of the topic. Raises MessageError for what is not of this format.
        """
        return parse_json(payload)

    def records(
        self, profile: Profile, parts: Mapping[str, str], content: Any  # noqa: ARG002
    ) -> Iterable[Record | Unreadable]:  # fmt: skip
        """The moments that the document tells of. Raises MessageError when none can be found."""
        return points(profile, content)

    def sealed(self, payload: bytes) -> bytes:
        """A payload in which something was changed, with its own checksum put right, for formats that have one."""
        return payload

    def decode(self, profile: Profile, parts: dict[str, str], content: Any) -> Decoding:
        """A payload may hold any part of the metrics: many devices send only what changed."""
        decoded: list[Decoded] = []
        faults: list[MessageError] = []
        for count, record in enumerate(self.records(profile, parts, content)):
            if count >= MOST_POINTS:
                faults.append(MessageError("bad_format", f"only the first {MOST_POINTS} points of a message are taken"))
                break
            try:
                one = self._decoded(profile, parts, content, record, faults)
            except MessageError as error:
                faults.append(error)
                continue
            if one is not None:
                decoded.append(one)
        if faults and not decoded:
            raise faults[0] if len(faults) == 1 else MessageError(faults[0].reason, told(faults))
        return Decoding(decoded, [error.detail for error in faults])

    def unlisted(self, profile: Profile, record: Record) -> list[Measured]:
        """What no rule of the profile names, where it keeps that."""
        return unlisted(profile, record, self.values_at)

    def _decoded(
        self,
        profile: Profile,
        parts: dict[str, str],
        content: Any,
        record: Record | Unreadable,
        faults: list[MessageError],
    ) -> Decoded | None:
        if isinstance(record, Unreadable):
            raise MessageError("bad_format", record.why)
        names = profile.names(parts, content, record.point)
        if not names.device:
            raise MessageError("no_device", f"nothing found for the device id '{profile.device_id}'")
        values = measure(profile.metrics, profile.quality, record.content, record.units, record.stated)
        if profile.keep_unlisted:
            values += _without_namesakes(values, self.unlisted(profile, record), faults)
        if not values:
            return None
        time, certain, offset = _time(profile, record)
        return Decoded(names.source, names.device, names.site, time, certain, values, offset)


def told(faults: Sequence[MessageError]) -> str:
    """The first few, and how many there are."""
    more = len(faults) - _FAULTS_TOLD
    return "; ".join(fault.detail for fault in faults[:_FAULTS_TOLD]) + (f"; and {more} more" if more > 0 else "")


def points(profile: Profile, content: Any) -> Iterator[Record | Unreadable]:
    """The document itself, or the elements of its lists where the profile says so, oldest first as they stand."""
    for record in _points(profile, content):
        if isinstance(record, Record):
            for named in profile.named:
                record = record._replace(content=keyed(record.content, named.path, named.by))
        yield record


def _points(profile: Profile, content: Any) -> Iterator[Record | Unreadable]:
    if not profile.points or any(listed.beside for listed in profile.points):
        yield timed(profile.time, content)
    for listed in profile.points:
        yield from elements(profile, listed, content)


def elements(profile: Profile, listed: Points, content: Any) -> Iterator[Record | Unreadable]:
    found = walk(content, listed.path)
    if found is None:
        return
    if not isinstance(found, list):
        yield Unreadable(f"expected a list at {'.'.join(map(str, listed.path)) or 'the top'}")
        return
    for element in found:
        at = timed(listed.time, element) if listed.time else timed(profile.time, content)
        if listed.time is not None and listed.time.trust == "device" and at.time is None:
            # When it was is not known: the moment of receipt would be a guess, and the same for all of them.
            yield Unreadable(f"a point of {'.'.join(map(str, listed.path)) or 'the list'} has no time")
            continue
        yield at._replace(content=element, point=element)


def timed(rule: TimeRule | None, content: Any) -> Record:
    """A record with the time that stands where the rule says."""
    if rule is None or not rule.path or rule.trust == "receipt":
        return Record(content)
    return Record(content, walk(content, rule.path), rule.unit)


def unlisted(profile: Profile, record: Record, at: JsonPath = ()) -> list[Measured]:
    """The numbers of a document, or of what stands `at` a place in it, that no rule names: under their own names.

    Where neither the payload nor the profile says the unit, the value is uncertain for it: a power in watts taken for
    kilowatts would look like a plant's.
    """
    values = walk(record.content, at)
    if not isinstance(values, Mapping):
        return []
    depth = len(at)
    known = {rule.path[depth] for rule in profile.metrics if len(rule.path) > depth and rule.path[:depth] == at}
    found = []
    for key, value in values.items():
        if key in known or (amount := number(value)) is None or not (name := slug(str(key))[:64]):
            continue
        unit = record.units.get(key) if record.units else None
        stated = record.stated.get(key, GOOD) if record.stated else GOOD
        found.append(Measured(name, amount, unit or profile.unlisted_unit, stated))
    return found


def _without_namesakes(
    known: Sequence[Measured], further: Sequence[Measured], faults: list[MessageError]
) -> list[Measured]:
    """Two values of a moment that would bear one name, such as those of `pH` and `ph`, are not of one metric: the first
    is kept, and the other is told unless it is the same.
    """
    taken = {measured.metric: measured for measured in known}
    kept = []
    for measured in further:
        first = taken.setdefault(measured.metric, measured)
        if first is measured:
            kept.append(measured)
        elif first != measured:
            faults.append(
                MessageError(
                    "bad_format",
                    f"two values would be stored as {measured.metric}, and {measured.value} was left out: name both"
                    " under 'metrics' of the profile",
                )
            )
    return kept


def named(profile: Profile) -> set[str]:
    """The first keys of all places that a profile looks at: texts there are meant, whatever they look like."""
    return {
        str(path[0]) for path in [*(rule.path for rule in profile.metrics), *(rule.path for rule in profile.quality)]
    }


def _time(profile: Profile, record: Record) -> tuple[int | None, bool, int]:
    """The time, whether it is certain, and what lies between the receipt and a time that is not known."""
    if profile.time is not None and profile.time.trust == "receipt":
        return None, True, 0
    if record.time is None:
        return None, True, record.offset
    try:
        return *parse_time(record.time, record.unit), 0
    except ValueError as error:
        raise MessageError("bad_time", str(error)) from None


def parse_json(payload: bytes) -> Any:
    """Raises MessageError `not_json` with the position."""
    try:
        return orjson.loads(payload)
    except orjson.JSONDecodeError as error:
        raise MessageError("not_json", f"{error}") from None
