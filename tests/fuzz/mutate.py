"""Ways to spoil a payload. All of them take chance from a `Random`, so that the same seed gives the same payloads."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz.document import spoil_document

# What a payload may grow to: some decoders read thousands of points a message, and that many messages are tried.
_LONGEST = 20_000
_DEEP = (10, 200, 1_500)

_NUMBER = re.compile(rb"-?[0-9]+(?:\.[0-9]+)?")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]{8,}={0,2}")
_NUMBERS = (b"0", b"-0", b"-1", b"1e308", b"-1e308", b"1e400", b"1e-400", b"NaN", b"nan", b"Infinity", b"-inf", b"0x1F",
            b"2147483648", b"4294967295", b"-2147483649", b"9223372036854775807", b"9223372036854775808",
            b"18446744073709551616", b"1" * 400, b"0." + b"3" * 400, b"1,5", b"1.234,5", b"<0.05", b">30",
            b"23.5 \xc2\xb0C", b"1795428000", b"1795428000000", b"1795428000000000000", b"99999999999999",
            b"268435456", b"-268435457",
            b"1e", b"--1", b"1_000", b"\xd9\xa3", b"", b" 7 ", b"true", b"null", b"---", b"unavailable")  # fmt: skip
_TEXTS = ("", "\0", "ü", "\u202e", "日本", "\U0001f4a7", "\u2028", "a" * 600, "../..", "{}", "{point:x}", "%s%n",
          "'; --", "\\", "\\u0000", "\ufeff", "\r\n", "null", "../" * 40, "+/#", "$SYS", "\u0130", "\u1e9e",
          "e\u0301" * 50)  # fmt: skip
_MARKS = b",;:=&|/\\\"'[]{}()<> \t\n\r\0#+-._%?~"
_BYTES = (b"\0", b"\xff", b"\x7f", b"\x80", b"\xc0\x80", b"\xed\xa0\x80", b"\xfe\xff", b"\xff\xff\xff\xff",
          b"\x80" * 10, b"\xff" * 9 + b"\x01", b"\x9f", b"\xbf", b"\xdf", b"\xc4\x82", b"\x0a",
          b"\x7f\xff\xff\xff")  # fmt: skip

Spoil = Callable[[Random, bytes, Sequence[bytes]], bytes]


def mutated(chance: Random, payload: bytes, others: Sequence[bytes]) -> bytes:
    """Spoilt once, or several times over."""
    for _ in range(chance.choice((1, 1, 1, 2, 3, 5))):
        payload = chance.choice(_WAYS)(chance, payload, others)[:_LONGEST]
    return payload


def spoilt_topic(chance: Random, topic: str) -> str:
    """One level of it is another one. What MQTT does not allow in a topic never comes (collector/ingest/mqtt)."""
    levels = topic.split("/")
    text = chance.choice(_TEXTS).translate({ord(mark): None for mark in "+#\0"})
    levels[chance.randrange(len(levels))] = chance.choice((text, "", levels[0] * 3))
    return "/".join(levels)


def _place(chance: Random, payload: bytes) -> tuple[int, int]:
    start = chance.randint(0, len(payload))
    return start, min(len(payload), start + chance.choice((1, 2, 4, 8, 30, len(payload))))


def _flip(chance: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    spoilt = bytearray(payload)
    for _ in range(chance.choice((1, 1, 2, 8)) if spoilt else 0):
        spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
    return bytes(spoilt)


def _cut(chance: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    return (
        payload[: chance.randint(0, len(payload))]
        if chance.random() < 0.7
        else payload[chance.randint(0, len(payload)) :]
    )


def _leave_out(chance: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _place(chance, payload)
    return payload[:start] + payload[end:]


def _repeat(chance: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _place(chance, payload)
    return payload[:end] + payload[start:end] * chance.choice((1, 2, 10, 300)) + payload[end:]


def _swap(chance: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _place(chance, payload)
    from_, to = _place(chance, payload[:start])
    return payload[:from_] + payload[start:end] + payload[to:start] + payload[from_:to] + payload[end:]


def _splice(chance: Random, payload: bytes, others: Sequence[bytes]) -> bytes:
    """The beginning of one message and the end of another."""
    other = chance.choice(others)
    return payload[: chance.randint(0, len(payload))] + other[chance.randint(0, len(other)) :]


def _insert(chance: Random, payload: bytes, others: Sequence[bytes]) -> bytes:
    other = chance.choice(others)
    what = chance.choice(
        (
            chance.choice(_BYTES),
            bytes((chance.choice(_MARKS),)),
            chance.choice(_TEXTS).encode(),
            chance.randbytes(4),
            other,
        )
    )
    at = chance.randint(0, len(payload))
    return payload[:at] + what + payload[at + chance.choice((0, len(what))) :]


def _mark(chance: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    """One of the characters that tell parts apart becomes another one, or all of its kind do."""
    places = [at for at, byte in enumerate(payload) if byte in _MARKS]
    if not places:
        return payload
    at, new = chance.choice(places), bytes((chance.choice(_MARKS),))
    if chance.random() < 0.2:
        return payload.replace(payload[at : at + 1], new)
    return payload[:at] + new + payload[at + 1 :]


def _number(chance: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    found = list(_NUMBER.finditer(payload))
    if not found:
        return payload + chance.choice(_NUMBERS)
    one = chance.choice(found)
    return payload[: one.start()] + chance.choice(_NUMBERS) + payload[one.end() :]


def _nest(chance: Random, payload: bytes, _: Sequence[bytes]) -> bytes:
    open_, close = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"\x81", b""), (b"\xa1\x61a", b""), (b"(", b")")))
    depth = chance.choice(_DEEP)
    return open_ * depth + payload + (close * depth if chance.random() < 0.7 else b"")


def _within_base64(chance: Random, payload: bytes, others: Sequence[bytes]) -> bytes:
    """The bytes of a device that a network server passes on as text."""
    found = list(_BASE64.finditer(payload))
    if not found:
        return _flip(chance, payload, others)
    one = chance.choice(found)
    try:
        inner = base64.b64decode(one[0])
    except binascii.Error:
        return _flip(chance, payload, others)
    spoilt = chance.choice((_flip, _cut, _leave_out, _repeat, _insert))(chance, inner, [inner])[:600]
    return payload[: one.start()] + base64.b64encode(spoilt) + payload[one.end() :]


def _document(chance: Random, payload: bytes, others: Sequence[bytes]) -> bytes:
    spoilt = spoil_document(chance, payload)
    return _flip(chance, payload, others) if spoilt is None else spoilt


# Those that leave most of a message readable are tried more often: what lies behind the first check is worth more.
_WAYS: tuple[Spoil, ...] = (
    *(_flip, _cut, _leave_out, _repeat, _swap, _splice, _insert, _nest),
    *(_mark, _within_base64, _number, _number, _number),
    *(_document,) * 20,
)
