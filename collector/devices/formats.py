"""In which format a message of an unknown device is written, and the document in which its profile would look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from collector.devices.explain import leaves
from collector.errors import MessageError
from collector.profiles.decoder import Record
from collector.profiles.decoders import DECODERS
from collector.profiles.matching import Match, make_match
from collector.profiles.measured import number, number_and_unit
from collector.profiles.paths import JsonPath, walk
from collector.profiles.profile import Profile
from collector.profiles.time_rule import TimeSchema, time_rule

# They read nearly everything, so they are tried when no other format is recognised.
JSON, VALUE = "json", "value"
# Our own format needs no profile of its own.
_NOT_OFFERED = frozenset({JSON, VALUE, "plain"})
_MOST_RECORDS = 100


class Read(NamedTuple):
    """`documents`: the moments that the message tells of. `match`: the entry that the decoder brings for its topic."""

    decoder: str
    documents: tuple[Any, ...]
    match: Match | None = None

    @property
    def numbers(self) -> Iterator[tuple[JsonPath, Any]]:
        """What may be a value: with its path from the document's top."""
        decoder = DECODERS[self.decoder]
        for document in self.documents:
            for path, value in leaves(walk(document, decoder.values_at), decoder.values_at):
                if path and _may_be_value(value):
                    yield path, value


def _may_be_value(value: Any) -> bool:
    if number(value) is not None:
        return True
    # `11/25/2026 10:00:00` is no number with a unit.
    stated = number_and_unit(value) if isinstance(value, str) else None
    return stated is not None and stated[1][0] not in "/:"


def read(topic: str, payload: bytes, only: str | None = None) -> Read | None:
    """By the first decoder that finds something in it; None when none does. `only`: the one to be tried."""
    for name in [only] if only else _candidates():
        for match in _matches(name, topic):
            documents = _documents(name, match, topic, payload)
            if documents:
                return Read(name, documents, match if "match" in DECODERS[name].defaults else None)
    return None


def _candidates() -> list[str]:
    """Formats that are known by their topics, then those that are by what they look like, then those that take all."""
    others = {name: decoder for name, decoder in DECODERS.items() if name not in _NOT_OFFERED}
    by_topic = [name for name, decoder in others.items() if "match" in decoder.defaults]
    # What takes a value's name from the topic reads any text: it is known by its topics, or not at all.
    by_look = [name for name, decoder in others.items() if name not in by_topic and "key" not in decoder.defaults]
    return [*by_topic, *by_look, JSON, *([VALUE] if VALUE in DECODERS else [])]


def _matches(name: str, topic: str) -> Iterable[Match]:
    listed = DECODERS[name].defaults.get("match")
    if listed is None:
        return [make_match(topic)] if not set(topic) & set("{}+#") else []
    return [match for entry in listed if (match := make_match(entry["topic"])).pattern.fullmatch(topic)]


def _documents(name: str, match: Match, topic: str, payload: bytes) -> tuple[Any, ...]:
    decoder, hit = DECODERS[name], match.pattern.fullmatch(topic)
    parts = hit.groupdict() if hit else {}
    try:
        content = decoder.read(parts, payload)
        found = decoder.records(_bare_profile(name, match), parts, content)
        records = [record for record, _ in zip(found, range(_MOST_RECORDS), strict=False)]
    except MessageError:
        return ()
    contents = tuple(record.content for record in records if isinstance(record, Record))
    read_ = Read(name, contents, match)
    return contents if any(True for _ in read_.numbers) else ()


def _bare_profile(name: str, match: Match) -> Profile:
    """One that names nothing, to see what the decoder finds."""
    defaults = DECODERS[name].defaults
    time = TimeSchema().load(defaults["time"]) if defaults.get("time") else None
    return Profile(
        id="unknown",
        file=Path("unknown"),
        decoder=name,
        matches=(match,),
        device_id="unknown",
        group="unknown",
        source_name="unknown",
        time=time_rule(time),
        metrics=(),
        quality=(),
        every_s=60,
        stale_after_s=300,
        examples=(),
        key=defaults.get("key", ""),
        keep_unlisted=True,
    )
