"""Where each value stands in a device's own bytes: a profile's `layout`, for networks that do not decode them.

Three forms, for what devices send: fields at fixed places, channels (a key that says what follows, then its bytes, over
and over) and records (the same fields over and over, mostly what the device had kept). Every step takes at least a byte
from the at most 512 of a message, so none of it can take long.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Order = Literal["big", "little"]
Kind = Literal["uint", "int", "float", "bcd", "hex"]
Found = dict[str, Any]

FLOAT_SIZES = {2: "e", 4: "f", 8: "d"}
# 272 × 0.1 is 27.200000000000003 to a processor: what a scale brings in behind these decimals is cut off.
_DECIMALS = 12


class _UnreadError(Exception):
    """The bytes are not as the layout says."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value of `size` bytes, `at` a place. Those without one stand one behind the other, the first at byte 0.

    `mask`: the bits that belong to it, moved down. `texts`: what stands in place of a number. `only_if`: the values
    that fields before it must have for it to be there at all; left out it takes no bytes.
    """

    name: str
    size: int
    at: int | None = None
    kind: Kind = "uint"
    order: Order = "big"
    mask: int = 0
    scale: float = 1.0
    offset: float = 0.0
    texts: Mapping[int, str] = field(default_factory=dict)
    only_if: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def value(self, data: bytes) -> tuple[Any, Any]:
        """As sent, and what it means."""
        raw = self._raw(data)
        if isinstance(raw, str):
            return raw, raw
        if raw in self.texts:
            return raw, self.texts[int(raw)]
        if self.scale == 1.0 and not self.offset:
            return raw, raw
        return raw, round(raw * self.scale + self.offset, _DECIMALS)

    def _raw(self, data: bytes) -> float | int | str:
        if self.kind == "hex":
            return data.hex()
        if self.kind == "float":
            return _float(data, (">" if self.order == "big" else "<") + FLOAT_SIZES[self.size])
        number = int.from_bytes(data, self.order)
        if self.kind == "bcd":
            digits = f"{number:x}"
            if not digits.isdecimal():
                raise _UnreadError(f"{self.name}: {data.hex()} are no decimal digits")
            return int(digits)
        width = 8 * self.size
        if self.mask:
            number = (number & self.mask) >> _trailing_zeros(self.mask)
            width = self.mask.bit_count()
        return number - (1 << width) if self.kind == "int" and number >> (width - 1) else number


@dataclass(frozen=True, slots=True)
class Channel:
    """What stands behind a key: `size` bytes. `into`: a list that they are one more element of."""

    size: int
    fields: tuple[Field, ...] = ()
    into: str = ""


@dataclass(frozen=True, slots=True)
class Records:
    """From `at` to the end, elements of `size` bytes each, put into the list `into`."""

    into: str
    size: int
    fields: tuple[Field, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Block:
    """How the messages of some ports are laid out; `ports` empty: of all."""

    ports: frozenset[int] = frozenset()
    fields: tuple[Field, ...] = ()
    channels: Mapping[bytes, Channel] = field(default_factory=dict)
    records: Records | None = None

    def read(self, data: bytes, found: Found) -> None:
        if self.channels:
            self._channels(data, found)
            return
        # All or nothing: a message that is too short is another one than the layout is for.
        read = _fields(self.fields, data)
        if self.records is not None:
            read[self.records.into] = list(_records(self.records, data))
        found.update(read)

    def _channels(self, data: bytes, found: Found) -> None:
        """What was read before a key that is not known stays."""
        key_size = len(next(iter(self.channels)))
        at = 0
        while at < len(data):
            key = data[at : at + key_size]
            channel = self.channels.get(key)
            if channel is None:
                raise _UnreadError(f"nothing is known of channel {key.hex(' ').upper()}, at byte {at}")
            at += key_size
            part = data[at : at + channel.size]
            if len(part) < channel.size:
                raise _UnreadError(f"channel {key.hex(' ').upper()} has {len(part)} bytes, not {channel.size}")
            read = _fields(channel.fields, part)
            if channel.into:
                found.setdefault(channel.into, []).append(read)
            else:
                found.update(read)
            at += channel.size


@dataclass(frozen=True, slots=True)
class Layout:
    blocks: tuple[Block, ...]

    def read(self, port: int, data: bytes) -> tuple[Found, str]:
        """The values by their names, and what could not be read: empty when all could, or when nothing is said of the
        port."""
        found: Found = {}
        block = next((block for block in self.blocks if not block.ports or port in block.ports), None)
        if block is None:
            return found, ""
        try:
            block.read(data, found)
        except _UnreadError as error:
            return found, f"port {port}, {len(data)} bytes: {error}"
        return found, ""


def _fields(fields: tuple[Field, ...], data: bytes) -> Found:
    sent: Found = {}
    found: Found = {}
    behind = 0
    for one in fields:
        if any(sent.get(name) not in values for name, values in one.only_if.items()):
            continue
        start = behind if one.at is None else one.at
        end = start + one.size
        if end > len(data):
            raise _UnreadError(f"{one.name} would end at byte {end}, and there are {len(data)}")
        sent[one.name], found[one.name] = one.value(data[start:end])
        if one.at is None:
            behind = end
    return found


def _records(records: Records, data: bytes) -> Iterator[Found]:
    rest = data[records.at :]
    if len(rest) % records.size:
        raise _UnreadError(f"{len(rest)} bytes from byte {records.at} on are no multiple of {records.size}")
    for at in range(0, len(rest), records.size):
        yield _fields(records.fields, rest[at : at + records.size])


def _float(data: bytes, form: str) -> float:
    """The shortest number that has these bytes: 12.3 in four bytes would otherwise be 12.300000190734863."""
    value = float(struct.unpack(form, data)[0])
    for digits in range(3, 9):
        short = float(f"{value:.{digits}g}")
        try:
            if struct.pack(form, short) == data:
                return short
        except OverflowError:
            continue
    return value


def _trailing_zeros(mask: int) -> int:
    return (mask & -mask).bit_length() - 1
