"""A proposal as the text of a profile, with comments that say what to look at."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from collector.devices.explain import path_of, short
from collector.devices.find_words import States
from collector.devices.propose import Found, Proposal
from collector.devices.yaml_text import block, written
from collector.domain.devices import slug
from collector.domain.reading import Quality, Reading
from collector.domain.times import iso_utc
from collector.profiles.decoders import DECODERS
from collector.profiles.files import device_configs
from collector.profiles.schema import KINDS

_MOST_IN_LINE = 100
# Metrics by which a kind of device is told.
_TELLING = (
    ("effluent_monitor", {"ph", "cod", "bod", "toc", "tss", "turbidity", "do", "conductivity", "ammonia", "orp"}),
    ("weather_station", {"wind_speed", "rain_total", "rain_rate", "solar_radiation"}),
    ("noise_monitor", {"noise_level", "noise_equivalent"}),
    ("air_monitor", {"pm2_5", "pm10", "carbon_dioxide"}),
    ("heat_meter", {"heat_total", "heat_power"}),
    ("gas_meter", {"gas_volume_total"}),
    ("energy_meter", {"active_power", "energy_import"}),
    ("water_meter", {"volume_total"}),
    ("flow_meter", {"flow"}),
    ("level_monitor", {"level", "fill_level", "distance"}),
    ("pulse_counter", {"pulse_count"}),
)


@dataclass(frozen=True, slots=True)
class Product:
    vendor: str
    model: str

    @property
    def id(self) -> str:
        return slug(f"{self.vendor}-{self.model}").replace(".", "-").replace("_", "-").strip("-")

    def file(self, folder: Path) -> Path:
        """Below a device_configs folder."""
        return folder / "profiles" / (slug(self.vendor) or "own") / f"{slug(self.model) or 'device'}.yaml"


class Outcome(NamedTuple):
    """What came of an example: its readings, or the reason why it was refused; neither when nothing came of it.

    `received`: whether the example has to say when it came, because its time is that of the receipt.
    """

    readings: Sequence[Reading] = ()
    refused: str = ""
    received: bool = False


def profile_text(product: Product, proposal: Proposal, outcomes: Sequence[Outcome], file: Path) -> str:
    """`file`: where it will stand, for the path to the schema that editors read."""
    lines = [*_head(product, _kind(proposal), file), *_matching(proposal), *_metrics(proposal), *_quality(proposal)]
    return "\n".join([*lines, *_examples(proposal, outcomes)]) + "\n"


def _kind(proposal: Proposal) -> str:
    names = {found.metric for found in proposal.metrics}
    return next((kind for kind, telling in _TELLING if names & telling), "generic")


def _head(product: Product, kind: str, file: Path) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={_schema(file)}"
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    name = " ".join(f"{product.vendor} {product.model}".split())
    yield f"# {name}, proposed by Fieldproof on {today} from messages of the device."
    yield "# A guess: compare units and meanings with the vendor's page. Keys: device_configs/README.md."
    yield "schema: 1"
    yield f"id: {written(product.id)}"
    yield "products:"
    yield f"  - {written({'vendor': product.vendor, 'model': product.model})}"
    yield f"kind: {kind}  # what it is: {', '.join(KINDS[:5])} … (see the README)"
    yield "# What one must know before relying on it, with the vendor's page:"
    yield "# caveats:"
    yield '#   - {text: "…", link: "https://…"}'


def _schema(file: Path) -> str:
    """Relative where the file lies beside it, so that it holds on every machine."""
    schema = device_configs() / "schema.json"
    beside = device_configs().resolve() in file.resolve().parents
    return os.path.relpath(schema.resolve(), file.resolve().parent) if beside else schema.resolve().as_uri()


def _matching(proposal: Proposal) -> Iterator[str]:
    yield f"decoder: {written(proposal.decoder)}"
    if proposal.match:
        yield "match:"
        yield from (f"  - {written({'topic': topic})}" for topic in proposal.match)
    if proposal.device_id:
        yield f"device_id: {written(proposal.device_id)}"
    if proposal.key:
        yield f"key: {written(proposal.key)}"
    yield from _time(proposal)
    yield from _lists(proposal)
    every = proposal.every_s
    seen = "" if every is None else ", as it did while it was listened to"
    yield f"# How often it usually speaks{seen}, and after how long a value is stale, in seconds:"
    yield f"expect: {{every_s: {every or 60}, stale_after_s: {max(300, 5 * (every or 60))}}}"


def _time(proposal: Proposal) -> Iterator[str]:
    time = proposal.time
    if time is None:
        if not DECODERS[proposal.decoder].own_time and "time" not in DECODERS[proposal.decoder].defaults:
            yield "# No time was found in the message: its readings bear the moment of receipt."
        return
    if time.zone == "site":
        yield "# Local time without an offset: read in the zone of the device's site."
    elif time.zone == "utc":
        yield "# A time without an offset, which was near UTC when it came."
    yield f"time: {written(time.rule)}"


def _lists(proposal: Proposal) -> Iterator[str]:
    points = proposal.points
    if points is not None:
        what = "Points that come beside the values of the message" if points.beside else "The message holds points"
        yield f"# {what}, each with a time of its own:"
        yield f"{'history' if points.beside else 'batch'}:"
        yield f"  - {written({'path': list(points.path), 'time': points.time.rule})}"
    if proposal.named:
        yield "# A list is read by the names of its elements:"
        yield "named:"
        yield from (f"  - {written({'path': list(named.path), 'by': named.by})}" for named in proposal.named)


def _metrics(proposal: Proposal) -> Iterator[str]:
    known = [found for found in proposal.metrics if found.metric]
    yield (
        "metrics:"
        if known
        else "unlisted: keep  # no number has a name that we know: all are kept under their own names"
    )
    for found in known:
        entry = {"name": found.metric, "path": list(found.path), "unit": found.unit}
        yield f"  - {written(entry)}{_comment(found)}"
    unknown = [found for found in proposal.metrics if not found.metric]
    if unknown and known:
        yield "  # Not in the vocabulary under this name. Give each that you need a metric and a unit, or delete it:"
    elif unknown:
        yield "# Give each that you need a metric and a unit, and take the # before it and before metrics away:"
        yield "# metrics:"
    for found in unknown:
        place = f"{{name: …, path: {path_of(found.path)}, unit: {found.unit or '…'}}}"
        yield f"{'  # -' if known else '#   -'} {place}{_comment(found)}"


def _quality(proposal: Proposal) -> Iterator[str]:
    """What was heard and is certain makes rules; for the rest a person has to say what it means."""
    if not proposal.states:
        return
    yield "# What the device says about itself, in the words that were heard; the vendor's page knows the others."
    rules = [line for one in proposal.states if one.well for line in _rules(one)]
    yield from (("quality:", *rules) if rules else ("# quality:",))
    for one in proposal.states:
        if not one.well:
            yield f"{_rule(one, {'one_of': ['…']}, 'bad')}  # heard: {', '.join(one.seen)}".replace("  - ", "  # - ", 1)


def _rules(one: States) -> Iterator[str]:
    known = [word for words in one.troubles.values() for word in words]
    yield f"{_rule(one, {'none_of': [*one.well, *known]}, 'uncertain')}  # any other word"
    for reason, words in one.troubles.items():
        yield _rule(one, {"one_of": words}, "bad", reason)


def _rule(one: States, condition: dict[str, Any], quality: str, reason: str = "") -> str:
    entry = {"path": list(one.path), **condition, "quality": quality}
    entry |= {"reason": reason} if reason else {}
    return f"  - {written(entry | ({'metrics': list(one.metrics)} if one.metrics else {}))}"


def _comment(found: Found) -> str:
    note = f"; {found.note}" if found.note else ""
    return f"  # {short(found.value)}{note}".replace("\n", " ")


def _examples(proposal: Proposal, outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "examples:"
    zone = proposal.time is not None and proposal.time.zone == "site"
    if zone:
        yield "  # In an example no site is known, so its local times are taken as UTC and flagged."
    for number, (caught, outcome) in enumerate(zip(proposal.examples, outcomes, strict=True), 1):
        yield f"  - description: message {number}, {'invented' if proposal.invented else 'as it came'}"
        yield f"    topic: {written(caught.topic)}"
        yield from _payload(caught.payload)
        if outcome.received:
            yield f"    received: {written(iso_utc(caught.received_at))}"
        yield from _expectation(outcome)


def _payload(payload: bytes) -> Iterator[str]:
    try:
        content = orjson.loads(payload)
    except orjson.JSONDecodeError:
        content = None
    if isinstance(content, dict | list):
        yield from _value("payload", content)
        return
    try:
        yield f"    payload: {written(payload.decode())}"
    except UnicodeDecodeError:
        yield f'    hex: "{payload.hex(" ")}"'


def _value(key: str, content: Any) -> Iterator[str]:
    """In one line while that can be read, else in as many as it needs."""
    if len(text := written(content)) <= _MOST_IN_LINE:
        yield f"    {key}: {text}"
        return
    yield f"    {key}:"
    yield from (f"      {line}" for line in block(content))


def _expectation(outcome: Outcome) -> Iterator[str]:
    if not outcome.readings:
        yield f"    expect: {written({'refused': outcome.refused} if outcome.refused else 'none')}"
        return
    moments: dict[tuple[str, int], list[Reading]] = {}
    for reading in outcome.readings:
        moments.setdefault((reading.device, reading.observed_at), []).append(reading)
    wanted: list[dict[str, Any]] = [
        {"device": device, "time": iso_utc(at), "readings": {one.metric: _expected(one) for one in readings}}
        for (device, at), readings in moments.items()
    ]
    if len(text := written(wanted[0] if len(wanted) == 1 else wanted)) <= _MOST_IN_LINE:
        yield f"    expect: {text}"
        return
    yield "    expect:"
    for one in wanted:
        # A line for each value, to be corrected by hand.
        lines = [f"device: {written(one['device'])}", f"time: {written(one['time'])}", "readings:"]
        lines += [f"  {written(metric)}: {written(value)}" for metric, value in one["readings"].items()]
        dashes = ["- ", *["  "] * (len(lines) - 1)] if len(wanted) > 1 else [""] * len(lines)
        yield from (f"      {dash}{line}" for dash, line in zip(dashes, lines, strict=True))


def _expected(reading: Reading) -> Any:
    value = None if reading.value is None else float(f"{reading.value:.12g}")
    if reading.quality is Quality.GOOD:
        return value
    return {"value": value, "quality": reading.quality.word, "reasons": reading.reasons.words}
