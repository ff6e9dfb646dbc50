"""Sparkplug B payloads, from bytes to what concerns readings, and the one command that a host sends.

Field numbers and data types: Sparkplug 3.0, chapter 6.4 (https://sparkplug.eclipse.org/specification/). Only the fields
that are read are described here: protobuf passes over all others. Texts are described as bytes, which is the same on
the wire: so one that is no UTF-8 costs its own metric, and not the message.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from collector.errors import MessageError

# More than any edge node defines, and some 50 MB of memory.
MOST_METRICS = 50_000
# What is made of a name is a metric of at most 64 characters.
LONGEST_NAME = 256
_MOST_PROPERTIES = 100

_BYTES, _MESSAGE = FieldDescriptorProto.TYPE_BYTES, FieldDescriptorProto.TYPE_MESSAGE
_U32, _U64 = FieldDescriptorProto.TYPE_UINT32, FieldDescriptorProto.TYPE_UINT64
_FLOAT, _DOUBLE = FieldDescriptorProto.TYPE_FLOAT, FieldDescriptorProto.TYPE_DOUBLE
_BOOL = FieldDescriptorProto.TYPE_BOOL
_PACKAGE = "fieldproof.sparkplug"

# Message -> its fields: name, number, type; a message that stands in it is named in place of the type.
_FIELDS: dict[str, list[tuple[str, int, Any]]] = {
    "Payload": [("timestamp", 1, _U64), ("metrics", 2, "Metric"), ("seq", 3, _U64)],
    "Metric": [
        ("name", 1, _BYTES), ("alias", 2, _U64), ("timestamp", 3, _U64), ("datatype", 4, _U32),
        ("is_historical", 5, _BOOL), ("is_transient", 6, _BOOL), ("is_null", 7, _BOOL),
        ("properties", 9, "PropertySet"),
    ],
    "PropertySet": [("keys", 1, _BYTES), ("values", 2, "PropertyValue")],
    "PropertyValue": [("type", 1, _U32), ("is_null", 2, _BOOL)],
}  # fmt: skip
# Of these exactly one is set. What a data set and a template hold is not read.
_VALUES: dict[str, list[tuple[str, int, Any]]] = {
    "Metric": [
        ("int_value", 10, _U32), ("long_value", 11, _U64), ("float_value", 12, _FLOAT), ("double_value", 13, _DOUBLE),
        ("boolean_value", 14, _BOOL), ("string_value", 15, _BYTES), ("bytes_value", 16, _BYTES),
        ("dataset_value", 17, _BYTES), ("template_value", 18, _BYTES),
    ],
    "PropertyValue": [
        ("int_value", 3, _U32), ("long_value", 4, _U64), ("float_value", 5, _FLOAT), ("double_value", 6, _DOUBLE),
        ("boolean_value", 7, _BOOL), ("string_value", 8, _BYTES),
    ],
}  # fmt: skip
_REPEATED = {"metrics", "keys", "values"}


class Metric(NamedTuple):
    """As it stands in a message. `field`: which of the value's fields is set, None when none is.

    `fault`: why nothing can be made of it, whatever its type.
    """

    name: str | None
    alias: int | None
    timestamp: int | None
    datatype: int | None
    historical: bool
    transient: bool
    null: bool
    field: str | None
    value: Any
    properties: dict[str, Any]
    fault: str | None = None


class Payload(NamedTuple):
    timestamp: int | None
    seq: int | None
    metrics: list[Metric]


def parse(payload: bytes) -> Payload:
    """Raises MessageError for what is no Sparkplug B payload."""
    message = _PAYLOAD()
    try:
        message.ParseFromString(payload)
    except DecodeError:
        raise MessageError("bad_format", "the bytes are no Sparkplug B payload") from None
    if len(message.metrics) > MOST_METRICS:
        raise MessageError("bad_format", f"more than {MOST_METRICS} metrics in one message")
    return Payload(_set(message, "timestamp"), _set(message, "seq"), [_metric(metric) for metric in message.metrics])


def rebirth_command(now: int) -> bytes:
    """The payload of an NCMD that asks an edge node for its births (chapter 5.16); `now` in epoch ms."""
    message = _PAYLOAD()
    message.timestamp = now
    metric = message.metrics.add()
    metric.name, metric.timestamp, metric.datatype, metric.boolean_value = b"Node Control/Rebirth", now, 11, True
    written: bytes = message.SerializeToString()
    return written


def _metric(metric: Any) -> Metric:
    field = metric.WhichOneof("value")
    value: Any = getattr(metric, field) if field is not None else None
    name, fault = None, None
    try:
        # An empty name is as good as none.
        name = _text(metric.name) or None
        if field == "string_value":
            value = _text(value)
    except UnicodeDecodeError:
        fault = "its name or its text is no UTF-8"
    if name is not None and len(name) > LONGEST_NAME:
        name, fault = name[:LONGEST_NAME], f"its name has more than {LONGEST_NAME} characters"
    return Metric(
        name, _set(metric, "alias"), _set(metric, "timestamp"), _set(metric, "datatype"),
        metric.is_historical, metric.is_transient, metric.is_null,
        field, value, dict(_properties(metric.properties)), fault,
    )  # fmt: skip


def _properties(properties: Any) -> Iterator[tuple[str, Any]]:
    """Those with a simple value. A key or text that is no UTF-8 is left out: no reading depends on it."""
    keys, values = properties.keys, properties.values
    for at in range(min(len(keys), len(values), _MOST_PROPERTIES)):
        field = values[at].WhichOneof("value")
        if field is None or values[at].is_null:
            continue
        try:
            value = getattr(values[at], field)
            yield _text(keys[at]), _text(value) if field == "string_value" else value
        except UnicodeDecodeError:
            continue


def _text(raw: bytes) -> str:
    return raw.decode("utf-8")


def _set(message: Any, name: str) -> Any:
    return getattr(message, name) if message.HasField(name) else None


def _payload_class() -> Any:
    # A pool of its own: another library in this process may describe the same format under its own name.
    file = FileDescriptorProto(name="fieldproof/sparkplug.proto", package=_PACKAGE, syntax="proto2")
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        if name in _VALUES:
            message.oneof_decl.add(name="value")
        _describe(message, fields, of_value=False)
        _describe(message, _VALUES.get(name, []), of_value=True)
    pool = DescriptorPool()
    pool.Add(file)
    return GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Payload"))


def _describe(message: DescriptorProto, fields: list[tuple[str, int, Any]], *, of_value: bool) -> None:
    for name, number, kind in fields:
        field = message.field.add(name=name, number=number)
        field.label = field.LABEL_REPEATED if name in _REPEATED else field.LABEL_OPTIONAL
        if isinstance(kind, str):
            field.type, field.type_name = _MESSAGE, f".{_PACKAGE}.{kind}"
        else:
            field.type = kind
        if of_value:
            field.oneof_index = 0


_PAYLOAD = _payload_class()
