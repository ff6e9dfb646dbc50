"""Kinds of values that more than one part of a profile's schema has."""

from __future__ import annotations

from typing import Any

from marshmallow import fields


def describe(text: str) -> dict[str, str]:
    """What the exported JSON Schema, and with it an editor, says of a key."""
    return {"description": text}


def path_field(**options: Any) -> fields.List[Any]:
    return fields.List(
        fields.Raw(), metadata=describe("keys and list positions, such as [params, 0, value]"), **options
    )


class OneOrMany(fields.List[Any]):
    """A list, or its only element without the brackets."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[Any]:
        return super()._deserialize(value if isinstance(value, list) else [value], attr, data, **options)
