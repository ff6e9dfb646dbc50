"""ESPHome: `<topic prefix>/<component type>/<component name>/state`, a plain value a topic.

https://esphome.io/components/mqtt (state_topic, topic_prefix). The prefix is the node's name unless its owner chose
one. The names of components are the owner's too, in lower case with `_` for what is no letter or digit; a profile is
for certain names and tells them by `when: {path: [name], …}`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from collector.profiles.decoder import Record, Unreadable
from collector.profiles.plain_value import PlainValueDecoder
from collector.profiles.profile import Profile

_TYPES = ("sensor", "binary_sensor", "switch")


class EsphomeDecoder(PlainValueDecoder):
    """The document is `{name, text}`: the component's name, and what it sent."""

    defaults: ClassVar[Mapping[str, Any]] = {
        "match": [{"topic": f"{{prefix}}/{type_}/{{name}}/state"} for type_ in _TYPES],
        "device_id": "{prefix}",
        "key": "{name}",
    }

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:
        return {"name": parts.get("name", ""), "text": super().read(parts, payload)}

    def records(self, profile: Profile, parts: Mapping[str, str], content: Any) -> Iterable[Record | Unreadable]:
        return super().records(profile, parts, content["text"])


DECODER = EsphomeDecoder()
