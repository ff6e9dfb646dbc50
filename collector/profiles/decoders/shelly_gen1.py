"""Shelly's first generation: `shellies/<model>-<id>/…`, a plain value a topic.

https://shelly-api-docs.shelly.cloud/gen1/#mqtt-support. The same topics mean different things on different models: on
an EM `emeter/1` is a second clamp somewhere, on a 3EM it is the second phase. The model stands in the device's name,
unless its owner chose one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from collector.profiles.decoder import Record, Unreadable
from collector.profiles.plain_value import PlainValueDecoder
from collector.profiles.profile import Profile

# Documents about the device itself, and whether it is connected.
_NO_VALUES = ("announce", "info", "online")


class ShellyGen1Decoder(PlainValueDecoder):
    """The document is `{model, text}`: `shellyem3` of `shellies/shellyem3-68C63AFB5856/…`, and what it sent."""

    defaults: ClassVar[Mapping[str, Any]] = {"device_id": "{device}", "key": "{what}"}

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:
        """Empty for what is no value."""
        if parts.get("what") in _NO_VALUES:
            return {}
        model = parts.get("device", "").rpartition("-")[0].lower()
        return {"model": model, "text": super().read(parts, payload)}

    def records(self, profile: Profile, parts: Mapping[str, str], content: Any) -> Iterable[Record | Unreadable]:
        return super().records(profile, parts, content["text"]) if content else ()


DECODER = ShellyGen1Decoder()
