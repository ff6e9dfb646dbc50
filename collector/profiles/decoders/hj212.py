"""China's HJ 212-2017, the text in which monitors of effluent and flue gas report, as one MQTT message for each packet.

The standard: "Data transmission standard for online monitoring systems of pollutant", §6 (packets, commands, flags of
data) and annexes A (CRC) and B (codes and units of what is monitored). A packet is
`##` + length of the data in four digits + data + CRC in four hexadecimal digits + CR LF; data is
`QN=…;ST=32;CN=2011;PW=…;MN=…;Flag=…;CP=&&DataTime=20210320013400;w01018-Rtd=12.3,w01018-Flag=N;…&&`.
Gateways that send the data alone, with or without the CRC behind it, are read too.

A value stands under its code and kind: `[w01018-Rtd]` (real time), `-Avg`, `-Min`, `-Max`, `-Cou` (of a period),
`-ZsRtd` and so on (at reference oxygen). It is of `DataTime`, or of its own `SampleTime` where it has one: an analyser
that samples every hour repeats its last result until the next, and the repetitions are nothing new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from collector.domain.reading import Quality, Reason
from collector.errors import MessageError
from collector.profiles.decoder import Decoder, Record, Unreadable
from collector.profiles.measured import GOOD, Stated
from collector.profiles.profile import Profile

# Four digits of length, and what stands around the data.
_LONGEST = 9_999 + 32
_ENVELOPE = re.compile(rb"##([0-9]{4})")
_CRC = re.compile(rb"([0-9A-Fa-f]{4})\s*")
_TIME = re.compile(r"[0-9]{14}")

# §6, marks of data. Besides these every region may have its own: like any word that is not known, a fault.
_FLAGS: dict[str, Stated] = {
    "N": GOOD,
    "F": (Quality.BAD, Reason.MAINTENANCE),  # the instrument is out of operation
    "M": (Quality.BAD, Reason.MAINTENANCE),
    "S": (Quality.BAD, Reason.MAINTENANCE),  # set by hand: nothing was measured
    "D": (Quality.BAD, Reason.DEVICE_FAULT),
    "C": (Quality.BAD, Reason.CALIBRATION),
    "T": (Quality.BAD, Reason.RANGE),  # above what it can measure
    "B": (Quality.BAD, Reason.DEVICE_FAULT),  # no communication with the instrument
}
_FAULT: Stated = (Quality.BAD, Reason.DEVICE_FAULT)
# What stands beside the values of a code.
_ABOUT = frozenset({"Flag", "EFlag", "SampleTime"})


class Hj212Decoder(Decoder):
    own_time = True
    defaults: ClassVar[Mapping[str, Any]] = {
        "device_id": "{payload:MN}", "source_name": "{payload:MN}", "time": {"zone": "Asia/Shanghai"},
    }  # fmt: skip

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:  # noqa: ARG002
        """The fields of the data, and those of `CP` under that name. The password is left out.

        Raises MessageError for what is not whole, and for a CRC that does not fit.
        """
        if len(payload) > _LONGEST:
            raise MessageError("bad_format", f"{len(payload)} bytes: no HJ 212 packet is longer than {_LONGEST}")
        text = _data(payload.strip()).decode("ascii", "replace")
        head, found, rest = text.partition("CP=&&")
        if not found:
            raise MessageError("bad_format", "there is no CP=&&, so this is no HJ 212 packet")
        fields = dict(_pairs(head))
        fields.pop("PW", None)
        if not fields.get("MN"):
            raise MessageError("no_device", "the packet has no MN, the number of the station")
        return {**fields, "CP": dict(_pairs(rest.removesuffix("&&").replace(",", ";")))}

    def sealed(self, payload: bytes) -> bytes:
        packet = payload.strip()
        if not _ENVELOPE.match(packet):
            return payload
        data = packet[6 : packet.rfind(b"&&") + 2]
        return b"##%04d%s%04X\r\n" % (len(data), data, crc(data))

    def records(self, profile: Profile, parts: Mapping[str, str], content: Any) -> Iterable[Record | Unreadable]:  # noqa: ARG002
        """One for `DataTime`, and one for each `SampleTime` beside it."""
        whole: dict[str, str] = content["CP"]
        by_time: dict[str, dict[str, str]] = {}
        stated: dict[str, Stated] = {}
        for key, value in whole.items():
            code, dash, what = key.partition("-")
            if not dash or what in _ABOUT:
                continue
            by_time.setdefault(whole.get(f"{code}-SampleTime") or whole.get("DataTime", ""), {})[key] = value
            flag = whole.get(f"{code}-Flag")
            if flag and (word := _FLAGS.get(flag.strip().upper(), _FAULT)) is not GOOD:
                stated[key] = word
        for time, values in by_time.items():
            if not _TIME.fullmatch(time):
                yield Unreadable(f"{next(iter(values)):.40} is of {time[:20]!r}, not of a time such as 20210320013400")
                continue
            yield Record(values, f"{time[:8]}T{time[8:]}", stated=stated)


DECODER = Hj212Decoder()


def crc(data: bytes) -> int:
    """Annex A: like Modbus' CRC 16, but that a byte meets the upper half of the register, which has been moved down."""
    register = 0xFFFF
    for byte in data:
        register = _EIGHT_STEPS[(register >> 8) ^ byte]
    return register


def _eight_steps(register: int) -> int:
    for _ in range(8):
        register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register


# Bit by bit a packet would take longer than all the rest of its way.
_EIGHT_STEPS = [_eight_steps(register) for register in range(256)]


def _data(packet: bytes) -> bytes:
    """The data without what stands around it, which must fit. Raises MessageError."""
    envelope = _ENVELOPE.match(packet)
    if envelope is None:
        end = packet.rfind(b"&&") + 2
        data, rest = packet[:end], packet[end:]
        if end < 2 or (rest and not _CRC.fullmatch(rest)):
            raise MessageError("bad_format", "neither a packet that begins with ## nor data that ends with &&")
    else:
        end = envelope.end() + int(envelope[1])
        data, rest = packet[envelope.end() : end], packet[end:]
        if not _CRC.fullmatch(rest):
            raise MessageError("bad_format", f"the packet is not as long as it says: {int(envelope[1])} and a CRC")
    stated = _CRC.fullmatch(rest)
    if stated and int(stated[1], 16) != crc(data):
        raise MessageError("bad_format", f"the CRC is {crc(data):04X}, and the packet says {stated[1].decode()}")
    return data


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    for piece in text.split(";"):
        key, equals, value = piece.partition("=")
        if equals:
            yield key.strip(), value.strip()
