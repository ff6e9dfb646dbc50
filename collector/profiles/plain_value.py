"""What formats share that have a topic for each value, and nothing but the value in the payload.

The payload is a text: `23.5`, `23,5`, `23.5 °C`, `<0.05 mg/L`, `ON`, `nan`. It has no time, so that readings bear the
moment of receipt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from collector.errors import MessageError
from collector.profiles.decoder import Decoder, Record, Unreadable
from collector.profiles.measured import number, number_and_unit
from collector.profiles.profile import Profile

# No value is written longer, nor is a state such as `sensor not connected`.
LONGEST = 200
# UTF-8 needs at most four bytes for a character.
_MOST_BYTES = 4 * LONGEST


class PlainValueDecoder(Decoder):
    """One plain value a topic. The profile's `key` says what stands in the topic, and paths lead to that name."""

    defaults: ClassVar[Mapping[str, Any]] = {"key": "value"}

    def read(self, parts: Mapping[str, str], payload: bytes) -> Any:  # noqa: ARG002
        """The text. Raises MessageError `bad_format` when it is none, or too long for a value."""
        return plain_text(payload)

    def records(self, profile: Profile, parts: Mapping[str, str], content: Any) -> Iterable[Record | Unreadable]:
        return [value_record(profile, parts, content)]


def plain_text(payload: bytes) -> str:
    """Without the white space around it. Raises MessageError `bad_format`."""
    try:
        text = payload.decode().strip() if len(payload) <= _MOST_BYTES else None
    except UnicodeDecodeError:
        raise MessageError("bad_format", "expected a value as text, found bytes that are no UTF-8") from None
    if text is None or len(text) > LONGEST:
        raise MessageError("bad_format", f"expected one value, found a text of more than {LONGEST} characters")
    return text


def value_record(profile: Profile, parts: Mapping[str, str], text: str) -> Record:
    """The value under the name that the topic gives to it, and its unit where the text states one."""
    key = profile.name_from(profile.key, dict(parts), None)
    value, unit = _apart(text) if _may_state_a_unit(profile, key, text) else (text, None)
    return Record({key: value}, units={key: unit} if unit else None)


def _may_state_a_unit(profile: Profile, key: str, text: str) -> bool:
    """Not where the profile knows the text itself, nor where it is a word or a hexadecimal number."""
    rules = [rule for rule in profile.metrics if rule.path[0] == key]
    known = text.casefold()
    return all(rule.cast == "number" and known not in rule.words and known not in rule.states for rule in rules)


def _apart(text: str) -> tuple[str, str | None]:
    """`<0.05 mg/L` -> `<0.05` and `mg/L`; a text that is no number with a unit as it stands."""
    bound = text[:1] if text[:1] in ("<", ">") else ""
    rest = text[len(bound) :]
    found = number_and_unit(rest) if number(rest) is None else None
    return (text, None) if found is None else (f"{bound}{found[0]!r}", found[1])
