"""device_configs/schema.json: the format of a profile for editors, made of the schema that profiles are loaded by.

What a key means is told by `describe(…)` in the schema, or by the tables of device_configs/README.md. Draft 7, which
editors of YAML understand best.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import fields

from collector.profiles.decoders import DECODERS
from collector.profiles.fields import OneOrMany
from collector.profiles.files import device_configs
from collector.profiles.schema import ProfileSchema
from collector.profiles.vocabulary import Vocabulary

_MADE_OF = "#/components/schemas/"
_ONE_OR_MANY = "x-one-or-many"
# Defaults that mean "left out".
_NO_DEFAULTS: tuple[Any, ...] = (None, "", [None, None])
# The tables of the README: heading, what stands before the table, and whose keys it has.
_TABLES = (
    ("## A profile, key by key", "", "Profile"),
    ("## Metrics", "", "Metric"),
    ("## Time", "", "Time"),
    ("## Bytes", "", "Block"),
    ("## Bytes", "A field:", "Field"),
)
_ROW = re.compile(r"^\| (`[^|]+`) \|[^|]*\| (.+) \|$", re.MULTILINE)


def json_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    definitions = {name: _cleaned(one) for name, one in _definitions().items()}
    _describe(definitions)
    _name_metrics(definitions, vocabulary)
    profile = definitions.pop("Profile")
    profile["properties"]["decoder"]["enum"] = sorted(DECODERS)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A device profile of Fieldproof",
        **profile,
        "required": ["schema", "id", "decoder", "examples"],
        "allOf": list(_needed(profile["required"])),
        "definitions": {**definitions, "MetricName": {"enum": sorted(vocabulary.metrics)}},
    }


def as_text(schema: dict[str, Any]) -> str:
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _definitions() -> dict[str, Any]:
    plugin = MarshmallowPlugin()
    spec = APISpec("profile", "1", "3.1.0", plugins=[plugin])
    assert plugin.converter is not None  # noqa: S101 - made by APISpec
    plugin.converter.add_attribute_function(_mark)  # type: ignore[no-untyped-call]
    spec.components.schema("Profile", schema=ProfileSchema)
    found: dict[str, Any] = spec.to_dict()["components"]["schemas"]
    return found


def _mark(_: Any, field: fields.Field[Any], **__: Any) -> dict[str, Any]:
    return {_ONE_OR_MANY: True} if isinstance(field, OneOrMany) else {}


def _cleaned(node: Any) -> Any:
    """In the words of draft 7."""
    if isinstance(node, list):
        return [_cleaned(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: _cleaned(value) for key, value in node.items() if not (key == "default" and value in _NO_DEFAULTS)}
    if "$ref" in made:
        reference = {"$ref": made.pop("$ref").replace(_MADE_OF, "#/definitions/")}
        return {**made, "allOf": [reference]} if made else reference
    if made.pop(_ONE_OR_MANY, False):
        about = {key: made.pop(key) for key in ("description", "default") if key in made}
        return {**about, "anyOf": [made["items"], made]}
    return made


def _describe(definitions: dict[str, Any]) -> None:
    for (name, key), text in _from_readme():
        if (described := definitions.get(name, {}).get("properties", {}).get(key)) is not None:
            described.setdefault("description", text)


def _from_readme() -> Iterator[tuple[tuple[str, str], str]]:
    readme = (device_configs() / "README.md").read_text(encoding="utf-8")
    for heading, before, name in _TABLES:
        table = readme.partition(f"\n{heading}\n")[2].partition(before or "| key |")[2].split("\n## ")[0]
        # The first table from there on.
        table = table[table.find("| `") :].split("\n\n")[0]
        for cell, text in _ROW.findall(table):
            for key in re.findall(r"`([^`]+)`", cell):
                owner, dot, inner = key.rpartition(".")
                yield (owner.capitalize() if dot else name, inner), _plain(text)


def _plain(text: str) -> str:
    """Without links, which lead nowhere from an editor."""
    return re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text)


def _name_metrics(definitions: dict[str, Any], vocabulary: Vocabulary) -> None:
    name = {"$ref": "#/definitions/MetricName"}
    metric = definitions["Metric"]["properties"]["name"]
    metric["allOf"] = [name]
    metric.pop("pattern", None)
    definitions["Limit"]["properties"]["metric"]["allOf"] = [name]
    for listing in ("Quality", "Calibration"):
        definitions[listing]["properties"]["metrics"]["items"] = name
    known = ", ".join(sorted({one.unit for one in vocabulary.metrics.values()}))
    definitions["Metric"]["properties"]["unit"]["examples"] = known.split(", ")


def _needed(required: list[str]) -> Iterator[dict[str, Any]]:
    """What a profile must bring, unless its decoder does."""
    for key in sorted(set(required) - {"schema", "id", "decoder", "examples"}):
        without = sorted(name for name, decoder in DECODERS.items() if key not in decoder.defaults)
        yield {"if": {"properties": {"decoder": {"enum": without}}}, "then": {"required": [key]}}
