"""What `fieldproof simulate` runs: the demo's devices, or one of any profile."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from rich.console import Console

from collector.clock import now_ms
from collector.demo.simulator import CLIENT_ID, Pace, run
from collector.demo.site import load_demo_site
from collector.devices.play import lines, play
from collector.errors import ConfigError
from collector.ingest.mqtt.client import DEFAULT_BROKER
from collector.ingest.mqtt.publisher import Publisher
from collector.profiles.faults import did_you_mean
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import Vocabulary, load_vocabulary
from collector.settings import Settings

log = logging.getLogger(__name__)
_RETRY_S = 2.0


def demo(settings: Settings, stop: threading.Event, interval_s: float) -> None:
    url = settings.mqtt_url or DEFAULT_BROKER
    run(load_demo_site(), load_vocabulary(device_configs()), url, stop, Pace(interval_s=interval_s))


def device(settings: Settings, wanted: str, stop: threading.Event, interval_s: float, console: Console) -> None:
    """Raises ConfigError when there is no such profile, or one that cannot be played."""
    vocabulary = load_vocabulary(device_configs())
    profile = _profile(settings, vocabulary, wanted)
    try:
        part = lines(profile, vocabulary)
    except ValueError as error:
        raise ConfigError([f"{profile.file}: {error}"]) from error
    publisher = Publisher(settings.mqtt_url or DEFAULT_BROKER, f"{CLIENT_ID}-{profile.id}")
    _until_taken(publisher.connect, stop)
    console.print(f"Playing {profile.id} from {len(part)} examples, until Ctrl-C:", markup=False)
    for topic in dict.fromkeys(line.topic for line in part):
        console.print(f"  {topic}", markup=False)

    def publish(topic: str, payload: bytes) -> None:
        _until_taken(lambda: publisher.publish(topic, payload), stop)

    try:
        play(profile, vocabulary, publish, stop, interval_s, now_ms)
    finally:
        publisher.close()


def _profile(settings: Settings, vocabulary: Vocabulary, wanted: str) -> Profile:
    profiles = load_library((device_configs(), *settings.devices), vocabulary).profiles
    found = next((profile for profile in profiles if profile.id == wanted), None)
    if found is None:
        near = did_you_mean(wanted, [profile.id for profile in profiles])
        raise ConfigError([f"--profile: there is no '{wanted}'{near} 'fieldproof devices list' shows them all"])
    return found


def _until_taken(attempt: Callable[[], None], stop: threading.Event) -> None:
    """The broker may be away: a device has patience."""
    told = False
    while not stop.is_set():
        try:
            attempt()
        except OSError as error:
            if not told:
                log.warning("the broker does not answer, trying on: error=%s", error)
            told = True
            stop.wait(_RETRY_S)
        else:
            return
