"""A profile proposed from messages of a device that nobody has described: a beginning, to be looked at by a person."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

from collector.devices.common_names import guess
from collector.devices.explain import leaves, path_of
from collector.devices.find_lists import NamedList, PointList, named_lists, point_list
from collector.devices.find_time import FoundTime, find_time, times_in, unreadable_time
from collector.devices.find_words import States, states, unit_beside, words_in
from collector.devices.formats import JSON, VALUE, Read, read
from collector.devices.topics import Pattern, Seen, pattern
from collector.profiles.decoders import DECODERS
from collector.profiles.measured import number, number_and_unit
from collector.profiles.paths import JsonPath, keyed, walk
from collector.profiles.vocabulary import Vocabulary

# Keys that name the device within a message, likeliest first.
_ID_KEYS = (
    "device_id", "deviceid", "device", "src", "deveui", "serial", "serialnumber", "serial_number", "sn", "mac", "imei",
    "meter_id", "meterid", "gateway_id", "id", "name",
)  # fmt: skip
_KEY = re.compile(r"[\w:-]+")
_MOST_EXAMPLES = 8
# Where nothing else can be meant.
_ONLY_UNITS = ("pH", "dimensionless")
_MOST_METRICS = 150


class Caught(NamedTuple):
    """A message that was heard, or that somebody has in a file."""

    topic: str
    payload: bytes
    received_at: int


@dataclass(frozen=True, slots=True)
class Found:
    """A number in a message. `metric` None: its name says nothing to us."""

    path: JsonPath
    value: Any
    metric: str | None = None
    unit: str = ""
    # What a person should look at.
    note: str = ""


@dataclass(slots=True)
class Proposal:
    """`match` and `device_id` empty: the decoder brings them."""

    decoder: str
    match: tuple[str, ...]
    device_id: str
    key: str
    time: FoundTime | None
    metrics: list[Found]
    examples: list[Caught]
    named: tuple[NamedList, ...] = ()
    points: PointList | None = None
    # Words for how the device is doing, which may make a rule of quality.
    states: list[States] = field(default_factory=list)
    # Seconds between two messages of one kind; None: that was not to be seen.
    every_s: int | None = None
    # Whether the examples are real messages.
    invented: bool = False
    # What to look at by hand, a sentence each.
    look_at: list[str] = field(default_factory=list)


class _One(NamedTuple):
    caught: Caught
    read: Read


def propose(
    asked: str, caught: Sequence[Caught], vocabulary: Vocabulary, *, decoder: str | None = None
) -> Proposal | None:
    """For the most frequent format among them; None when none of them holds a value that we can read.

    `asked`: the topic filter, in which a `{device}` may name a level.
    """
    usable = _largest_kind([_One(one, found) for one in caught if (found := read(one.topic, one.payload, decoder))])
    if not usable:
        return None
    name = usable[0].read.decoder
    own_topics = "match" in DECODERS[name].defaults
    shape = None if own_topics else _pattern(asked, usable, vocabulary)
    defaults = DECODERS[name].defaults
    proposal = Proposal(
        decoder=name,
        match=shape.topics if shape else (),
        device_id="" if "device_id" in defaults else "{device}",
        key=shape.key if shape else "",
        time=None if DECODERS[name].own_time or "time" in defaults else _time(usable),
        metrics=[],
        examples=[one.caught for one in _one_of_each(usable)],
    )
    proposal.every_s = _interval(usable)
    seen = _opened(proposal, usable) if name == JSON else usable
    _find_metrics(proposal, seen, vocabulary)
    if name == JSON:
        named = [(found.path, found.metric) for found in proposal.metrics if found.metric]
        _find_unreadable_time(proposal, seen)
        proposal.states = states((document for one in seen for document in one.read.documents), named)
    if shape is not None and proposal.device_id:
        _choose_device_id(proposal, shape, usable)
    _tell(proposal, len(caught) - len(usable))
    return proposal


def _opened(proposal: Proposal, usable: list[_One]) -> list[_One]:
    """The messages as the profile will see them: lists by the names of their elements, or a point after the other."""
    found = [point_list(document, one.caught.received_at) for one in usable for document in one.read.documents]
    proposal.points = next(filter(None, found), None)
    if proposal.points is not None:
        within = proposal.time is not None and proposal.time.path[: len(proposal.points.path)] == proposal.points.path
        proposal.time = None if within else proposal.time
        return [one._replace(read=_points(one.read, proposal.points)) for one in usable]
    proposal.named = tuple(
        {
            named.path: named for one in usable for document in one.read.documents for named in named_lists(document)
        }.values()
    )
    return [one._replace(read=_by_names(one.read, proposal.named)) for one in usable]


def _points(read_: Read, points: PointList) -> Read:
    listed = [walk(document, points.path) for document in read_.documents]
    elements = [element for one in listed if isinstance(one, list) for element in one]
    without = [keyed(document, points.path, "") for document in read_.documents] if points.beside else []
    return read_._replace(documents=(*without, *elements))


def _by_names(read_: Read, lists: Sequence[NamedList]) -> Read:
    documents = read_.documents
    for named in lists:
        documents = tuple(keyed(document, named.path, named.by) for document in documents)
    return read_._replace(documents=documents)


def _interval(usable: list[_One]) -> int | None:
    """The usual time between two messages of one kind on a topic."""
    heard: dict[Any, list[int]] = defaultdict(list)
    for one in usable:
        heard[one.caught.topic, structure(one.read)].append(one.caught.received_at)
    gaps = [later - earlier for times in heard.values() for earlier, later in pairwise(times)]
    return max(1, round(median(gaps) / 1000)) if gaps else None


def structure(read_: Read) -> frozenset[JsonPath]:
    """The places of all values: what two messages of one kind have in common."""
    return frozenset(path for document in read_.documents[:1] for path, _ in leaves(document))


def _find_unreadable_time(proposal: Proposal, seen: list[_One]) -> None:
    if proposal.time is None and proposal.points is None and (found := unreadable_time(seen[0].read.documents[0])):
        proposal.look_at.append(
            f"time: at {path_of(found[0])} there is '{found[1]}', which is not ISO 8601 and cannot be read; the"
            " readings bear the moment of receipt. Can the device send another form?"
        )


def spoken(read_: Read) -> frozenset[tuple[JsonPath, str]]:
    """The words by which it says how it is doing: with another word a message is of another kind."""
    return frozenset(words_in(read_.documents[0])) if read_.decoder == JSON and read_.documents else frozenset()


def _largest_kind(usable: list[_One]) -> list[_One]:
    """Of one decoder and, where topics are to be found out, one number of levels."""
    kinds: dict[tuple[str, int], list[_One]] = defaultdict(list)
    for one in usable:
        brings = one.read.match is not None
        kinds[one.read.decoder, 0 if brings else one.caught.topic.count("/")].append(one)
    return max(kinds.values(), key=len, default=[])


def _pattern(asked: str, usable: list[_One], vocabulary: Vocabulary) -> Pattern:
    values = usable[0].read.decoder == VALUE
    seen = [
        Seen(tuple(one.caught.topic.split("/")), None if values else structure(one.read))
        for one in {one.caught.topic: one for one in usable}.values()
    ]
    return pattern(asked, seen, (lambda level: guess([level], vocabulary) is not None) if values else None)


def _time(usable: list[_One]) -> FoundTime | None:
    """Of the messages that hold most; kinds of message that differ in it would want a profile each."""
    kinds: dict[frozenset[JsonPath], list[_One]] = defaultdict(list)
    for one in usable:
        kinds[structure(one.read)].append(one)
    for kind in sorted(kinds.values(), key=lambda kind: -len(structure(kind[0].read))):
        moments = [(document, one.caught.received_at) for one in kind for document in one.read.documents[:1]]
        if (found := find_time(moments)) is not None:
            return found
    return None


def _one_of_each(usable: list[_One]) -> list[_One]:
    """A message of each kind, those of most values first; for values with a topic each, one of each topic."""
    values = usable[0].read.decoder == VALUE
    kinds: dict[Any, _One] = {}
    for one in usable:
        kinds.setdefault(one.caught.topic if values else (structure(one.read), spoken(one.read)), one)
    return sorted(kinds.values(), key=lambda one: -len(structure(one.read)))[: 40 if values else _MOST_EXAMPLES]


def _find_metrics(proposal: Proposal, usable: list[_One], vocabulary: Vocabulary) -> None:
    """Of each metric the first place is taken; what else has its name is shown as a choice."""
    always = {rule.name for rule in DECODERS[proposal.decoder].always}
    taken: set[str] = set()
    for path, value in _numbers(proposal, usable).items():
        beside = next((unit for document in _documents(usable) if (unit := unit_beside(document, path))), "")
        found = _found(path, value, vocabulary, beside)
        if found.metric in taken | always:
            note = f"{found.metric} stands elsewhere too; which is meant?"
            found = Found(path, value, note=note, unit=found.unit)
        elif found.metric is not None:
            taken.add(found.metric)
        proposal.metrics.append(found)


def _documents(usable: list[_One]) -> Iterator[Any]:
    """Of one message of each kind at least: what is said in all of them need not be looked up in all."""
    return (document for one in usable[:_MOST_EXAMPLES] for document in one.read.documents[:1])


def _numbers(proposal: Proposal, usable: list[_One]) -> dict[JsonPath, Any]:
    """Every place with a number, by path; what is a time or names the device is none."""
    found: dict[JsonPath, Any] = {}
    for one in usable:
        no_values = {found.path for found in (proposal.time, proposal.points and proposal.points.time) if found}
        for document in one.read.documents:
            no_values |= set(times_in(document, one.caught.received_at))
        for path, value in one.read.numbers:
            if proposal.key:
                # As it came: the text may state its unit.
                path, value = (_key(proposal, one.caught.topic),), one.caught.payload.decode().strip()
            if path not in no_values and not _is_id(path) and len(found) < _MOST_METRICS:
                found.setdefault(path, value)
    return found


def _key(proposal: Proposal, topic: str) -> str:
    """The name under which the value of a topic stands."""
    wanted = proposal.match[0].split("/")
    parts = dict(zip(wanted, topic.split("/"), strict=True))
    return "/".join(parts[part] for part in proposal.key.split("/"))


def _is_id(path: JsonPath) -> bool:
    return str(path[-1]).casefold().replace("_", "") in {
        "id",
        "deviceid",
        "mac",
        "sn",
        "serial",
        "imei",
        "serialnumber",
    }


def _found(path: JsonPath, value: Any, vocabulary: Vocabulary, beside: str = "") -> Found:
    """`beside`: the unit that stands beside the value."""
    named = guess([part for key in path for part in (key.split("/") if isinstance(key, str) else [key])], vocabulary)
    if named is None:
        return Found(path, value)
    stated = number_and_unit(value) if isinstance(value, str) and number(value) is None else None
    if stated and vocabulary.conversion(named.metric, stated[1]) is not None:
        return Found(path, value, named.metric, stated[1], "the message states the unit")
    if beside and vocabulary.conversion(named.metric, beside) is not None:
        return Found(path, value, named.metric, beside, "the message states the unit")
    note = "the key names the unit" if named.unit_named else "" if named.unit in _ONLY_UNITS else "unit guessed"
    amount = stated[0] if stated else number(value)
    metric, convert = vocabulary.metrics[named.metric], vocabulary.conversion(named.metric, named.unit)
    if amount is not None and convert is not None and not _credible(convert(amount), metric.low, metric.high):
        cannot = f"{amount:g} {named.unit} cannot be: is the unit another, or the value scaled?"
        note = ", and ".join(filter(None, [note, cannot]))
    return Found(path, value, named.metric, named.unit, note)


def _credible(value: float, low: float | None, high: float | None) -> bool:
    return (low is None or value >= low) and (high is None or value <= high)


def _choose_device_id(proposal: Proposal, shape: Pattern, usable: list[_One]) -> None:
    """From the topic, unless no level of it names the device for certain and the message does."""
    if shape.sure:
        return
    content = usable[0].read.documents[0]
    for path in _id_paths(content) if not proposal.key else ():
        text = walk(content, path)
        everywhere = all(isinstance(walk(one.read.documents[0], path), str) for one in usable)
        if everywhere and text not in usable[0].caught.topic.split("/"):
            proposal.device_id = f"{{payload:{'.'.join(map(str, path))}}}"
            return
    proposal.look_at.append(
        f"match: the device was taken to be the level {{device}} of {proposal.match[0]}; put it where devices differ"
    )


def _id_paths(content: Any) -> list[JsonPath]:
    found = {
        str(path[-1]).casefold(): path
        for path, value in leaves(content)
        if path and len(path) <= 2 and isinstance(value, str) and len(value) >= 3 and all(map(_simple, path))
    }
    return [found[key] for key in _ID_KEYS if key in found]


def _simple(key: str | int) -> bool:
    return isinstance(key, str) and _KEY.fullmatch(key) is not None


def _tell(proposal: Proposal, left: int) -> None:
    say = proposal.look_at
    guessed = [found.metric for found in proposal.metrics if found.metric and "guessed" in found.note]
    if guessed:
        say.insert(0, f"units: guessed for {', '.join(map(str, guessed))}; the vendor's page says what is sent")
    for found in proposal.metrics:
        if "cannot be" in found.note:
            say.append(f"{found.metric}: {found.note}")
    if unknown := [found for found in proposal.metrics if found.metric is None]:
        say.append(
            f"metrics: left out, in comments, {'is one number' if len(unknown) == 1 else f'are {len(unknown)} numbers'}"
            f" such as {path_of(unknown[0].path)}; take those that you need into the list (names: vocabulary.yaml)"
        )
    if proposal.states:
        seen = dict.fromkeys(word for one in proposal.states for word in one.seen)
        places = path_of(proposal.states[0].path) + (" and elsewhere" if len(proposal.states) > 1 else "")
        say.append(
            f"quality: at {places} the device says how it is doing; heard were {', '.join(seen)}. What else can it say?"
        )
    if proposal.time is not None and proposal.time.zone == "site":
        say.append("time: the device sends local time; zone: site is right if its clock is set to the zone of its site")
    if proposal.time is not None and not proposal.time.seen:
        say.append(f"time: {path_of(proposal.time.path)} was taken by its name; does it say when it was measured?")
    if proposal.points is not None:
        place = f"the list at {path_of(proposal.points.path)}" if proposal.points.path else "the message"
        say.append(f"time: each element of {place} is taken for a moment of its own; is it one?")
    if left:
        say.append(
            f"other kinds of message were heard too and are not described: {left}; learn each by a topic of its own"
        )
