"""The load tools' packets, byte by byte, and the count of those that came."""

from __future__ import annotations

import itertools
import random

import pytest

from tests.load import frames
from tests.load.payloads import SHAPES, numbered
from tests.load.publisher import Acks, Publication
from tests.load.subscriber import scan


@pytest.mark.parametrize(
    ("value", "encoded"), [(0, "00"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (268_435_455, "ffffff7f")]
)
def test_the_remaining_length_is_that_of_the_specification(value: int, encoded: str) -> None:
    assert frames.length(value).hex() == encoded


def test_packets_are_those_of_the_specification() -> None:
    assert frames.connect("ab").hex() == "100e" + "00044d515454" + "04" + "02" + "0000" + "00026162"
    kept_v5 = frames.connect("ab", clean=False, v5=True, receive_maximum=100)
    assert kept_v5.hex() == "1017" + "00044d515454" + "05" + "00" + "0000" + "08" + "1100000e10" + "210064" + "00026162"
    assert frames.subscribe("a/#", 1).hex() == "8208" + "0001" + "0003612f23" + "01"
    assert frames.subscribe("a/#", 1, v5=True).hex() == "8209" + "0001" + "00" + "0003612f23" + "01"
    assert frames.publish("a", b"xy", packet_id=258).hex() == "3207" + "000161" + "0102" + "7879"
    assert frames.publish("a", b"xy").hex() == "3005" + "000161" + "7879"
    assert frames.puback(258).hex() == "40020102"


def test_encoded_messages_stand_one_after_another_and_can_be_marked_as_duplicates() -> None:
    encoded = frames.encode([("a", b"x"), ("b", b"yy"), ("c", b"")])
    one, two, three = (bytes(encoded.data[a:b]) for a, b in zip(encoded.starts, encoded.starts[1:], strict=False))
    assert two == frames.publish("b", b"yy", packet_id=2)
    assert [encoded.whole(len(one)), encoded.whole(len(one + two) - 1)] == [1, 1]
    encoded.mark_duplicates(1, 2)
    assert bytes(encoded.data) == one + bytes((two[0] | 0x08,)) + two[1:] + three


def test_packet_ids_go_round_and_never_take_zero() -> None:
    assert [frames.packet_id_of(i) for i in (0, 65_534, 65_535)] == [1, 65_535, 1]
    with pytest.raises(ValueError, match="packet ids allow"):
        Publication(1, frames.encode([]), window=65_536)


def test_acknowledgements_are_counted_in_pieces_and_past_the_last_packet_id() -> None:
    count = 140_000
    stream = b"".join(frames.puback(frames.packet_id_of(i)) for i in range(count))
    acks, position = Acks(), 0
    for size in itertools.cycle((1, 7, 4_099, 65_536)):
        acks.take(stream[position : position + size])
        position += size
        assert acks.count == min(position, len(stream)) // 4
        if position >= len(stream):
            break
    assert acks.count == count


def test_an_acknowledgement_out_of_order_is_not_counted() -> None:
    acks = Acks()
    acks.take(frames.puback(1) + frames.puback(2))
    with pytest.raises(ValueError, match="follow on message 2"):
        acks.take(frames.puback(4))
    assert acks.count == 2


def test_a_scan_counts_whole_messages_of_every_size_and_leaves_the_rest() -> None:
    """Packets cut anywhere: what is counted, and where counting goes on, is never a guess."""
    seeded = random.Random(7)
    sizes = [0, 1, 90, 120, 123, 124, 125, 16_370, 16_379, 16_380, 20_000, 2_200_000]
    packets = [frames.publish("t", b"x" * size, packet_id=1 + size % 60_000) for size in sizes]
    packets += [
        frames.publish("t", b"at most once"),
        frames.puback(7),
        b"\xd0\x00",
        frames.publish("u", b"", packet_id=5),
    ]
    stream = b"".join(packets)
    cuts = {len(stream)} | {seeded.randrange(len(stream)) for _ in range(30)}
    cuts |= {sum(map(len, packets[:i])) + extra for i in range(len(packets)) for extra in (0, 1, 2, 3, 4, 5)}
    for cut in sorted(cuts):
        end, count, ids = scan(bytearray(stream[:cut]))
        whole = [packet for i, packet in enumerate(packets) if sum(map(len, packets[: i + 1])) <= cut]
        # A packet of two bytes at the very end waits for the next read.
        assert end == sum(map(len, whole)) or stream[end:cut] == b"\xd0\x00"
        messages = [packet for packet in whole if packet[0] & 0xF0 == frames.PUBLISH]
        assert count == len(messages)
        assert ids == [_id(packet) for packet in messages if packet[0] & 0x06]


def _id(packet: bytes) -> bytes:
    size = next(i for i in range(1, 5) if packet[i] < 128)
    return packet[size + 4 : size + 6]


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_messages_go_on_by_number_where_an_earlier_run_ended(shape: str) -> None:
    whole = [topic for topic, _ in SHAPES[shape](10, 3, 0)]
    parts = [topic for first in (0, 4) for topic, _ in SHAPES[shape](4 if first == 0 else 6, 3, first)]
    assert whole == parts
    assert len(set(whole)) == 3


def test_a_numbered_message_says_its_number_and_has_a_time_of_its_own() -> None:
    found = list(numbered(2, devices=2, first=7, start=1_000))
    assert found == [
        ("fieldproof/plant/meter-0001/readings", b'{"time":1007,"values":{"volume_total":7}}'),
        ("fieldproof/plant/meter-0000/readings", b'{"time":1008,"values":{"volume_total":8}}'),
    ]
