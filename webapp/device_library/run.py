"""`fieldproof devices`, each command's work. Each returns the exit code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import orjson
from rich.console import Console

from collector.clock import now_ms
from collector.devices.attempt import attempt
from collector.devices.catalogue import search
from collector.devices.check import check_folders, check_paths
from collector.devices.json_schema import as_text, json_schema
from collector.devices.learn import Heard, learn
from collector.devices.make import CannotWriteError, write
from collector.devices.propose import Caught, Proposal, propose
from collector.devices.topics import subscription
from collector.devices.writing import Product
from collector.ingest.mqtt.listen import CannotListenError
from collector.profiles.decoders import DECODERS
from collector.profiles.faults import did_you_mean
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.loading import load_profile
from collector.profiles.vocabulary import Vocabulary, load_vocabulary
from collector.settings import Settings, load_settings
from webapp.device_library import messages_shown, profiles_shown
from webapp.device_library.listening import listen_until

GOOD, BAD, UNUSABLE = 0, 1, 78
# An invented message, for somebody who has none yet.
_SAMPLE = b'{"time": "%s", "temperature": 21.5}'


class Room:
    """What every command needs. Raises ConfigError."""

    def __init__(self, mqtt: str | None = None, only: Path | None = None) -> None:
        self.settings: Settings = load_settings(overrides={"mqtt_url": mqtt})
        self.vocabulary: Vocabulary = load_vocabulary(device_configs())
        self._only = only
        # No emoji: a topic may well contain ":key:".
        self.console = Console(highlight=False, emoji=False)

    @property
    def folders(self) -> tuple[Path, ...]:
        return (device_configs(), *self.settings.devices)

    def library(self) -> Library:
        if self._only is not None:
            return Library((load_profile(self._only, self.vocabulary),))
        return load_library(self.folders, self.vocabulary)

    def listen(self, topic: str, seconds: float, *, quiet: bool) -> Iterator[tuple[Caught, bool]]:
        """Each message, and whether the broker had it retained. Raises ClickException."""
        try:
            yield from listen_until(self.settings, subscription(topic), seconds, quiet=quiet)
        except CannotListenError as error:
            raise click.ClickException(str(error)) from error


def check(paths: Sequence[Path], *, as_json: bool) -> int:
    room = Room()
    report = check_paths(paths, room.vocabulary) if paths else check_folders(room.folders, room.vocabulary)
    if as_json:
        click.echo(orjson.dumps(profiles_shown.report_json(report)))
    else:
        profiles_shown.report(room.console, report)
    return UNUSABLE if report.unusable else GOOD if report.good else BAD


def list_profiles(text: str, *, as_json: bool) -> int:
    room = Room()
    found = search(room.library().profiles, text)
    if as_json:
        click.echo(orjson.dumps([profiles_shown.profile_json(profile) for profile in found]))
    else:
        profiles_shown.profiles(room.console, found, text)
    return GOOD


def schema() -> int:
    click.echo(as_text(json_schema(load_vocabulary(device_configs()))), nl=False)
    return GOOD


class Trying:
    """Shows what becomes of messages, one after the other."""

    def __init__(self, room: Room, *, as_json: bool) -> None:
        self._room, self._as_json, self._library = room, as_json, room.library()
        self.seen = self.read = 0

    def look(self, message: Caught, *, retained: bool = False) -> None:
        room = self._room
        found = attempt(message.topic, message.payload, message.received_at, self._library, room.vocabulary)
        self.seen += 1
        self.read += bool(found.moments)
        if self._as_json:
            click.echo(orjson.dumps(messages_shown.attempt_json(found, room.vocabulary, retained=retained)))
        else:
            messages_shown.attempt(room.console, found, room.vocabulary, retained=retained)

    @property
    def code(self) -> int:
        return GOOD if self.read else BAD


def try_payload(topic: str, payload: bytes, only: Path | None, *, as_json: bool) -> int:
    trying = Trying(Room(only=only), as_json=as_json)
    trying.look(Caught(topic, payload, now_ms()))
    return trying.code


def try_live(topic: str, mqtt: str | None, only: Path | None, count: int, seconds: float, *, as_json: bool) -> int:
    room = Room(mqtt, only)
    trying = Trying(room, as_json=as_json)
    for message, retained in room.listen(topic, seconds, quiet=as_json):
        trying.look(message, retained=retained)
        if trying.seen >= count:
            break
    if not trying.seen:
        raise click.ClickException(messages_shown.NOTHING.format(topic=topic, seconds=seconds))
    return trying.code


def learn_device(
    topic: str,
    mqtt: str | None,
    count: int,
    seconds: float,
    product: Product,
    out: Path,
    *,
    anyway: bool,
    as_json: bool,
) -> int:
    """Listens until `count` messages in a row have shown nothing new."""
    room, heard = Room(mqtt), Heard()
    library = room.library()
    for message, _ in room.listen(topic, seconds, quiet=as_json):
        heard.add(message)
        if heard.repeated >= count:
            break
    if not heard.total:
        raise click.ClickException(messages_shown.NOTHING.format(topic=topic, seconds=seconds))
    found = learn(topic, heard, library, room.vocabulary, anyway=anyway)
    if not as_json:
        messages_shown.learned(room.console, heard, found)
    file = _write(room, product, found.proposal, library, out, tell=not as_json) if found.proposal else None
    if as_json:
        click.echo(orjson.dumps(messages_shown.learned_json(heard, found, file)))
    return GOOD if found.known or file else BAD


def new(product: Product, decoder: str | None, topic: str | None, payload: bytes | None, out: Path) -> int:
    if decoder is not None and decoder not in DECODERS:
        known = f"known: {', '.join(sorted(DECODERS))}"
        raise click.UsageError(f"There is no decoder '{decoder}'{did_you_mean(decoder, DECODERS)} {known}.")
    if payload is None and decoder not in (None, "json"):
        raise click.UsageError(f"For the decoder {decoder} give a real message: --topic TOPIC --payload FILE.")
    room = Room()
    asked = topic or f"{product.id or 'plant'}/{{device}}/state"
    content = _SAMPLE % messages_shown.utc_now().encode() if payload is None else payload
    caught = Caught(_real(asked), content, now_ms())
    proposal = propose(asked, [caught], room.vocabulary, decoder=decoder)
    if proposal is None:
        decoders = ", ".join(sorted(DECODERS))
        raise click.ClickException(messages_shown.NO_VALUES.format(topic=caught.topic, decoders=decoders))
    if payload is None:
        proposal.invented = True
        proposal.look_at = ["examples: the message is invented; put a real one in its place (--payload, or 'learn')"]
    _write(room, product, proposal, room.library(), out, tell=True)
    return GOOD


def _real(asked: str) -> str:
    """A topic that a device could have."""
    return "/".join("device-1" if "{" in level or level in ("+", "#") else level for level in asked.split("/"))


def _write(room: Room, product: Product, proposal: Proposal, library: Library, out: Path, *, tell: bool) -> Path:
    try:
        file = write(product, proposal, out, library, room.vocabulary)
    except CannotWriteError as error:
        raise click.ClickException(str(error)) from error
    if tell:
        messages_shown.written(room.console, file)
        profiles_shown.report(room.console, check_paths([file], room.vocabulary))
        messages_shown.next_steps(room.console, file, proposal)
    return file
