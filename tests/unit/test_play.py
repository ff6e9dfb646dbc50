"""A device played from its profile's examples: the same messages, with their times moved to the present."""

from __future__ import annotations

import threading

import pytest

from collector.devices.examples import process
from collector.devices.play import Line, at, lines, play
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline
from collector.profiles.decoder import Decoder
from collector.profiles.files import device_configs
from collector.profiles.library import Library, load_library
from collector.profiles.profile import Profile
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PROFILES = load_library((device_configs(),), VOCABULARY).profiles
PLAYED = [profile for profile in PROFILES if profile.decoder != "sparkplug"]
# 2026-11-23T10:00:00Z, the time of what is played below, and two years and a bit later.
THEN = 1_795_428_000_000
NOW = 1_860_000_123_456


@pytest.mark.parametrize(
    ("sent", "played"),
    [
        ('{"t": 1795428000}', '{"t": 1860000123}'),
        ('{"t": 1795428000.25}', '{"t": 1860000123.25}'),
        ('{"t": 1795428000000}', '{"t": 1860000123456}'),
        ("cpu value=1 1795428000000000000", "cpu value=1 1860000123456000000"),
        ('{"time": "2026-11-23T10:00:00Z"}', '{"time": "2028-12-09T18:42:03Z"}'),
        ('{"time": "2026-11-23T10:00:00.000Z"}', '{"time": "2028-12-09T18:42:03.456Z"}'),
        ('{"Time": "2026-11-23T11:00"}', '{"Time": "2028-12-09T19:42"}'),
        ("DataTime=20261123100000;w01018-Rtd=12.5", "DataTime=20281209184203;w01018-Rtd=12.5"),
        ('{"t": 1795428000, "before": 1795424400}', '{"t": 1860000123, "before": 1859996523}'),
        ('{"t": 1795428000, "serial": 1234567890, "total": 4012345678}', None),
        ('{"t": 1795428000, "made": "2019-01-01T00:00:00Z"}', None),
    ],
)
def test_every_time_in_a_message_is_moved_and_nothing_else(sent: str, played: str | None) -> None:
    expected = played or sent.replace("1795428000", "1860000123")
    assert at(Line("x", sent.encode(), THEN, Decoder()), NOW).decode() == expected


def test_a_message_without_a_time_and_bytes_that_are_no_text_are_sent_as_they_are() -> None:
    assert at(Line("x", b"7.02 1795428000", None, Decoder()), NOW) == b"7.02 1795428000"
    assert at(Line("x", b"\xff\x00", THEN, Decoder()), NOW) == b"\xff\x00"


@pytest.mark.parametrize("profile", PLAYED, ids=[profile.id for profile in PLAYED])
def test_a_device_of_any_profile_can_be_played_and_speaks_of_now(profile: Profile) -> None:
    pipeline = Pipeline(Library((profile,)), VOCABULARY)
    for line in lines(profile, VOCABULARY):
        result = pipeline.process(Message(line.topic, at(line, NOW), 1, 1, False, False, 1, NOW))
        assert result.readings, result.refused
        newest = max(reading.observed_at for reading in result.readings)
        # An hour: where a clock shows local time, summer may have come in between.
        assert abs(newest - NOW) <= 3_601_000 or not _is_text(line)


def _is_text(line: Line) -> bool:
    return line.payload.isascii() and line.time is not None


def test_it_goes_on_until_it_is_stopped() -> None:
    stop, sent = threading.Event(), []

    def publish(topic: str, payload: bytes) -> None:
        sent.append((topic, payload))
        if len(sent) == 20:
            stop.set()

    profile = next(profile for profile in PROFILES if profile.id == "fieldproof-plain")
    good = [example for example in profile.examples if process(profile, example, VOCABULARY).readings]
    assert play(profile, VOCABULARY, publish, stop, 0.0, lambda: NOW) == 20
    assert len({topic for topic, _ in sent}) > 1
    assert sent[0] == sent[len(good)]
