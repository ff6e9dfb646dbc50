"""HJ 212-2017: packet, CRC, marks of data, times of samples."""

from __future__ import annotations

import pytest

from collector.domain.reading import Reading
from collector.errors import MessageError
from collector.ingest.message import Message
from collector.ingest.pipeline import Pipeline, Processed
from collector.profiles.decoders.hj212 import DECODER, crc
from collector.profiles.files import device_configs
from collector.profiles.library import load_library
from collector.profiles.vocabulary import load_vocabulary

VOCABULARY = load_vocabulary(device_configs())
PIPELINE = Pipeline(load_library((device_configs(),), VOCABULARY), VOCABULARY)
NOW = 1_795_521_600_000
# Annex A of the standard.
EXAMPLE = b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;CP=&&RtdInterval=30&&"


def data(values: str, command: str = "2011") -> bytes:
    return f"ST=32;CN={command};PW=123456;MN=st1;Flag=4;CP=&&{values}&&".encode()


def packet(body: bytes) -> bytes:
    return b"##%04d%s%04X\r\n" % (len(body), body, crc(body))


def process(payload: bytes) -> Processed:
    return PIPELINE.process(Message("hj212/gw", payload, 1, 1, False, False, 1, NOW))


def only(payload: bytes) -> Reading:
    result = process(payload)
    assert result.refused is None, result.refused
    (reading,) = result.readings
    return reading


def test_the_crc_is_that_of_the_standards_example() -> None:
    assert f"{crc(EXAMPLE):04X}" == "1C80"


def test_time_is_chinas() -> None:
    assert only(packet(data("DataTime=20261123180000;w01001-Rtd=7.1,w01001-Flag=N"))).observed_at == 1_795_428_000_000


@pytest.mark.parametrize("around", [packet, bytes, lambda body: body + b"%04x" % crc(body)])
def test_data_is_read_with_head_and_crc_and_without(around: object) -> None:
    assert only(around(data("DataTime=20261123180000;w01001-Rtd=7.1"))).value == 7.1  # type: ignore[operator]


@pytest.mark.parametrize(
    ("mark", "quality", "reasons"),
    [
        ("N", "good", []),
        ("F", "bad", ["maintenance"]),
        ("M", "bad", ["maintenance"]),
        ("S", "bad", ["maintenance"]),
        ("D", "bad", ["device_fault"]),
        ("C", "bad", ["calibration"]),
        ("T", "bad", ["range"]),
        ("B", "bad", ["device_fault"]),
        ("Z", "bad", ["device_fault"]),
    ],
)
def test_the_mark_of_data_is_its_quality(mark: str, quality: str, reasons: list[str]) -> None:
    reading = only(packet(data(f"DataTime=20261123180000;w01010-Rtd=17,w01010-Flag={mark}")))
    assert (reading.quality.word, reading.reasons.words) == (quality, reasons)


def test_a_value_is_of_the_time_of_its_sample() -> None:
    first = only(packet(data("DataTime=20261123180000;w01018-SampleTime=20261123170000,w01018-Rtd=41")))
    again = only(packet(data("DataTime=20261123180100;w01018-SampleTime=20261123170000,w01018-Rtd=41")))
    assert first.observed_at == again.observed_at == 1_795_424_400_000


def test_the_password_goes_no_further() -> None:
    assert "PW" not in DECODER.read({}, packet(data("DataTime=20261123180000;w01001-Rtd=7.1")))


def test_averages_are_of_a_device_of_their_own() -> None:
    assert only(packet(data("DataTime=20261123180000;w01018-Avg=40,w01018-Max=50", "2061"))).point == "st1.2061/cod"


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        (packet(data("DataTime=20261123180000;w01001-Rtd=7.1")).replace(b"7.1", b"7.9"), "the CRC is"),
        (packet(data("DataTime=20261123180000;w01001-Rtd=7.1"))[:-9], "not as long as it says"),
        (packet(data("DataTime=20261123180000;w01001-Rtd=7.1")) * 2, "not as long as it says"),
        (data("DataTime=20261123180000;w01001-Rtd=7.1")[:-2], "neither a packet that begins with ##"),
        (data("w01001-Rtd=7.1"), "w01001-Rtd is of ''"),
        (data("DataTime=2026-11-23;w01001-Rtd=7.1"), "w01001-Rtd is of '2026-11-23'"),
        (data("w" * 3000 + "-Rtd=7.1"), "w" * 40 + " is of ''"),
        (b"ST=32;CN=2011;MN=a&&", "no CP=&&"),
        (b"&&" * 10_000, "no HJ 212 packet is longer"),
    ],
)
def test_what_is_not_whole_is_refused_with_a_sentence(payload: bytes, told: str) -> None:
    refused = process(payload).refused
    assert refused is not None
    assert refused.reason == "bad_format"
    assert told in refused.detail


def test_a_time_that_does_not_exist_is_a_bad_time() -> None:
    refused = process(data("DataTime=20261323180000;w01001-Rtd=7.1")).refused
    assert refused is not None
    assert refused.reason == "bad_time"


def test_a_packet_without_a_station_has_no_device() -> None:
    with pytest.raises(MessageError) as caught:
        DECODER.read({}, b"CN=2011;CP=&&DataTime=20261123180000;w01001-Rtd=7.1&&")
    assert caught.value.reason == "no_device"
