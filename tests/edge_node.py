"""An edge node whose every message a test writes itself: by the protobuf description of the public `mqtt-spb-wrapper`,
so that ours is not tested by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mqtt_spb_wrapper.spb_protobuf.sparkplug_b_pb2 import Payload

INT8, INT32, INT64, UINT32, FLOAT, DOUBLE, BOOLEAN, STRING, DATETIME, TEXT, UUID = 1, 3, 4, 7, 9, 10, 11, 12, 13, 14, 15
DATASET, BYTES, TEMPLATE, INT32_ARRAY = 16, 17, 19, 24
_FIELDS = {
    **dict.fromkeys((1, 2, 3, 5, 6), "int_value"), **dict.fromkeys((4, 7, 8, 13), "long_value"),
    FLOAT: "float_value", DOUBLE: "double_value", BOOLEAN: "boolean_value",
    **dict.fromkeys((12, 14, 15), "string_value"), **dict.fromkeys((17, 18, 24), "bytes_value"),
}  # fmt: skip
# 2026-11-23T10:00:00Z
T0 = 1_795_428_000_000

# (topic, payload)
Sent = tuple[str, bytes]


def metric(
    value: Any, datatype: int | None = DOUBLE, *, name: str | None = None, alias: int | None = None,
    at: int | None = T0, properties: Mapping[str, Any] | None = None, field: str | None = None, **flags: bool,
) -> dict[str, Any]:  # fmt: skip
    """`field`: which field holds the value; that of the type when left out. `flags`: is_null and the like."""
    return {
        "value": value, "datatype": datatype, "name": name, "alias": alias, "at": at, "properties": properties or {},
        "field": field, "flags": flags,
    }  # fmt: skip


def payload(metrics: list[dict[str, Any]], seq: int | None = None, at: int | None = T0) -> bytes:
    made = Payload()
    if at is not None:
        made.timestamp = at
    if seq is not None:
        made.seq = seq
    for one in metrics:
        _add(made.metrics.add(), one)
    return bytes(made.SerializeToString())


def _add(made: Any, one: dict[str, Any]) -> None:
    for key, value in (("name", one["name"]), ("alias", one["alias"]), ("timestamp", one["at"]), *one["flags"].items()):
        if value is not None:
            setattr(made, key, value)
    if one["datatype"] is not None:
        made.datatype = one["datatype"]
    for key, value in one["properties"].items():
        made.properties.keys.append(key)
        held = made.properties.values.add()
        setattr(held, "string_value" if isinstance(value, str) else "int_value", value)
    if one["value"] is None:
        return
    field = one["field"] or _FIELDS.get(one["datatype"] or DOUBLE)
    if field == "dataset_value":
        made.dataset_value.num_of_columns = one["value"]
    elif field == "template_value":
        made.template_value.is_definition = one["value"]
    elif field is not None:
        setattr(made, field, one["value"])


class Edge:
    """Counts its messages as the specification asks for. `lose` and `at_seq` make it break the rules."""

    def __init__(self, group: str = "plant", node: str = "plc-1", bd_seq: int = 0) -> None:
        self.group = group
        self.node = node
        self.bd_seq = bd_seq
        self.seq = 0

    def topic(self, kind: str, device: str = "") -> str:
        return "/".join(["spBv1.0", self.group, kind, self.node, *([device] if device else [])])

    def lose(self, count: int = 1) -> None:
        """Messages that never arrive."""
        self.seq = (self.seq + count) % 256

    def _next(self) -> int:
        seq, self.seq = self.seq, (self.seq + 1) % 256
        return seq

    def birth(self, *metrics: dict[str, Any], at: int = T0, bd_seq: int | None = None) -> Sent:
        self.seq = 0
        number = self.bd_seq if bd_seq is None else bd_seq
        own = [metric(number, INT64, name="bdSeq"), metric(False, BOOLEAN, name="Node Control/Rebirth")]
        return self.topic("NBIRTH"), payload([*own, *metrics], self._next(), at)

    def data(self, *metrics: dict[str, Any], at: int = T0) -> Sent:
        return self.topic("NDATA"), payload(list(metrics), self._next(), at)

    def device_birth(self, device: str, *metrics: dict[str, Any], at: int = T0) -> Sent:
        return self.topic("DBIRTH", device), payload(list(metrics), self._next(), at)

    def device_data(self, device: str, *metrics: dict[str, Any], at: int = T0) -> Sent:
        return self.topic("DDATA", device), payload(list(metrics), self._next(), at)

    def device_death(self, device: str, at: int = T0) -> Sent:
        return self.topic("DDEATH", device), payload([], self._next(), at)

    def death(self, bd_seq: int | None = None) -> Sent:
        number = self.bd_seq if bd_seq is None else bd_seq
        return self.topic("NDEATH"), payload([metric(number, INT64, name="bdSeq", at=None)], None, None)
