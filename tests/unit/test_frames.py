"""PUBLISH frames taken out of a stream that may be cut anywhere, and may be no MQTT at all."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.ingest.mqtt import frames
from collector.ingest.mqtt.frames import Frame, MalformedFrame, Oversize, Stop, parse, pubacks
from tests.load.frames import PUBLISH, length, text

PINGRESP = b"\xd0\x00"


class Sent(NamedTuple):
    """A frame by the names of its parts."""

    topic: bytes
    payload: bytes
    packet_id: int
    header: int


def encode(frame: Sent, *, v5: bool, properties: bytes = b"") -> bytes:
    body = text(frame.topic.decode("latin-1")) if frame.topic.isascii() else b""
    body = body or len(frame.topic).to_bytes(2, "big") + frame.topic
    body += frame.packet_id.to_bytes(2, "big") if frame.packet_id else b""
    body += length(len(properties)) + properties if v5 else b""
    body += frame.payload
    return bytes((frame.header,)) + length(len(body)) + body


@st.composite
def some_frames(draw: st.DrawFn) -> Sent:
    packet_id = draw(st.integers(0, 65_535))
    flags = draw(st.sampled_from([0, frames.DUPLICATE, frames.RETAINED, frames.DUPLICATE | frames.RETAINED]))
    payload = draw(st.binary(max_size=300) | st.integers(100, 40_000).map(bytes))
    return Sent(draw(st.binary(max_size=40)), payload, packet_id, PUBLISH | (2 if packet_id else 0) | flags)


def read_in_pieces(stream: bytes, cuts: list[int], *, v5: bool) -> list[Frame]:
    """As the client reads: what is left over from one piece goes before the next."""
    found: list[Frame] = []
    rest = b""
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    for begin, end in itertools.pairwise(places):
        buffer = rest + stream[begin:end]
        taken, place, stop = parse(buffer, 0, v5=v5)
        assert stop is Stop.MORE
        found += taken
        rest = buffer[place:]
    assert rest == b""
    return found


@given(st.lists(some_frames(), max_size=8), st.lists(st.integers(0, 100_000), max_size=8), st.booleans(), st.data())
def test_frames_come_out_as_they_were_sent_wherever_the_stream_is_cut(
    sent: list[Sent], cuts: list[int], v5: bool, data: st.DataObject
) -> None:
    properties = data.draw(st.binary(max_size=200))
    stream = b"".join(encode(frame, v5=v5, properties=properties) for frame in sent)
    assert read_in_pieces(stream, cuts, v5=v5) == sent


@settings(max_examples=2_000)
@given(st.binary(max_size=400), st.booleans())
def test_bytes_that_are_no_mqtt_are_refused_or_left_and_never_run_away(stream: bytes, v5: bool) -> None:
    place = 0
    try:
        found, place, _ = parse(stream, 0, v5=v5)
    except MalformedFrame:
        return
    assert 0 <= place <= len(stream)
    assert all(len(topic) + len(payload) <= place for topic, payload, _, _ in found)


@settings(max_examples=1_000)
@given(some_frames(), st.booleans(), st.data())
def test_a_damaged_frame_is_refused_or_read_as_another_but_never_beyond_its_end(
    frame: Sent, v5: bool, data: st.DataObject
) -> None:
    stream = bytearray(encode(frame, v5=v5)[:2_000])
    stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    try:
        found, place, stop = parse(bytes(stream), 0, v5=v5)
    except MalformedFrame:
        return
    assert place <= len(stream)
    assert sum(len(payload) for _, payload, _, _ in found) < len(stream)
    assert stop in Stop


def test_other_packets_and_qos_2_are_left_where_they_stand() -> None:
    frame = Sent(b"a/b", b"7", 5, PUBLISH | 2)
    stream = encode(frame, v5=False)
    assert parse(stream + PINGRESP + stream, 0, v5=False) == ([frame], len(stream), Stop.OTHER)
    assert parse(b"\x34" + stream[1:], 0, v5=False) == ([], 0, Stop.OTHER)


@pytest.mark.parametrize("v5", [False, True])
def test_of_an_oversized_frame_the_beginning_is_kept_and_what_follows_it_is_read(v5: bool) -> None:
    big = Sent(b"big/one", bytes(frames.MAX_FRAME + 5), 9, PUBLISH | 2)
    small = Sent(b"small", b"1", 10, PUBLISH | 2)
    stream = encode(small, v5=v5) + encode(big, v5=v5) + encode(small, v5=v5)
    head, tail = stream[:5_000], stream[5_000:]
    first, place, stop = parse(head, 0, v5=v5)
    assert (first, stop) == ([small], Stop.OVERSIZE)
    oversize = Oversize(head, place)
    assert oversize.take(head, oversize.start) == len(head)
    assert not oversize.whole
    place = oversize.take(tail, 0)
    assert oversize.whole
    kept = oversize.frame(v5=v5)
    assert kept[:1] + kept[2:] == (b"big/one", 9, PUBLISH | 2)
    assert 1_000_000 < len(kept[1]) < frames.MAX_FRAME
    assert parse(tail, place, v5=v5) == ([small], len(tail), Stop.MORE)


def test_an_oversized_frame_with_more_properties_than_are_kept_can_still_be_acknowledged() -> None:
    """It would come again for ever, and hold back what is behind it."""
    sent = Sent(b"big/one", b'{"values": {"ph": 7}}', 9, PUBLISH | 2)
    stream = encode(sent, v5=True, properties=bytes(frames.MAX_FRAME))
    oversize = Oversize(stream, 0)
    assert oversize.take(stream, oversize.start) == len(stream)
    assert oversize.frame(v5=True) == (b"big/one", b"", 9, PUBLISH | 2)


def test_a_length_of_more_than_four_bytes_is_no_mqtt() -> None:
    with pytest.raises(MalformedFrame):
        parse(b"\x32\xff\xff\xff\xff\x01", 0, v5=False)


def test_acknowledgements_are_one_write() -> None:
    assert pubacks([1, 258, 65_535]) == b"\x40\x02\x00\x01\x40\x02\x01\x02\x40\x02\xff\xff"
