"""The key `layout` of a profile: its schema, and how it becomes a Layout. Described in device_configs/README.md."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from collector.profiles.fields import OneOrMany, describe
from collector.profiles.layout import FLOAT_SIZES, Block, Channel, Field, Layout, Order, Records

_ORDERS = ["big", "little"]
_MOST_BYTES_OF_NUMBER = 8


class FieldSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 64))
    at = fields.Integer(load_default=None, validate=validate.Range(0, 511))
    bytes = fields.Integer(load_default=1, validate=validate.Range(1, 32))
    type = fields.String(load_default="uint", validate=validate.OneOf(["uint", "int", "float", "bcd", "hex"]))
    order = fields.String(
        load_default=None,
        validate=validate.OneOf(_ORDERS),
        metadata=describe("which byte comes first, unlike the others"),
    )
    mask = fields.Integer(load_default=0, validate=validate.Range(min=1))
    scale = fields.Float(load_default=1.0)
    offset = fields.Float(load_default=0.0)
    texts = fields.Dict(keys=fields.Integer(), values=fields.String(), load_default=dict)
    only_if = fields.Dict(keys=fields.String(), values=OneOrMany(fields.Integer()), load_default=dict)

    @validates_schema
    def _sizes(self, data: dict[str, Any], **_: Any) -> None:
        size, kind, mask = data["bytes"], data["type"], data["mask"]
        if kind == "float" and size not in FLOAT_SIZES:
            raise ValidationError("a float has 2, 4 or 8", "bytes")
        if kind != "hex" and size > _MOST_BYTES_OF_NUMBER:
            raise ValidationError("a number has at most 8", "bytes")
        if mask and kind not in ("uint", "int"):
            raise ValidationError("goes with uint and int only", "mask")
        if mask >> (8 * size):
            raise ValidationError(f"has bits that {size} bytes do not have", "mask")
        if mask and "01" in f"{mask:b}":
            raise ValidationError("its bits must stand side by side, such as 0x3FFF or 0x20", "mask")


class FieldsSchema(Schema):
    """A list of fields, each of which may depend on those before it."""

    fields_ = fields.List(
        fields.Nested(FieldSchema), data_key="fields", load_default=list, metadata=describe("values at fixed places")
    )

    @validates_schema
    def _known(self, data: dict[str, Any], **_: Any) -> None:
        before: set[str] = set()
        for index, one in enumerate(data["fields_"]):
            for name in one["only_if"]:
                if name not in before:
                    raise ValidationError({"fields": {index: {"only_if": [f"no field before it is called '{name}'"]}}})
            before.add(one["name"])

    @validates_schema
    def _fit(self, data: dict[str, Any], **_: Any) -> None:
        """What is there in every message must have room."""
        size, behind = data.get("bytes"), 0
        for index, one in enumerate(data["fields_"]):
            if one["only_if"]:
                continue
            end = (behind if one["at"] is None else one["at"]) + one["bytes"]
            behind = end if one["at"] is None else behind
            if size is not None and end > size:
                raise ValidationError({"fields": {index: {"bytes": [f"ends at byte {end}, and there are {size}"]}}})


class ChannelSchema(FieldsSchema):
    key = fields.String(
        required=True,
        validate=validate.Regexp(r"^([0-9A-Fa-f]{2}\s*){1,4}$", error="hex digits"),
        metadata=describe("the hex digits that the part begins with"),
    )
    bytes = fields.Integer(required=True, validate=validate.Range(0, 511), metadata=describe("how many follow the key"))
    into = fields.String(
        load_default="", validate=validate.Length(max=64), metadata=describe("the list of which it is an element")
    )


class RecordsSchema(FieldsSchema):
    into = fields.String(required=True, validate=validate.Length(1, 64), metadata=describe("the name of the list"))
    at = fields.Integer(load_default=0, validate=validate.Range(0, 511), metadata=describe("the first byte of all"))
    bytes = fields.Integer(required=True, validate=validate.Range(1, 511), metadata=describe("how many an element has"))


class BlockSchema(FieldsSchema):
    port = OneOrMany(fields.Integer(validate=validate.Range(0, 255)), load_default=list)
    order = fields.String(load_default="big", validate=validate.OneOf(_ORDERS))
    channels = fields.List(fields.Nested(ChannelSchema), load_default=list)
    records = fields.Nested(RecordsSchema, load_default=None)

    @validates_schema
    def _one(self, data: dict[str, Any], **_: Any) -> None:
        if bool(data["channels"]) == bool(data["fields_"] or data["records"]):
            raise ValidationError("give channels, or fields and records", "channels")
        lists = {channel["into"] for channel in data["channels"]} | {(data["records"] or {}).get("into")}
        names = {one["name"] for part in (data, *data["channels"]) if not part.get("into") for one in part["fields_"]}
        for name in lists & names:
            raise ValidationError(f"'{name}' is the name of a field and of a list", "channels")
        keys = [bytes.fromhex(channel["key"]) for channel in data["channels"]]
        if len({len(key) for key in keys}) > 1:
            raise ValidationError("the keys of all channels must have the same length", "channels")
        if len(set(keys)) < len(keys):
            raise ValidationError("the same key stands twice", "channels")


def layout_of(loaded: list[dict[str, Any]]) -> Layout | None:
    return Layout(tuple(_block(entry) for entry in loaded)) if loaded else None


def _block(entry: dict[str, Any]) -> Block:
    order = entry["order"]
    records = entry["records"]
    return Block(
        ports=frozenset(entry["port"]),
        fields=_fields(entry, order),
        channels={
            bytes.fromhex(one["key"]): Channel(one["bytes"], _fields(one, order), one["into"])
            for one in entry["channels"]
        },
        records=records and Records(records["into"], records["bytes"], _fields(records, order), records["at"]),
    )


def _fields(entry: dict[str, Any], order: Order) -> tuple[Field, ...]:
    return tuple(_field(one, order) for one in entry["fields_"])


def _field(entry: dict[str, Any], order: Order) -> Field:
    return Field(
        name=entry["name"],
        size=entry["bytes"],
        at=entry["at"],
        kind=entry["type"],
        order=entry["order"] or order,
        mask=entry["mask"],
        scale=entry["scale"],
        offset=entry["offset"],
        texts=entry["texts"],
        only_if={name: frozenset(values) for name, values in entry["only_if"].items()},
    )
