"""Ways to spoil what a payload says rather than how: values, keys and lists of a JSON or CBOR document."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from random import Random
from typing import Any

import cbor2

_LONGEST_LIST = 300
_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -0.0, -1, 1e308, -1e308, 5e-324, 2**31, 2**53 + 1, 2**63, 2**64, -(2**63), 10**30),
    *(1_795_428_000, 1_795_428_000_000, 1_795_428_000_000_000_000, 99_999_999_999_999),
    *("", " ", "0", "7,1", "1.234", "nan", "NaN", "---", "on", "ON", "true", "null", "0x1F", "<0.05", ">30", "23.5 °C"),
    *("2026-11-23T10:00:00Z", "2026-11-23T10:00:00", "2026-02-30T25:61:61", "9999-12-31T23:59:60Z", "0001-01-01T00:00"),
    *("\0", "ü", "\u202e", "\U0001f4a7", "a" * 700, "AAAA", "////", "=" * 9, "{point:x}", "9" * 400, "1e999"),
    *([], {}, [[]], [None], {"": None}, {"a": {"a": {"a": 1}}}, [0] * 50),
)  # fmt: skip
_KEYS = ("", "a", "time", "v", "n", "bn", "ts", "id", "0", "x_", "value", "ü", "k" * 300, "a.b", "payload", "metrics")
# Only CBOR can say these.
_NOT_FINITE = (float("nan"), float("inf"))
# How each is read and written, and values of its own.
_FORMATS: tuple[tuple[Callable[[bytes], Any], Callable[[Any], bytes], tuple[Any, ...]], ...] = (
    (json.loads, lambda content: json.dumps(content, separators=(",", ":")).encode("utf-8", "surrogatepass"), ()),
    (lambda payload: cbor2.loads(payload, max_depth=50), cbor2.dumps, _NOT_FINITE),
)

# Where a value stands: the list or object, and its position or key in it.
_Place = tuple[Any, Any]


def spoil_document(chance: Random, payload: bytes) -> bytes | None:
    """None when the payload is no document of lists and objects."""
    for read, write, more in _FORMATS:
        try:
            content = read(payload)
        except (ValueError, RecursionError, OverflowError, cbor2.CBORError):
            continue
        if not isinstance(content, list | dict):
            continue
        # At the top it has a place of its own, so that it can be replaced as a whole.
        top = [content]
        try:
            for _ in range(chance.choice((1, 1, 2, 4))):
                _spoil(chance, top, (*_VALUES, *more))
            return write(top[0])
        # What cannot be copied or written, such as a list that contains itself.
        except (ValueError, TypeError, RecursionError, OverflowError, cbor2.CBORError):
            return None
    return None


def _places(content: Any) -> list[_Place]:
    """All, outermost first; without recursion, for it may be deep."""
    found: list[_Place] = []
    waiting = [content]
    while waiting and len(found) < 2_000:
        holder = waiting.pop()
        keys = range(len(holder)) if isinstance(holder, list) else list(holder)
        for key in keys:
            found.append((holder, key))
            if isinstance(holder[key], list | dict):
                waiting.append(holder[key])
    return found


def _spoil(chance: Random, top: list[Any], values: tuple[Any, ...]) -> None:
    places = _places(top)
    if not places:
        return
    holder, key = chance.choice(places)
    other, its = chance.choice(places)
    way = chance.randrange(8)
    if way <= 2:
        holder[key] = copy.deepcopy(chance.choice(values))
    elif way == 3:
        holder[key] = copy.deepcopy(other[its])
    elif way == 4:
        del holder[key]
    elif way == 5:
        _other_key(chance, holder, key)
    elif way == 6:
        _longer(chance, holder, key)
    else:
        holder[key] = chance.choice(([holder[key]], {chance.choice(_KEYS): holder[key]}, str(holder[key])[:300]))
    if not top:
        top.append(None)


def _other_key(chance: Random, holder: Any, key: Any) -> None:
    """The same value under another key, or one more in the list."""
    if isinstance(holder, dict):
        holder[chance.choice((*_KEYS, key.upper() if isinstance(key, str) else -9))] = holder.pop(key)
    else:
        holder.insert(key, copy.deepcopy(chance.choice(_VALUES)))


def _longer(chance: Random, holder: Any, key: Any) -> None:
    value = holder[key]
    if isinstance(value, list) and value:
        holder[key] = [copy.deepcopy(item) for item in value * 40][:_LONGEST_LIST]
    elif isinstance(value, dict):
        value.update({f"k{number}": chance.choice(_VALUES[:10]) for number in range(60)})
    elif isinstance(value, str):
        holder[key] = value * chance.choice((2, 50))
    elif isinstance(value, int | float):
        holder[key] = value * chance.choice((-1, 1000, 0.001))
