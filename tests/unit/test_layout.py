"""What a profile's layout makes of a device's own bytes, and which layouts are refused when they are loaded."""

from __future__ import annotations

import math
from typing import Any

import pytest
from marshmallow import ValidationError

from collector.profiles.layout import Layout
from collector.profiles.layout_schema import BlockSchema, layout_of


def layout(*blocks: dict[str, Any]) -> Layout:
    made = layout_of([BlockSchema().load(block) for block in blocks])
    assert made is not None
    return made


def read(data: str, *fields: dict[str, Any], **block: Any) -> dict[str, Any]:
    found, fault = layout({"fields": list(fields), **block}).read(1, bytes.fromhex(data))
    assert not fault
    return found


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        ("FF", {}, 255),
        ("FF", {"type": "int"}, -1),
        ("0110", {"bytes": 2}, 272),
        ("1001", {"bytes": 2, "order": "little"}, 272),
        ("0110", {"bytes": 2, "scale": 0.1}, 27.2),
        ("FF3F", {"bytes": 2, "type": "int", "scale": 0.1}, -19.3),
        ("0064", {"bytes": 2, "scale": 0.5, "offset": -40}, 10),
        ("CBF6", {"bytes": 2, "mask": 0x3FFF}, 0x0BF6),
        ("A0", {"mask": 0x20}, 1),
        ("0C", {"mask": 0x0C, "type": "int"}, -1),
        ("000123", {"bytes": 3}, 291),
        ("12345678", {"bytes": 4, "type": "bcd", "scale": 0.001}, 12345.678),
        ("41440000", {"bytes": 4, "type": "float"}, 12.25),
        ("CDCC4441", {"bytes": 4, "type": "float", "order": "little"}, 12.3),
        ("4A00", {"bytes": 2, "type": "float"}, 12),
        ("402899999999999A", {"bytes": 8, "type": "float"}, 12.3),
        ("24E124", {"bytes": 3, "type": "hex"}, "24e124"),
        ("FFFF", {"bytes": 2, "scale": 0.01, "texts": {65535: "read failed"}}, "read failed"),
        ("FFFE", {"bytes": 2, "type": "int", "texts": {-2: "over"}}, "over"),
    ],
)
def test_a_value_of_every_type(data: str, field: dict[str, Any], value: object) -> None:
    assert read(data, {"name": "x", **field})["x"] == value


def test_a_float_that_is_no_number_stays_one() -> None:
    assert math.isnan(read("7FC00000", {"name": "x", "bytes": 4, "type": "float", "scale": 2})["x"])


def test_fields_without_a_place_stand_one_behind_the_other_whatever_is_looked_at_apart() -> None:
    fields = [{"name": "flags", "at": 3}, {"name": "a"}, {"name": "b", "bytes": 2}]
    assert read("01020304", *fields) == {"flags": 4, "a": 1, "b": 0x0203}


def test_a_field_that_is_not_there_takes_no_bytes() -> None:
    fields = [
        {"name": "has_first", "at": 0, "mask": 0x02},
        {"name": "has_second", "at": 0, "mask": 0x01},
        {"name": "head"},
        {"name": "first", "bytes": 2, "only_if": {"has_first": 1}},
        {"name": "second", "bytes": 2, "only_if": {"has_second": [1]}},
    ]
    assert read("0300100020", *fields)["second"] == 32
    assert read("010020", *fields)["second"] == 32
    assert "second" not in read("020010", *fields)


def test_a_condition_on_a_field_that_is_not_there_does_not_hold() -> None:
    fields = [{"name": "a"}, {"name": "b", "only_if": {"a": 9}}, {"name": "c", "only_if": {"b": 0}}]
    assert read("0100", *fields) == {"a": 1}


def test_each_port_has_its_own_entry_and_others_hold_no_values() -> None:
    made = layout({"port": 2, "fields": [{"name": "a"}]}, {"port": [3, 4], "fields": [{"name": "b"}]})
    assert [made.read(port, b"\7")[0] for port in (2, 3, 4, 5)] == [{"a": 7}, {"b": 7}, {"b": 7}, {}]
    assert made.read(5, b"\7")[1] == ""


CHANNELS = {
    "port": 85,
    "channels": [
        {"key": "01 75", "bytes": 1, "fields": [{"name": "battery"}]},
        {"key": "FF 16", "bytes": 8},
        {"key": "20 CE", "bytes": 3, "into": "history", "fields": [{"name": "timestamp", "bytes": 2}, {"name": "x"}]},
    ],
}


def test_channels_come_in_any_order_and_points_are_gathered() -> None:
    found, fault = layout(CHANNELS).read(85, bytes.fromhex("20CE000105 FF160102030405060708 20CE000206 01755C"))
    assert found == {"battery": 92, "history": [{"timestamp": 1, "x": 5}, {"timestamp": 2, "x": 6}]}
    assert fault == ""


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("01755C 9999", "port 85, 5 bytes: nothing is known of channel 99 99, at byte 3"),
        ("01755C 20CE00", "channel 20 CE has 1 bytes, not 3"),
        ("01755C 01", "nothing is known of channel 01, at byte 3"),
    ],
)
def test_what_came_before_a_fault_is_kept(data: str, told: str) -> None:
    found, fault = layout(CHANNELS).read(85, bytes.fromhex(data))
    assert found == {"battery": 92}
    assert told in fault


def test_records_go_to_the_end() -> None:
    block = {"fields": [{"name": "head"}],
             "records": {"into": "history", "at": 1, "bytes": 2, "fields": [{"name": "x", "bytes": 2}]}}  # fmt: skip
    assert layout(block).read(1, bytes.fromhex("0900010002"))[0] == {"head": 9, "history": [{"x": 1}, {"x": 2}]}
    assert layout(block).read(1, bytes.fromhex("09"))[0] == {"head": 9, "history": []}
    found, fault = layout(block).read(1, bytes.fromhex("09000100"))
    assert (found, fault) == ({}, "port 1, 4 bytes: 3 bytes from byte 1 on are no multiple of 2")


def test_a_message_that_is_too_short_gives_nothing_at_all() -> None:
    found, fault = layout({"fields": [{"name": "a"}, {"name": "b", "bytes": 2}]}).read(1, b"\1\2")
    assert (found, fault) == ({}, "port 1, 2 bytes: b would end at byte 3, and there are 2")


def test_decimal_digits_that_are_none_are_a_fault() -> None:
    assert "1f are no decimal digits" in layout({"fields": [{"name": "a", "type": "bcd"}]}).read(1, b"\x1f")[1]


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({}, "give channels, or fields and records"),
        ({"fields": [{"name": "a", "bytes": 3, "type": "float"}]}, "a float has 2, 4 or 8"),
        ({"fields": [{"name": "a", "bytes": 9}]}, "a number has at most 8"),
        ({"fields": [{"name": "a", "mask": 0x100}]}, "has bits that 1 bytes do not have"),
        ({"fields": [{"name": "a", "mask": 0x05}]}, "side by side"),
        ({"fields": [{"name": "a", "mask": 1, "type": "bcd"}]}, "goes with uint and int only"),
        ({"fields": [{"name": "a", "only_if": {"b": 1}}, {"name": "b"}]}, "no field before it is called 'b'"),
        ({"channels": [{"key": "01", "bytes": 1, "fields": [{"name": "a", "bytes": 2}]}]}, "ends at byte 2"),
        ({"channels": [{"key": "01", "bytes": 1}, {"key": "01 02", "bytes": 1}]}, "the same length"),
        ({"channels": [{"key": "1a", "bytes": 1}, {"key": "1A", "bytes": 1}]}, "the same key stands twice"),
        ({"channels": [{"key": "0x01", "bytes": 1}]}, "hex digits"),
        ({"records": {"into": "h", "bytes": 2, "fields": [{"name": "a", "at": 1, "bytes": 2}]}}, "ends at byte 3"),
        (
            {
                "channels": [
                    {"key": "01", "bytes": 1, "into": "a"},
                    {"key": "02", "bytes": 1, "fields": [{"name": "a"}]},
                ]
            },
            "'a' is the name of a field and of a list",
        ),
        ({"port": 256, "fields": [{"name": "a"}]}, "255"),
        ({"fields": [{"name": "a", "bits": 3}]}, "Unknown field"),
    ],
)
def test_a_layout_that_cannot_be_meant_is_refused(block: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        BlockSchema().load(block)
    assert told in str(caught.value.messages)
